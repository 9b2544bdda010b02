// What one kind of task is: the shape of its body, its version, and how the queue, lane, ledger subject and text follow
// from the body. Each kind has one file in this folder; `records.ts` lists them.
import type { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { LedgerEntry, QueueName } from '../ports/spool.ts';
import type { Origin } from './parts.ts';

/** Whom and what a record is about: the columns of the ledger by which `why` finds it. */
export type Subject = Pick<LedgerEntry, 'organizer' | 'uid' | 'recurrenceId' | 'attendee'>;

export interface RecordKind<Body extends { readonly kind: string }> {
  readonly kind: Body['kind'];
  /** Written into each body. Raised when the shape changes; then `upgrade` gains a step. */
  readonly version: number;
  readonly queue: QueueName;
  /** Applied when a record is written and when it is read. */
  readonly schema: z.ZodType<Body>;
  /** What the kind was called in an earlier version. */
  readonly formerKind?: string;
  /** Step n - 1 turns a body of version n into one of version n + 1. A step that was released is never edited. */
  readonly upgrade: readonly ((body: OldBody) => OldBody)[];
  readonly lane: (body: Body, id: string) => string;
  readonly origin: (body: Body, id: string) => Origin;
  readonly subject: (body: Body) => Subject;
  /** What it is, for the ledger and the operator: a phrase such as `answer of bob@example.com`. */
  readonly text: (body: Body) => string;
}

/** A body as an earlier version wrote it. */
export type OldBody = Readonly<Record<string, unknown>>;

export const noSubject: Subject = { organizer: null, uid: null, recurrenceId: null, attendee: null };

/** Renames fields of an old body. Fields that are absent stay absent. */
export function renameFields(body: OldBody, names: Readonly<Record<string, string>>): OldBody {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [names[name] ?? name, value]));
}

/** Stands in no address and in no UID. */
const SEPARATOR = '\u001f';

/** A copy is one calendar user's stored object. Its lane is worked by one process at a time. */
export function copyLane(owner: CalendarAddress, uid: string): string {
  return joinKey(owner.key, uid);
}

/** Mails about one event to one recipient leave in order. */
export function recipientLane(uid: string, recipient: string): string {
  return joinKey(uid, recipient);
}

/** Parts that hold no unit separator, as one key. */
export function joinKey(...parts: readonly string[]): string {
  return parts.join(SEPARATOR);
}
