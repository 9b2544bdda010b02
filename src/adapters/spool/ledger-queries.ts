// The ledger's SQL for both back ends. In: ledger writes, which are part of the spool's transactions, and look-ups; out:
// entries, mailings and the context of an event. A calendar text is stored once for all its recipients. A recurrenceId that
// is part of a primary key is stored as '' if it is null. It refuses nothing.
import { createHash } from 'node:crypto';
import { type Dialect, insertEach, type Operation, type Param, query, queryOne } from './operation.ts';
import type { CopyPlace, LedgerEntry, LedgerWrite, Mailing, ReplyPair } from '../../flow/ports/spool.ts';
import { memoizeText } from '../../core/ical/memoize-text.ts';
import type { AppliedAnswer } from '../../core/itip/types.ts';

type WriteOf<K extends LedgerWrite['kind']> = Extract<LedgerWrite, { kind: K }>;

export function* writeLedger(writes: readonly LedgerWrite[]): Operation<void> {
  if (writes.length === 0) return;
  const of = <K extends LedgerWrite['kind']>(kind: K): WriteOf<K>[] =>
    writes.filter((write): write is WriteOf<K> => write.kind === kind);
  yield* writeEntries(of('entry').map(({ entry }) => entry));
  yield* writeApplied(of('applied'));
  yield* writeMailings(of('mailing').map(({ mailing }) => mailing));
  yield* insertEach(
    `insert into reply_pair (id, organizer_key, organizer, attendee_key, attendee)
     values (?, ?, ?, ?, ?) on conflict (id) do nothing`,
    of('reply-pair').map(({ pair: { id, organizer, attendee } }): Param[] => [
      id,
      organizer.key,
      organizer.asWritten,
      attendee.key,
      attendee.asWritten,
    ]),
  );
  yield* insertEach(
    'insert into alias (organizer_key, attendee_key, alias) values (?, ?, ?) on conflict do nothing',
    of('alias').map(({ organizerKey, attendeeKey, alias }) => [organizerKey, attendeeKey, alias]),
  );
  yield* insertEach(
    'insert into mark (mark, at) values (?, ?) on conflict do nothing',
    of('mark').map(({ mark, at }) => [mark, at]),
  );
  for (const write of writes) yield* writeInOrder(write);
}

/** These writes may replace each other, so they run in the given order. */
function* writeInOrder(write: LedgerWrite): Operation<void> {
  if (write.kind === 'place') {
    const { ownerKey, uid, href } = write.place;
    const sql = `insert into event (owner_key, uid, href) values (?, ?, ?)
      on conflict (owner_key, uid) do update set href = excluded.href`;
    yield* query(sql, ownerKey, uid, href);
  }
  if (write.kind === 'suppress') {
    const { ownerKey, recipientKey, reason, at } = write;
    const sql = `insert into suppression (owner_key, recipient_key, reason, at) values (?, ?, ?, ?)
      on conflict (owner_key, recipient_key) do update set reason = excluded.reason, at = excluded.at`;
    yield* query(sql, ownerKey, recipientKey, reason, at);
  }
  if (write.kind === 'unsuppress') {
    const { ownerKey, recipientKey } = write;
    const sql = 'delete from suppression where owner_key = ? and recipient_key = ?';
    yield* query(sql, ownerKey, recipientKey);
  }
}

/** Writes the entries and one row per subject, so that a look-up by any subject reads only its own entries, newest first. */
function* writeEntries(list: readonly LedgerEntry[]): Operation<void> {
  const rows = yield* insertEach<{ seq: number }>(
    `insert into entry (at, task_id, record_id, door, message_id, organizer, uid, recurrence_id, attendee, verdict,
       reason, detail)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning seq`,
    list.map((entry): Param[] => [
      entry.at,
      entry.taskId,
      entry.recordId,
      entry.door,
      entry.messageId,
      entry.organizer,
      entry.uid,
      entry.recurrenceId,
      entry.attendee,
      entry.verdict,
      entry.reason,
      entry.detail,
    ]),
  );
  // Sequence numbers follow the order of the rows, but a back end may return them in another order.
  const seqs = rows.map(({ seq }) => seq).sort((a, b) => a - b);
  yield* insertEach(
    'insert into entry_subject (subject, entry) values (?, ?)',
    list.flatMap((entry, index) => subjectsOf(entry).map((subject) => [subject, seqs[index]!])),
  );
}

function subjectsOf({ recordId, taskId, messageId, uid, organizer, attendee }: LedgerEntry): string[] {
  const subjects = new Set([recordId, taskId, messageId, uid, organizer, attendee]);
  return [...subjects].filter((subject) => subject !== null);
}

function* writeApplied(writes: readonly WriteOf<'applied'>[]): Operation<void> {
  const latest = new Map<string, Param[]>();
  for (const { ownerKey, uid, answer } of writes) {
    const { attendeeKey, recurrenceId, sequence, sentAt, partstat, content, eventSequence, schedule } = answer;
    const key = [ownerKey, uid, attendeeKey, recurrenceId ?? ''];
    latest.set(JSON.stringify(key), [...key, sequence, sentAt, partstat, content, eventSequence, schedule]);
  }
  yield* insertEach(
    `insert into applied (owner_key, uid, attendee_key, recurrence_id, sequence, sent_at, partstat, content,
       event_sequence, schedule)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (owner_key, uid, attendee_key, recurrence_id) do update set sequence = excluded.sequence,
       sent_at = excluded.sent_at, partstat = excluded.partstat, content = excluded.content,
       event_sequence = excluded.event_sequence, schedule = excluded.schedule`,
    [...latest.values()],
  );
}

function* writeMailings(mailings: readonly Mailing[]): Operation<void> {
  const digests = yield* storeCalendars(mailings.map(({ calendar }) => calendar));
  yield* insertEach(
    `insert into mailing (id, message_id, owner_key, uid, recipient_key, recurrence_id, method, sequence, mailed_at,
       schedule_fingerprint, fingerprint, organizer_as_mailed, calendar_digest, raised, stamped_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
    mailings.map((each): Param[] => [
      each.id,
      each.messageId,
      each.ownerKey,
      each.uid,
      each.recipientKey,
      each.recurrenceId,
      each.method,
      each.sequence,
      each.mailedAt,
      each.scheduleFingerprint,
      each.fingerprint,
      each.organizerAsMailed,
      digests.get(each.calendar) ?? '',
      Object.keys(each.raised).length === 0 ? null : JSON.stringify(each.raised),
      each.stampedAt,
    ]),
  );
  yield* insertEach(
    `insert into recipient (owner_key, recipient_key, first_mailed_at) values (?, ?, ?) on conflict do nothing`,
    mailings.map((each) => [each.ownerKey, each.recipientKey, each.mailedAt]),
  );
}

const digestOf = memoizeText((text) => createHash('sha256').update(text).digest('base64url'));

/** Stores each text once and returns the digest of each text. */
export function* storeCalendars(texts: readonly string[]): Operation<ReadonlyMap<string, string>> {
  const digests = new Map([...new Set(texts)].map((text) => [text, digestOf(text)]));
  yield* insertEach(
    'insert into calendar (digest, text) values (?, ?) on conflict (digest) do nothing',
    [...digests].map(([text, digest]) => [digest, text]),
  );
  return digests;
}

/** Deletes the calendars among `digests` that no task and no mailing refers to. */
export function* deleteUnusedCalendars(dialect: Dialect, digests: readonly string[]): Operation<void> {
  if (digests.length === 0) return;
  const refers = (table: string): string => `select 1 from ${table} where ${table}.calendar_digest = calendar.digest`;
  yield* query(
    `delete from calendar where digest in ${dialect.list} and not exists (${refers('task')})
       and not exists (${refers('mailing')})`,
    JSON.stringify(digests),
  );
}

export interface StoredCalendar {
  readonly digest: string;
  readonly text: string;
}

export function* loadCalendars(dialect: Dialect, digests: readonly string[]): Operation<StoredCalendar[]> {
  return yield* query(`select digest, text from calendar where digest in ${dialect.list}`, JSON.stringify(digests));
}

/** A mailing as stored: with the digest of its calendar instead of the text. */
export type MailingRow = Omit<Mailing, 'calendar'> & { readonly digest: string };

export interface ContextRows {
  readonly place: CopyPlace | null;
  readonly applied: readonly AppliedAnswer[];
  readonly mailings: readonly MailingRow[];
}

const mailingColumns = `m.id, m.message_id as "messageId", m.owner_key as "ownerKey", m.uid,
  m.recipient_key as "recipientKey", m.recurrence_id as "recurrenceId", m.method, m.sequence,
  m.mailed_at as "mailedAt", m.schedule_fingerprint as "scheduleFingerprint", m.fingerprint,
  m.organizer_as_mailed as "organizerAsMailed", m.raised, m.stamped_at as "stampedAt"`;

/** `raised` in its stored form. */
type WithJson<T> = Omit<T, 'raised'> & { readonly raised: string | null };

function parseRaised<T extends { readonly raised: string | null }>(
  row: T,
): Omit<T, 'raised'> & Pick<Mailing, 'raised'> {
  return { ...row, raised: row.raised === null ? {} : (JSON.parse(row.raised) as Mailing['raised']) };
}

export function* loadCopyContext(
  dialect: Dialect,
  ownerKey: string,
  uid: string,
  attendeeKeys: readonly string[] | null,
): Operation<ContextRows> {
  const place = yield* queryOne<CopyPlace>(
    'select owner_key as "ownerKey", uid, href from event where owner_key = ? and uid = ?',
    ownerKey,
    uid,
  );
  const some = (column: string): string => (attendeeKeys === null ? '' : ` and ${column} in ${dialect.list}`);
  const params: Param[] = [ownerKey, uid, ...(attendeeKeys === null ? [] : [JSON.stringify(attendeeKeys)])];
  const applied = yield* query<AppliedAnswer & { recurrenceId: string }>(
    `select attendee_key as "attendeeKey", recurrence_id as "recurrenceId", sequence, sent_at as "sentAt", partstat,
       content, event_sequence as "eventSequence", schedule
     from applied where owner_key = ? and uid = ?${some('attendee_key')}`,
    ...params,
  );
  const mailings = yield* query<WithJson<MailingRow>>(
    `select ${mailingColumns}, m.calendar_digest as digest from mailing m
     where m.owner_key = ? and m.uid = ?${some('m.recipient_key')} order by m.seq`,
    ...params,
  );
  return {
    place,
    applied: applied.map((answer) => ({ ...answer, recurrenceId: answer.recurrenceId || null })),
    mailings: mailings.map(parseRaised),
  };
}

const mailingWithCalendar = `select ${mailingColumns}, c.text as calendar
  from mailing m join calendar c on c.digest = m.calendar_digest`;

export function* findMailing(id: string): Operation<Mailing | null> {
  const row = yield* queryOne<WithJson<Mailing>>(`${mailingWithCalendar} where m.id = ?`, id);
  return row && parseRaised(row);
}

export function* findFirstMailing(ownerKey: string, uid: string): Operation<Mailing | null> {
  const sql = `${mailingWithCalendar} where m.owner_key = ? and m.uid = ? order by m.seq limit 1`;
  const row = yield* queryOne<WithJson<Mailing>>(sql, ownerKey, uid);
  return row && parseRaised(row);
}

export function* findReplyPair(id: string): Operation<ReplyPair | null> {
  const row = yield* queryOne<{ organizer_key: string; organizer: string; attendee_key: string; attendee: string }>(
    'select organizer_key, organizer, attendee_key, attendee from reply_pair where id = ?',
    id,
  );
  if (row === null) return null;
  const organizer = { key: row.organizer_key, asWritten: row.organizer };
  return { id, organizer, attendee: { key: row.attendee_key, asWritten: row.attendee } };
}

export function* listAliases(organizerKey: string, attendeeKey: string): Operation<string[]> {
  const sql = 'select alias from alias where organizer_key = ? and attendee_key = ? order by alias';
  return (yield* query<{ alias: string }>(sql, organizerKey, attendeeKey)).map(({ alias }) => alias);
}

export function* listAttendeesWithAlias(organizerKey: string, alias: string): Operation<string[]> {
  const sql = 'select attendee_key from alias where organizer_key = ? and alias = ? order by attendee_key';
  return (yield* query<{ attendee_key: string }>(sql, organizerKey, alias)).map(({ attendee_key }) => attendee_key);
}

export function* findSuppression(ownerKey: string, recipientKey: string): Operation<string | null> {
  const sql = 'select reason from suppression where owner_key = ? and recipient_key = ?';
  return (yield* queryOne<{ reason: string }>(sql, ownerKey, recipientKey))?.reason ?? null;
}

export function* countNewRecipients(
  ownerKey: string,
  recipientKey: string,
  windows: readonly { readonly since: number; readonly until: number }[],
): Operation<readonly number[] | null> {
  const known = 'select 1 as known from recipient where owner_key = ? and recipient_key = ?';
  if ((yield* queryOne(known, ownerKey, recipientKey)) !== null) return null;
  const counts: number[] = [];
  for (const { since, until } of windows) {
    const within = 'first_mailed_at >= ? and first_mailed_at < ?';
    const sql = `select count(*) as count from recipient where owner_key = ? and ${within}`;
    counts.push((yield* queryOne<{ count: number }>(sql, ownerKey, since, until))?.count ?? 0);
  }
  return counts;
}

export function* isMarked(mark: string): Operation<boolean> {
  return (yield* queryOne('select 1 as marked from mark where mark = ?', mark)) !== null;
}

const entryColumns = `e.at, e.task_id as "taskId", e.record_id as "recordId", e.door, e.message_id as "messageId",
  e.organizer, e.uid, e.recurrence_id as "recurrenceId", e.attendee, e.verdict, e.reason, e.detail`;

export function* listEntries(subject: string, limit: number): Operation<LedgerEntry[]> {
  const rows = yield* query<LedgerEntry>(
    `select ${entryColumns} from entry_subject s join entry e on e.seq = s.entry
     where s.subject = ? order by s.entry desc limit ?`,
    subject,
    limit,
  );
  return rows.toReversed();
}

export function* listRecent(limit: number): Operation<LedgerEntry[]> {
  const rows = yield* query<LedgerEntry>(`select ${entryColumns} from entry e order by e.seq desc limit ?`, limit);
  return rows.toReversed();
}

/**
 * Deletes up to `limit` of the oldest entries, and all marks, from before `before`. Returns how many; 0 means that none is
 * left.
 */
export function* pruneLedger(before: number, limit: number): Operation<number> {
  const oldest = yield* query<{ seq: number; at: number }>('select seq, at from entry order by seq limit ?', limit);
  const kept = oldest.findIndex(({ at }) => at >= before);
  const old = kept === -1 ? oldest : oldest.slice(0, kept);
  const last = old.at(-1)?.seq;
  if (last !== undefined) {
    const columns = ['task_id', 'record_id', 'message_id', 'uid', 'organizer', 'attendee'];
    const subjects = columns.map((column) => `select ${column} from entry where seq <= ?`).join(' union ');
    yield* query(
      `delete from entry_subject where subject in (${subjects}) and entry <= ?`,
      ...columns.map(() => last),
      last,
    );
    yield* query('delete from entry where seq <= ?', last);
  }
  const marks = yield* query('delete from mark where at < ? returning 1', before);
  return old.length + marks.length;
}
