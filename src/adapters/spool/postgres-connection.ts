// PostgreSQL's ways: placeholders, several rows in one statement, integers as numbers, and what its errors mean.
import { type ClientBase, type ClientConfig, DatabaseError, types } from 'pg';
import { GatewayError } from '../../core/errors.ts';
import type { Operation, Param, Row, Statement } from './operation.ts';

/** The protocol counts a statement's parameters in 16 bits. */
const maxParams = 60_000;
const int8 = 20;

/** Whole numbers of 64 bits come as numbers: all of ours are times and counts. */
export const typeParsers: NonNullable<ClientConfig['types']> = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};

/** Runs an operation's statements one after the other on one connection; the caller has begun the transaction. */
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

/** An insert of many rows goes out as one statement, as far as the protocol lets it. */
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

const known = new Map<string, string>();

function numbered(sql: string): string {
  const cached = known.get(sql);
  if (cached !== undefined) return cached;
  let count = 0;
  const text = sql.replaceAll('?', () => `$${(count += 1)}`);
  if (sql.length < 2000) known.set(sql, text);
  return text;
}

/** PostgreSQL's text holds no NUL and its integers no fraction. */
function asValue(param: Param): unknown {
  if (typeof param === 'string') return param.includes('\0') ? param.replaceAll('\0', '\u{fffd}') : param;
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength);
  return typeof param === 'number' ? Math.floor(param) : param;
}

/** The server refused a statement and the connection goes on; anything else broke it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}

/** Serialization failure, deadlock, a calendar pruned just then: the same transaction may pass when tried again. */
export function isConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '40001' || code === '40P01' || code === '23503';
}

/** What PostgreSQL or the connection threw, as the gateway's own error. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { code = '', message } = error as { code?: string; message?: string };
  if (code === '53100')
    return new GatewayError('spool-full', 'no room for the database', { temporary: true, cause: error });
  // Classes 22, 23 and 42: the values or the statement are at fault, and will be the next time.
  if (/^(?:22|23|42)...$/.test(code)) {
    return new GatewayError('internal', `the database refused a statement: ${message}`, { cause: error });
  }
  return new GatewayError('spool-unavailable', `the database failed: ${message}`, { temporary: true, cause: error });
}
