// The tables, as numbered steps. In: a database at version n; out: the same database after the steps that follow n. A
// released step is never edited. It refuses a database that a newer gateway has written.
import { GatewayError } from '../../core/errors.ts';
import { type Dialect, type Operation, query, queryOne } from './operation.ts';

type Step = (dialect: Dialect) => readonly string[];

/**
 * A row of `lane` exists while the lane has a waiting task or is leased. `ready_at` is the time when it can next be claimed:
 * the due time of its first task, or the end of its lease. It may be too early, never too late. Fencing tokens come from one
 * counter, so that no old lease matches after a lane's row has been deleted and inserted again.
 */
const first: Step = ({ serial, bytes, clustered }) => [
  `create table calendar (digest text not null primary key, text text not null)`,
  `create table task (
     seq ${serial}, id text not null unique, queue text not null, lane text not null, state text not null,
     body text not null, due_at bigint not null, created_at bigint not null, attempts bigint not null,
     last_error text, hold_key text, ended_at bigint, calendar_digest text references calendar (digest))`,
  `create index task_calendar on task (calendar_digest) where calendar_digest is not null`,
  `create index task_waiting on task (queue, lane, seq, due_at, created_at) where state = 'waiting'`,
  `create index task_held on task (hold_key, seq) where state = 'held'`,
  `create index task_done on task (ended_at) where state = 'done'`,
  `create table task_raw (task bigint not null primary key, bytes ${bytes} not null)`,
  `create table lane (
     queue text not null, name text not null, fence bigint not null, leased bigint not null, ready_at bigint not null,
     primary key (queue, name))${clustered}`,
  `create index lane_ready on lane (queue, ready_at)`,
  `create table entry (
     seq ${serial}, at bigint not null, task_id text not null, record_id text not null, door text not null,
     message_id text, organizer text, uid text, recurrence_id text, attendee text,
     verdict text not null, reason text not null, detail text not null)`,
  `create table entry_subject (subject text not null, entry bigint not null, primary key (subject, entry))${clustered}`,
  `create table event (
     organizer_key text not null, uid text not null, href text, primary key (organizer_key, uid))${clustered}`,
  `create table applied (
     organizer_key text not null, uid text not null, attendee_key text not null, recurrence_id text not null,
     sequence bigint, sent_at bigint not null, partstat text not null, content text not null,
     primary key (organizer_key, uid, attendee_key, recurrence_id))${clustered}`,
  `create table mailing (
     seq ${serial}, message_id text not null unique, organizer_key text not null, uid text not null,
     recipient_key text not null, recurrence_id text, method text not null, sequence bigint not null,
     mailed_at bigint not null, schedule_fingerprint text not null, fingerprint text not null,
     organizer_as_mailed text not null, calendar_digest text not null)`,
  `create index mailing_calendar on mailing (calendar_digest)`,
  `create index mailing_event on mailing (organizer_key, uid, recipient_key, seq)`,
  `create table reply_pair (
     id text not null primary key, organizer_key text not null, organizer text not null, attendee_key text not null,
     attendee text not null)${clustered}`,
  `create table alias (
     organizer_key text not null, attendee_key text not null, alias text not null,
     primary key (organizer_key, attendee_key, alias))${clustered}`,
  `create table suppression (
     organizer_key text not null, recipient_key text not null, reason text not null, at bigint not null,
     primary key (organizer_key, recipient_key))${clustered}`,
  `create table mark (mark text not null primary key, at bigint not null)${clustered}`,
  `create index mark_at on mark (at)`,
  `create table probe (id bigint not null primary key, value bigint not null)`,
];

const sqliteFence: readonly string[] = [`create table fence (value bigint not null)`, `insert into fence values (0)`];
const postgresFence: readonly string[] = [`create sequence fence_value`];

/** One row for each recipient of an organizer, with the time of the first mail; quotas count these rows. */
const recipients: readonly string[] = [
  `create table recipient (
     organizer_key text not null, recipient_key text not null, first_mailed_at bigint not null,
     primary key (organizer_key, recipient_key))`,
  `create index recipient_new on recipient (organizer_key, first_mailed_at)`,
  `insert into recipient (organizer_key, recipient_key, first_mailed_at)
     select organizer_key, recipient_key, min(mailed_at) from mailing group by organizer_key, recipient_key`,
];

/** The unavailable server that a task waits for. */
const waitsFor: readonly string[] = [
  `alter table task add column waits_for text`,
  `create index task_waits_for on task (waits_for, seq) where state = 'waiting' and waits_for is not null`,
];

/** The event's SEQUENCE at the time when an answer was written into it. */
const eventSequence: readonly string[] = [`alter table applied add column event_sequence bigint`];

/**
 * Copies are keyed by their owner, who is the organizer or, for a REPLY, the attendee. Mailings are keyed by our own mail
 * id, so that one Message-ID may belong to several recipients.
 */
const owners: Step = ({ serial, position }) => [
  ...['event', 'applied', 'suppression', 'recipient'].map(
    (table) => `alter table ${table} rename column organizer_key to owner_key`,
  ),
  `create table mailing_by_id (
     seq ${serial}, id text not null unique, message_id text not null, owner_key text not null, uid text not null,
     recipient_key text not null, recurrence_id text, method text not null, sequence bigint not null,
     mailed_at bigint not null, schedule_fingerprint text not null, fingerprint text not null,
     organizer_as_mailed text not null, calendar_digest text not null)`,
  `insert into mailing_by_id (id, message_id, owner_key, uid, recipient_key, recurrence_id, method, sequence, mailed_at,
       schedule_fingerprint, fingerprint, organizer_as_mailed, calendar_digest)
     select substr(message_id, 2, ${position}(message_id, '@') - 2), message_id, organizer_key, uid, recipient_key,
       recurrence_id, method, sequence, mailed_at, schedule_fingerprint, fingerprint, organizer_as_mailed,
       calendar_digest
     from mailing order by seq`,
  `drop table mailing`,
  `alter table mailing_by_id rename to mailing`,
  `create index mailing_calendar on mailing (calendar_digest)`,
  `create index mailing_copy on mailing (owner_key, uid, recipient_key, seq)`,
];

/** Questions to an owner leave the queue `event`, where they had the lane of an event with an empty UID. */
const wasQuestion = `queue = 'event' and body like '%"kind":"held-notice"%' and lane like '%\u001f'`;
const questions: readonly string[] = [
  `insert into lane (queue, name, fence, leased, ready_at)
     select 'question', substr(lane, 1, length(lane) - 1), 0, 0, min(due_at) from task
     where state = 'waiting' and ${wasQuestion} group by lane`,
  `delete from lane where queue = 'event' and name like '%\u001f'`,
  `update task set queue = 'question', lane = substr(lane, 1, length(lane) - 1) where ${wasQuestion}`,
];

/**
 * DTSTAMP and SEQUENCE of each mail. `raised` is JSON, null if the mail has the SEQUENCEs of its calendar. Earlier versions
 * mailed DTSTAMP as the CalDAV server had posted it.
 */
const stamps: readonly string[] = [
  `alter table mailing add column raised text`,
  `alter table mailing add column stamped_at bigint`,
  `update mailing set stamped_at = mailed_at`,
];

/** Step n migrates a database from version n to version n + 1. */
export const steps: readonly Step[] = [
  (dialect) => [...first(dialect), ...(dialect.nextFence.startsWith('select') ? postgresFence : sqliteFence)],
  () => recipients,
  () => waitsFor,
  () => eventSequence,
  owners,
  () => questions,
  () => [`alter table applied add column schedule text`],
  () => stamps,
];

/** The version that this gateway writes. */
export const schemaVersion = steps.length;

/**
 * Runs the missing steps in the caller's transaction and returns the version that it found. Throws `spool-unavailable` if
 * a newer gateway has written the database.
 */
export function* migrate(dialect: Dialect, wanted = steps): Operation<number> {
  yield* query('create table if not exists schema_version (version bigint not null)');
  const found = (yield* queryOne<{ version: number }>('select version from schema_version'))?.version ?? 0;
  if (found > wanted.length) throw newerVersion(found);
  if (found === 0) yield* query('insert into schema_version values (0)');
  for (const step of wanted.slice(found)) {
    for (const sql of step(dialect)) yield* query(sql);
  }
  if (found < wanted.length) yield* query('update schema_version set version = ?', wanted.length);
  return found;
}

/** The error of a secondary process that opens the database before the gateway's first start. */
export const noTablesMessage = 'the database has no tables yet: start the gateway, which creates them';

/** For a secondary process, which must not migrate. Throws `spool-unavailable` if the tables have another version. */
export function* checkVersion(): Operation<void> {
  const found = (yield* queryOne<{ version: number }>('select version from schema_version'))?.version ?? 0;
  if (found > schemaVersion) throw newerVersion(found);
  if (found < schemaVersion) {
    const message = `the database has schema version ${found}: start the gateway, which migrates it to ${schemaVersion}`;
    throw new GatewayError('spool-unavailable', message);
  }
}

function newerVersion(found: number): GatewayError {
  const message = `the database has schema version ${found} of a newer gateway: this one supports at most ${schemaVersion}`;
  return new GatewayError('spool-unavailable', message);
}
