// Runs operations on a PostgreSQL connection and interprets its errors. In: a connection and an operation; out: its result,
// with 64-bit integers as numbers. Placeholders `?` become `$1`, and inserts of many rows become one statement. It refuses
// nothing itself.
import { type ClientBase, type ClientConfig, DatabaseError, types } from 'pg';
import { GatewayError } from '../../core/errors.ts';
import type { Operation, Param, Row, Statement } from './operation.ts';

/** The protocol allows 65,535 parameters per statement. */
const maxParams = 60_000;
const int8 = 20;

/** Parses 64-bit integers as numbers, which is safe because ours are times and counts. */
export const typeParsers: NonNullable<ClientConfig['types']> = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};

/** Runs an operation's statements one after the other on one connection. The caller controls the transaction. */
export async function drive<T>(client: ClientBase, operation: Operation<T>): Promise<T> {
  let rows: Row[] = [];
  for (;;) {
    const step = operation.next(rows);
    if (step.done) return step.value;
    rows = [];
    for (const { text, values } of statementsOf(step.value)) {
      const result = await client.query<Row>({ text, values: values.map(asValue) });
      rows = rows.concat(result.rows);
    }
  }
}

interface Numbered {
  readonly text: string;
  readonly values: readonly Param[];
}

/** Combines an insert of many rows into as few statements as the protocol allows. */
function statementsOf(statement: Statement): Numbered[] {
  if ('params' in statement) return [{ text: numbered(statement.sql), values: statement.params }];
  const { sql, rows } = statement;
  const perStatement = Math.floor(maxParams / (rows[0]?.length || 1));
  const parts: Numbered[] = [];
  for (let start = 0; start < rows.length; start += perStatement) {
    const part = rows.slice(start, start + perStatement);
    const many = sql.replace(/values (\([^)]*\))/, (_, tuple: string) => `values ${part.map(() => tuple).join(', ')}`);
    parts.push({ text: numbered(many), values: part.flat() });
  }
  return parts;
}

const numberedCache = new Map<string, string>();

function numbered(sql: string): string {
  const cached = numberedCache.get(sql);
  if (cached !== undefined) return cached;
  let count = 0;
  const text = sql.replaceAll('?', () => `$${(count += 1)}`);
  if (sql.length < 2000) numberedCache.set(sql, text);
  return text;
}

/** Replaces NUL characters and drops fractions, because PostgreSQL's text and bigint columns cannot store them. */
function asValue(param: Param): unknown {
  if (typeof param === 'string') return param.includes('\0') ? param.replaceAll('\0', '\u{fffd}') : param;
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength);
  return typeof param === 'number' ? Math.floor(param) : param;
}

/** Returns whether the server refused a statement, after which the connection is still usable. Any other error breaks it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}

/**
 * Returns whether the transaction may succeed when retried: a serialization failure, a deadlock, or a foreign key violation
 * because the calendar was pruned at the same time.
 */
export function isConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '40001' || code === '40P01' || code === '23503';
}

/** Turns an error of PostgreSQL or of the connection into a GatewayError. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { code = '', message } = error as { code?: string; message?: string };
  if (code === '53100')
    return new GatewayError('spool-full', 'the disk of the database is full', { temporary: true, cause: error });
  // Classes 22, 23 and 42: the values or the statement are wrong, so a retry would fail as well.
  if (/^(?:22|23|42)...$/.test(code)) {
    return new GatewayError('internal', `the database refused a statement: ${message}`, { cause: error });
  }
  return new GatewayError('spool-unavailable', `the database failed: ${message}`, { temporary: true, cause: error });
}
