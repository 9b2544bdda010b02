// Writes and reads task bodies of every kind. `recordTask` turns a record into a task, `readRecord` turns a task back
// into its record; both validate. Callers never build a lane or a ledger entry by hand. Pure.
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import type { ReasonFor, Verdict } from '../../core/reasons.ts';
import type { LedgerWrite, NewEntry, NewTask, QueueName, Task } from '../ports/spool.ts';
import { answer } from './answer.ts';
import { delegation } from './delegation.ts';
import { notice } from './notice.ts';
import { outgoing } from './outgoing.ts';
import type { Origin } from './parts.ts';
import { proposal } from './proposal.ts';
import { question } from './question.ts';
import { receivedMail } from './received-mail.ts';
import { type CopyKey, joinKey, noSubject, type OldBody, type RecordKind, type Subject } from './record-kind.ts';
import { refresh } from './refresh.ts';
import { scheduleMessage } from './schedule-message.ts';
import { undeliverable } from './undeliverable.ts';
import { verify } from './verify.ts';

/** Each kind by its name, which is also in the body. The types of records follow from their schemas. */
export const kinds = {
  mail: receivedMail,
  answer,
  verify,
  proposal,
  delegation,
  refresh,
  undeliverable,
  notice,
  question,
  'schedule-message': scheduleMessage,
  outgoing,
};

export type Kind = keyof typeof kinds;
export type AnyRecord = { [K in Kind]: Readonly<z.infer<(typeof kinds)[K]['schema']>> }[Kind];
export type RecordOf<K extends Kind> = Extract<AnyRecord, { readonly kind: K }>;

/** The kinds of record in a queue. */
export type KindIn<Q extends QueueName> = {
  [K in Kind]: (typeof kinds)[K]['queue'] extends Q ? K : never;
}[Kind];

/** The lane of a record of the queue `event` is a copy. */
export type EventKind = KindIn<'event'>;
export type EventRecord = RecordOf<EventKind>;

/** A task with its parsed body. */
export type Job<K extends Kind = Kind> = JobWith<RecordOf<K>>;

/** Generic over the body, so that a job of one kind is also a job of every union that includes this kind. */
interface JobWith<Body extends AnyRecord> {
  readonly task: Task;
  readonly body: Body;
}

/** The table is typed by kind; only this look-up needs a cast. */
function kindOf<Body extends AnyRecord>({ kind }: Body): RecordKind<Body> {
  return kinds[kind] as unknown as RecordKind<Body>;
}

export interface TaskFacts {
  readonly id: string;
  /** ms since 1970. */
  readonly createdAt: number;
  /** ms since 1970; absent: at once. */
  readonly dueAt?: number;
  /** The bytes of a mail. */
  readonly raw?: Uint8Array | null;
}

/** A record to add as a task. Absent facts: a new id, created now, due at once. */
export type NewRecord = { readonly body: AnyRecord } & Readonly<Partial<TaskFacts>>;

/**
 * Returns the task that carries this record. No task is made in any other way.
 * @throws GatewayError `internal` if the body does not match its schema
 */
export function recordTask(body: AnyRecord, { id, createdAt, dueAt, raw }: TaskFacts): NewTask {
  const { queue } = kindOf(body);
  const valid = validate(body);
  return {
    id,
    queue,
    lane: laneOf(valid, id),
    body: recordBody(valid),
    raw: raw ?? null,
    // Many recipients share one calendar, so the spool stores it once, outside the body.
    calendar: 'calendar' in valid ? valid.calendar : null,
    createdAt,
    dueAt: dueAt ?? createdAt,
  };
}

function laneOf(body: AnyRecord, id: string): string {
  const definition = kindOf(body);
  return definition.queue === 'event' ? copyLane(definition.copy(body)) : definition.lane(body, id);
}

/** The lane of a copy. One process at a time works on it. */
export function copyLane({ owner, uid }: CopyKey): string {
  return joinKey(owner.key, uid);
}

/** The copy that a record of the queue `event` is about. */
export function copyOf(body: EventRecord): CopyKey {
  const definition = kindOf(body);
  if (definition.queue !== 'event') throw new GatewayError('internal', `a record of kind ${body.kind} has no copy`);
  return definition.copy(body);
}

/** Returns the body as JSON, without the calendar, which the spool stores separately. */
export function recordBody(body: AnyRecord): string {
  const { calendar: _, ...rest } = { calendar: null, ...validate(body) };
  return JSON.stringify({ version: kindOf(body).version, ...rest });
}

function validate<Body extends AnyRecord>(body: Body): Body {
  const parsed = kindOf(body).schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new GatewayError('internal', `a record of kind ${body.kind} is not valid: ${pathsOf(parsed.error)}`);
}

export type ReadRecord =
  | { readonly kind: 'record'; readonly body: AnyRecord }
  /** A later version of the gateway wrote it; this version must not change it. */
  | { readonly kind: 'newer'; readonly what: string; readonly version: number }
  /** `why` names the path of each invalid field and what is wrong with it. */
  | { readonly kind: 'unreadable'; readonly why: string };

type StoredTask = Pick<Task, 'body' | 'calendar'>;

/** Returns the record that a task carries, upgraded to the current version. */
export function readRecord(task: StoredTask): ReadRecord {
  let stored: OldBody;
  try {
    stored = z.record(z.string(), z.unknown()).parse(JSON.parse(task.body));
  } catch {
    return { kind: 'unreadable', why: 'the body is not a JSON object' };
  }
  const { version = 1, ...fields } = stored;
  const { kind } = fields;
  if (!isVersion(version)) return { kind: 'unreadable', why: 'version: not a positive integer' };
  if (typeof kind !== 'string') return { kind: 'unreadable', why: 'kind: not a string' };
  const found = findKind(kind);
  if (found === undefined) {
    const what = kind.slice(0, MAX_SHOWN);
    // Version 0.1 wrote no version field, and all its kinds are listed here; so a later gateway wrote this record.
    if ('version' in stored) return { kind: 'newer', what, version };
    return { kind: 'unreadable', why: `kind: ${JSON.stringify(what)} is not known` };
  }
  const [what, definition] = found;
  if (version > definition.version) return { kind: 'newer', what, version };
  const withCalendar = { ...fields, calendar: task.calendar ?? null };
  const current = (definition.upgrade ?? [])
    .slice(version - 1)
    .reduce((body: OldBody, step) => step(body), withCalendar);
  const parsed = definition.schema.safeParse(current);
  if (parsed.success) return { kind: 'record', body: parsed.data };
  return { kind: 'unreadable', why: pathsOf(parsed.error) };
}

/** How much of an unknown kind the ledger shows. */
const MAX_SHOWN = 100;
/** How many invalid fields the ledger names. */
const MAX_ISSUES = 5;

function isVersion(version: unknown): version is number {
  return Number.isSafeInteger(version) && Number(version) >= 1;
}

/** Finds a kind by its present or its former name. */
function findKind(name: string): readonly [kind: string, definition: RecordKind<AnyRecord>] | undefined {
  const definitions = Object.entries(kinds) as unknown as [string, RecordKind<AnyRecord>][];
  return definitions.find(([kind, { formerKind }]) => kind === name || formerKind === name);
}

/** For example `answer.attendee.key: Invalid input: expected string, received undefined`. */
function pathsOf({ issues }: z.ZodError): string {
  const texts = issues.slice(0, MAX_ISSUES).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return [...texts, ...(issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : [])].join('; ');
}

/** Returns the record if it is of one of these kinds, else null. */
export function recordOf<K extends Kind>(task: Task, ...wanted: readonly K[]): Job<K> | null {
  const read = readRecord(task);
  if (read.kind !== 'record' || !(wanted as readonly Kind[]).includes(read.body.kind)) return null;
  return { task, body: read.body as RecordOf<K> };
}

/** Describes a task for the ledger and the operator. An unreadable task has no subject. */
export function describeTask(task: StoredTask & Pick<Task, 'id'>): {
  /** null: the body is unreadable or of a newer version. */
  readonly body: AnyRecord | null;
  readonly kind: string;
  readonly origin: Origin;
  readonly subject: Subject;
  readonly text: string;
} {
  // The operator's lists come without calendars; an empty text satisfies the schemas.
  const read = readRecord({ body: task.body, calendar: task.calendar ?? '' });
  if (read.kind === 'record') {
    const { body } = read;
    const { subject, text } = kindOf(body);
    return { body, kind: body.kind, origin: originOf(body, task.id), subject: subject(body), text: text(body) };
  }
  const what = read.kind === 'newer' ? read.what : 'unreadable';
  const origin = { recordId: task.id, door: 'unknown', messageId: null };
  return { body: null, kind: what, origin, subject: noSubject, text: `record of kind ${what}` };
}

type EntryFacts<V extends Verdict> = { readonly verdict: V; readonly reason: ReasonFor<V> } & Pick<
  NewEntry,
  'at' | 'detail'
> &
  Partial<NewEntry>;

/** `id`: the id of the task. A record without an external cause is the first of its chain. */
export function originOf(body: AnyRecord, id: string): Origin {
  const own = 'origin' in body ? body.origin : { recordId: id, door: 'gateway', messageId: null };
  return kindOf(body).origin?.(body, id) ?? own;
}

/** Returns the ledger entry about a record. A field in `facts` replaces the one from the body. */
export function entryAbout<V extends Verdict>({ task, body }: Job, facts: EntryFacts<V>): LedgerWrite {
  const subject = kindOf(body).subject(body);
  return { kind: 'entry', entry: { taskId: task.id, ...originOf(body, task.id), ...subject, ...facts } };
}

/** Returns the ledger entry about any task, including an unreadable one. */
export function entryAboutTask<V extends Verdict>(
  task: StoredTask & Pick<Task, 'id'>,
  facts: EntryFacts<V>,
): LedgerWrite {
  const { origin, subject } = describeTask(task);
  return { kind: 'entry', entry: { taskId: task.id, ...origin, ...subject, ...facts } };
}

export function isOfQueue(body: AnyRecord, queue: QueueName): boolean {
  return kindOf(body).queue === queue;
}
