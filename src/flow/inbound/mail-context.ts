// One received mail while it is interpreted: what is known of it, whom each recipient address stands for, and how what
// became of it is written into the ledger.
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ReasonFor, Verdict } from '../../core/reasons.ts';
import type { Incoming, ReceivedMail } from '../../core/message/types.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { Ledger, Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import type { Post } from '../outbound/outgoing-mail.ts';
import { entryAbout, type Origin } from '../records/records.ts';
import type { WritePace } from '../queue/write-batching.ts';

export interface InterpretOptions {
  readonly interpret: (raw: Uint8Array) => Promise<Incoming>;
  /** `lastTry`: a DNS failure becomes part of the evidence instead of a temporary error. */
  readonly authenticate: (mail: ReceivedMail, lastTry: boolean) => Promise<SenderEvidence>;
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  readonly bounceDomain: string | null;
  readonly hostname: string;
  readonly isOwnRecipient: (address: string) => boolean;
  readonly postmaster: string | null;
  readonly policy: 'strict' | 'domain' | 'token';
  readonly post: Post;
  readonly pace: WritePace;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** Whom a recipient address stands for. */
export type Route =
  | {
      readonly kind: 'reply';
      readonly organizer: CalendarAddress;
      readonly attendee: CalendarAddress;
      readonly id: string;
    }
  | { readonly kind: 'own'; readonly organizer: CalendarAddress }
  | { readonly kind: 'bounce'; readonly mailId: string }
  | { readonly kind: 'postmaster' }
  | { readonly kind: 'unknown' };

export interface Reading {
  readonly task: Task;
  readonly mail: ReceivedMail;
  readonly incoming: Incoming;
  readonly origin: Origin;
  /** Asked at most once, and only where somebody's word is at stake. */
  readonly evidence: () => Promise<SenderEvidence>;
  readonly set: ChangeSet;
  /** What was taken for an earlier recipient: one mail to several of an organizer's addresses answers once. */
  readonly taken: Set<string>;
}

export type PersonRoute = Extract<Route, { kind: 'reply' | 'own' }>;

export function recordFor<V extends Verdict>(
  options: InterpretOptions,
  route: PersonRoute,
  reading: Reading,
  verdict: V,
  reason: ReasonFor<V>,
  detail: string,
): void {
  // Own-domain mode sees all mail of those people: what is no calendar mail leaves no trace.
  if (route.kind === 'own' && reading.incoming.source === null) return;
  record(options, reading, route.organizer, verdict, reason, detail, route.kind === 'reply' ? route.attendee : null);
}

export function record<V extends Verdict>(
  options: InterpretOptions,
  { task, origin, set }: Reading,
  organizer: CalendarAddress | null,
  verdict: V,
  reason: ReasonFor<V>,
  detail: string,
  attendee: CalendarAddress | null = null,
): void {
  set.record(
    entryAbout(origin, task.id, {
      at: options.now(),
      verdict,
      reason,
      detail,
      organizer: organizer?.key ?? null,
      attendee: attendee?.key ?? null,
    }),
  );
}
