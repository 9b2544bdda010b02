// A database operation is a generator that yields statements and receives their rows. So the same code serves SQLite, whose
// worker runs it synchronously, and PostgreSQL, whose driver awaits each statement. Parameters are written `?`, and numbers
// are integers. The Dialect holds the SQL that differs between the two back ends.

export type Param = string | number | null | Uint8Array;
export type Row = Record<string, unknown>;

/** `params` means one execution; `rows` means one insert per row, which may be sent as a single statement. */
export type Statement =
  | { readonly sql: string; readonly params: readonly Param[] }
  | { readonly sql: string; readonly rows: readonly (readonly Param[])[] };

export type Operation<T> = Generator<Statement, T, Row[]>;

export interface Dialect {
  readonly serial: string;
  readonly bytes: string;
  /** Table option: rows are stored in the B-tree of the primary key. */
  readonly clustered: string;
  /** The elements of a JSON array that is one parameter, as in `id in ${list}`: `list` for texts, `numbers` for integers. */
  readonly list: string;
  readonly numbers: string;
  readonly forUpdate: string;
  readonly skipLocked: string;
  readonly nextFence: string;
  /** The function that gives the position of one text in another, from 1. */
  readonly position: string;
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
  position: 'instr',
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
  position: 'strpos',
};

export function* query<R>(sql: string, ...params: Param[]): Operation<R[]> {
  return (yield { sql, params }) as R[];
}

export function* queryOne<R>(sql: string, ...params: Param[]): Operation<R | null> {
  const rows = yield { sql, params };
  return (rows[0] as R | undefined) ?? null;
}

/** Runs the `insert … values (…)` once per row and returns the returned rows. Without rows it sends no statement. */
export function* insertEach<R>(sql: string, rows: readonly (readonly Param[])[]): Operation<R[]> {
  return rows.length === 0 ? [] : ((yield { sql, rows }) as R[]);
}

/** Groups the items by key; the order within each group is kept. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
