// The definition of one kind of record: the schema and version of its body, and how queue, lane, ledger subject and
// text derive from the body. Each kind has one file in this folder; `records.ts` lists them.
import type { z } from 'zod';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { LedgerEntry, QueueName } from '../ports/spool.ts';
import type { Origin } from './parts.ts';

/**
 * The people and the event that a record is about: the ledger columns by which `imip-gateway why` finds its entries.
 */
export type Subject = Pick<LedgerEntry, 'organizer' | 'uid' | 'recurrenceId' | 'attendee'>;

/** One calendar user's stored object. */
export interface CopyKey {
  readonly owner: CalendarAddress;
  readonly uid: string;
}

/** A record of the queue `event` is about a copy, which is its lane. */
type Lane<Body> =
  | { readonly queue: 'event'; readonly copy: (body: Body) => CopyKey }
  | { readonly queue: Exclude<QueueName, 'event'>; readonly lane: (body: Body, id: string) => string };

export type RecordKind<Body> = Lane<Body> & {
  /** Written into each body. A change of the schema increments it and adds a step to `upgrade`. */
  readonly version: number;
  /** Applied when a record is written and when it is read. */
  readonly schema: z.ZodType<Body>;
  /** The name of the kind in an earlier version. */
  readonly formerKind?: string;
  /**
   * `upgrade[n - 1]` turns a body of version n into one of version n + 1; absent at version 1. A released step is never
   * edited.
   */
  readonly upgrade?: readonly ((body: OldBody) => OldBody)[];
  /** Absent: the field `origin` of the body, or the gateway itself if it has none. */
  readonly origin?: (body: Body, id: string) => Origin;
  readonly subject: (body: Body) => Subject;
  /** A noun phrase for the ledger and the operator, such as `answer of bob@example.com`. */
  readonly text: (body: Body) => string;
};

/** A body in the format of an earlier version. */
export type OldBody = Readonly<Record<string, unknown>>;

export const noSubject: Subject = { organizer: null, uid: null, recurrenceId: null, attendee: null };

/** The subject of a record about the owner's copy and another calendar user. */
export function aboutCopy(
  owner: CalendarAddress,
  other: CalendarAddress,
  uid: string,
  recurrenceId: string | null = null,
): Subject {
  return { organizer: owner.key, attendee: other.key, uid, recurrenceId };
}

/** Renames fields of an old body. Fields that are absent stay absent. */
export function renameFields(body: OldBody, names: Readonly<Record<string, string>>): OldBody {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [names[name] ?? name, value]));
}

/** The unit separator, which occurs in no address and in no UID. */
const SEPARATOR = '\u001f';

/** The lane of mails about one event to one recipient, which are sent in order. */
export function recipientLane(uid: string, recipient: string): string {
  return joinKey(uid, recipient);
}

/** Joins the parts, none of which contains the separator, into one key. */
export function joinKey(...parts: readonly string[]): string {
  return parts.join(SEPARATOR);
}
