// Runs one batch of records about one copy with a calendar store and a ledger in memory, and returns what follows.
import type { GatewayError } from '../../../src/core/errors.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import type { CopyContext, Mailing } from '../../../src/flow/ports/spool.ts';
import type { Expand } from '../../../src/flow/ports/recurrence.ts';
import type { FoundEvent, WriteResult } from '../../../src/flow/ports/calendar-store.ts';
import { processCopy } from '../../../src/flow/copies/process-copy.ts';
import { changesOf } from '../../../src/flow/queue/plan.ts';
import type { NoticeMail } from '../../../src/flow/outbound/mail-notice.ts';
import type { AnswerRecord } from '../../../src/flow/records/answer.ts';
import { type EventRecord, type Job, type NewRecord, recordTask } from '../../../src/flow/records/records.ts';
import { newMailing } from '../../adapters/spool/records.ts';
import { alice, bob, carol, dave } from '../flow-kit.ts';
import { event, uid } from '../one-event.ts';

export const NOW = Date.UTC(2027, 0, 10, 12);
export const lane = `${alice.key}\u001f${uid}`;
export const from = (recordId: string) => ({ recordId, door: 'smtp', messageId: null });

export const answer = (attendee: typeof bob, over: Partial<AnswerRecord> = {}): AnswerRecord => ({
  kind: 'answer',
  origin: from(`answer-${attendee.key}`),
  answer: {
    component: 'VEVENT',
    occurrence: { uid, recurrenceId: null },
    range: null,
    start: null,
    attendee,
    organizer: alice,
    partstat: 'ACCEPTED',
    comment: null,
    delegatedTo: [],
    revision: { sequence: 0, sentAt: NOW - 60_000 },
    door: 'smtp',
  },
  sender: attendee.asWritten,
  held: null,
  approved: false,
  ...over,
});
export const records = {
  answer: answer(bob),
  held: answer(bob, { held: 'unauthenticated' }),
  approved: answer(bob, { held: 'unauthenticated', approved: true }),
  verify: { kind: 'verify', owner: alice, uid, round: 0 },
  proposal: {
    kind: 'proposal',
    origin: from('proposal'),
    organizer: alice,
    attendee: carol,
    proposal: {
      kind: 'proposal',
      occurrence: { uid, recurrenceId: null },
      attendee: carol,
      organizer: alice,
      start: null,
      end: null,
      comment: null,
      sequence: 0,
      stampedAt: null,
    },
    sender: carol.asWritten,
    held: null,
    approved: false,
    declined: false,
  },
  delegation: {
    kind: 'delegation',
    origin: from('delegation'),
    organizer: alice,
    attendee: bob,
    delegate: dave,
    uid,
    recurrenceId: null,
    approved: false,
  },
  approvedDelegation: {
    kind: 'delegation',
    origin: from('approved-delegation'),
    organizer: alice,
    attendee: bob,
    delegate: dave,
    uid,
    recurrenceId: null,
    approved: true,
  },
  refresh: { kind: 'refresh', origin: from('refresh'), organizer: alice, attendee: carol, uid },
  undeliverable: {
    kind: 'undeliverable',
    origin: from('undeliverable'),
    owner: alice,
    recipient: dave,
    uid,
    method: 'REQUEST',
    diagnostic: '550 5.1.1 no such user',
  },
  notice: {
    kind: 'notice',
    origin: from('notice'),
    owner: alice,
    uid,
    notice: { kind: 'not-entered', attendee: carol, reason: 'failed' },
  },
} as const satisfies Record<string, EventRecord>;

export interface Given {
  readonly batch: readonly EventRecord[];
  /** The stored event, or another result of the search; null if there is none. */
  readonly stored?: string | FoundEvent | null;
  readonly context?: Partial<CopyContext>;
  readonly writes?: readonly WriteResult[];
  readonly dueAt?: number;
  readonly createdAt?: number;
  readonly attempts?: number;
  readonly down?: GatewayError;
  readonly expand?: Expand;
  readonly ids?: readonly string[];
}

export const idOf = (body: EventRecord): string => ('origin' in body ? body.origin.recordId : body.kind);

/** Processes the batch; task ids are by default the origins' record ids. */
export async function runBatch(given: Given) {
  const { batch, stored = event(), context = {}, writes = [], attempts = 0, down } = given;
  const { dueAt = NOW, createdAt = NOW, expand = () => Promise.reject(new TypeError('nothing to expand')) } = given;
  const { ids = batch.map(idOf) } = given;
  const calls: unknown[] = [];
  const told: (readonly [notices: readonly string[], calendar: string | null, recordId: string, when: string])[] = [];
  const notices: NoticeMail['notices'][number][] = [];
  const found: string[] = [];
  const begun: string[] = [];
  const results = [...writes];
  const find = async (owner: CalendarAddress, of: string, href: string | null): Promise<FoundEvent> => {
    calls.push('find');
    found.push(`${owner.key} ${of} ${href}`);
    if (down !== undefined) throw down;
    if (stored === null) return { kind: 'none' };
    if (typeof stored !== 'string') return stored;
    return { kind: 'found', event: { href: '/cal/a.ics', etag: '"1"', text: stored, lastModified: null } };
  };
  const process = processCopy({
    store: {
      find,
      write: async () => {
        calls.push('write');
        return results.shift() ?? { kind: 'written', etag: null };
      },
      close: async () => undefined,
    },
    ledger: {
      copyContext: async (...asked: unknown[]) => {
        calls.push(asked);
        return { place: null, applied: [], mailings: [], ...context };
      },
    } as unknown as Parameters<typeof processCopy>[0]['ledger'],
    notifyOrganizer: ({ notices: mailed, calendar, origin }: NoticeMail, when = 'by-setting'): NewRecord[] => {
      notices.push(...mailed);
      told.push([mailed.map(({ kind }) => kind), calendar, origin.recordId, when]);
      return [];
    },
    writeBatching: { begin: (of) => void begun.push(of), dueAt: () => NOW },
    expand,
    makeDecisionLink: async (key) => `https://calendar.example.com/${key.length}`,
    now: () => NOW,
  });
  const jobs = batch.map((body, at): Job<EventRecord['kind']> => {
    const task = recordTask(body, { id: ids[at] ?? '', createdAt, dueAt });
    return { task: { ...task, attempts, lastError: null }, body } as Job<EventRecord['kind']>;
  });
  const changes = changesOf(await process(jobs), { makeId: () => 'new', now: () => NOW });
  return { changes, calls, found, told, notices, begun };
}

export const mailing = (over: Partial<Mailing> = {}): Mailing =>
  newMailing({
    ownerKey: alice.key,
    uid,
    recipientKey: bob.key,
    calendar: event(),
    mailedAt: NOW - 120_000,
    ...over,
  });
