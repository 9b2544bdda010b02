// A database operation as a generator: it yields statements and is handed their rows. So one text serves SQLite, whose
// worker drives it at once, and PostgreSQL, whose driver awaits each statement. Parameters stand as `?`; every number is
// whole. What the two back ends say differently is in the Dialect.

export type Param = string | number | null | Uint8Array;
export type Row = Record<string, unknown>;

/** `params`: one execution. `rows`: an insert for each, which may be sent as one. */
export type Statement =
  | { readonly sql: string; readonly params: readonly Param[] }
  | { readonly sql: string; readonly rows: readonly (readonly Param[])[] };

export type Operation<T> = Generator<Statement, T, Row[]>;

export interface Dialect {
  readonly serial: string;
  readonly bytes: string;
  /** Table option: rows live in the primary key's tree. */
  readonly clustered: string;
  /** The texts, or whole numbers, of a JSON array given as one parameter: `id in ${list}`. */
  readonly list: string;
  readonly numbers: string;
  readonly forUpdate: string;
  readonly skipLocked: string;
  readonly nextFence: string;
}

export const sqliteDialect: Dialect = {
  serial: 'integer primary key',
  bytes: 'blob',
  clustered: ' without rowid',
  list: '(select value from json_each(?))',
  numbers: '(select value from json_each(?))',
  forUpdate: '',
  skipLocked: '',
  nextFence: 'update fence set value = value + 1 returning value',
};

export const postgresDialect: Dialect = {
  serial: 'bigint generated always as identity primary key',
  bytes: 'bytea',
  clustered: '',
  list: '(select json_array_elements_text(?::json))',
  numbers: '(select json_array_elements_text(?::json)::bigint)',
  forUpdate: ' for update',
  skipLocked: ' for update skip locked',
  nextFence: `select nextval('fence_value') as value`,
};

export function* query<R>(sql: string, ...params: Param[]): Operation<R[]> {
  return (yield { sql, params }) as R[];
}

export function* queryOne<R>(sql: string, ...params: Param[]): Operation<R | null> {
  const rows = yield { sql, params };
  return (rows[0] as R | undefined) ?? null;
}

/** The same `insert … values (…)` for each row of parameters, with what they return. No row, no statement. */
export function* insertEach<R>(sql: string, rows: readonly (readonly Param[])[]): Operation<R[]> {
  return rows.length === 0 ? [] : ((yield { sql, rows }) as R[]);
}

/** Items that agree in `key`, each group in order. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
