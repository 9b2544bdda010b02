// The tables, as numbered steps: a database at version n runs the steps after n, in order, each in one transaction.
// A step that was ever released is never edited. Refuses a database that a later gateway has written.
import { GatewayError } from '../../core/errors.ts';
import { type Dialect, type Operation, query, queryOne } from './operation.ts';

type Step = (dialect: Dialect) => readonly string[];

/**
 * A row of `lane` exists while the lane has a waiting task or is leased. `ready_at` is when it can next be claimed: its
 * first task's due time, or the end of its lease. It may be too early, never too late. Fences come from one counter, so
 * that a lane's row can go and come back and no old lease fits.
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

/** Whom an organizer has mailed ever, and since when: what quotas count. */
const recipients: readonly string[] = [
  `create table recipient (
     organizer_key text not null, recipient_key text not null, first_mailed_at bigint not null,
     primary key (organizer_key, recipient_key))`,
  `create index recipient_new on recipient (organizer_key, first_mailed_at)`,
  `insert into recipient (organizer_key, recipient_key, first_mailed_at)
     select organizer_key, recipient_key, min(mailed_at) from mailing group by organizer_key, recipient_key`,
];

/** Who is away that a task waits for. */
const waitsFor: readonly string[] = [
  `alter table task add column waits_for text`,
  `create index task_waits_for on task (waits_for, seq) where state = 'waiting' and waits_for is not null`,
];

/** What the event's SEQUENCE was when an answer was written into it. */
const eventSequence: readonly string[] = [`alter table applied add column event_sequence bigint`];

/** Step n brings a database of version n to the next. */
export const steps: readonly Step[] = [
  (dialect) => [...first(dialect), ...(dialect.nextFence.startsWith('select') ? postgresFence : sqliteFence)],
  () => recipients,
  () => waitsFor,
  () => eventSequence,
];

/** The version this gateway writes. */
export const schemaVersion = steps.length;

/**
 * Runs the steps that the database lacks, within the caller's transaction. Gives the version it found.
 * Throws `spool-unavailable` where a later gateway has been here.
 */
export function* migrate(dialect: Dialect, wanted = steps): Operation<number> {
  yield* query('create table if not exists schema_version (version bigint not null)');
  const found = (yield* queryOne<{ version: number }>('select version from schema_version'))?.version ?? 0;
  if (found > wanted.length) throw foreignVersion(found);
  if (found === 0) yield* query('insert into schema_version values (0)');
  for (const step of wanted.slice(found)) {
    for (const sql of step(dialect)) yield* query(sql);
  }
  if (found < wanted.length) yield* query('update schema_version set version = ?', wanted.length);
  return found;
}

/** What a visitor hears who comes before the gateway. */
export const noTablesYet = 'the database has no tables yet: the gateway makes them when it starts';

/** For a visitor, who changes no tables. Throws `spool-unavailable` where they are not this gateway's. */
export function* checkVersion(): Operation<void> {
  const found = (yield* queryOne<{ version: number }>('select version from schema_version'))?.version ?? 0;
  if (found > schemaVersion) throw foreignVersion(found);
  if (found < schemaVersion) {
    const message = `the database has schema ${found}: the gateway brings it to ${schemaVersion} when it starts`;
    throw new GatewayError('spool-unavailable', message);
  }
}

function foreignVersion(found: number): GatewayError {
  const message = `the database has schema ${found}, this gateway knows ${schemaVersion}: another version wrote it`;
  return new GatewayError('spool-unavailable', message);
}
