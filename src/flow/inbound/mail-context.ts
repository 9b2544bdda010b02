// The types and functions that the interpretation of one received mail shares: options, the routes of recipient
// addresses, outcomes, and ledger entries about the mail.
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import type { Incoming, ReceivedMail } from '../../core/message/types.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { OutgoingMails } from '../outbound/outgoing-mail.ts';
import type { ReasonFor, Verdict } from '../../core/reasons.ts';
import type { Ledger } from '../ports/spool.ts';
import type { Effects } from '../queue/plan.ts';
import type { WriteBatching } from '../queue/write-batching.ts';
import type { Origin } from '../records/parts.ts';
import { entryAbout, type Job } from '../records/records.ts';

export interface InterpretOptions {
  /** `isReturned`: the mail came with the null sender to a bounce address. */
  readonly interpret: (raw: Uint8Array, options: { readonly isReturned: boolean }) => Promise<Incoming>;
  /** `lastTry`: a DNS failure is returned as evidence instead of being thrown as a temporary error. */
  readonly authenticate: (mail: ReceivedMail, lastTry: boolean) => Promise<SenderEvidence>;
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  readonly bounceDomain: string | null;
  readonly isOwnRecipient: (address: string) => boolean;
  readonly postmaster: string | null;
  readonly policy: 'strict' | 'domain' | 'token';
  readonly outgoingMails: OutgoingMails;
  readonly writeBatching: WriteBatching;
  readonly now: () => number;
}

/**
 * The kinds of recipient address: a reply address, an address of our own domain, a signed bounce address, any other
 * address (its mail goes to the postmaster), and a reply address that the ledger does not contain.
 */
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

export type PersonRoute = Extract<Route, { kind: 'reply' | 'own' }>;

export interface MailContext {
  readonly job: Job<'mail'>;
  readonly mail: ReceivedMail;
  readonly incoming: Incoming;
  readonly origin: Origin;
  /** Authenticates the mail on the first call; a mail that needs no proof is never authenticated. */
  readonly evidence: () => Promise<SenderEvidence>;
}

/** The effects of one item of a mail for one recipient. */
export interface Outcome extends Effects {
  /** Only the first outcome with this key counts: a mail to several addresses of one organizer is one answer. */
  readonly dedupeKey?: string;
}

export const noEffects: Outcome = {};

interface EntryFacts<V extends Verdict> {
  readonly verdict: V;
  readonly reason: ReasonFor<V>;
  readonly detail: string;
  readonly organizer?: CalendarAddress | null;
  readonly attendee?: CalendarAddress | null;
  readonly uid?: string | null;
}

/** Returns a ledger entry about the mail. */
export function recordMail<V extends Verdict>(
  { now }: Pick<InterpretOptions, 'now'>,
  { job, origin }: MailContext,
  { verdict, reason, detail, organizer = null, attendee = null, uid = null }: EntryFacts<V>,
): Outcome {
  const subject = { organizer: organizer?.key ?? null, attendee: attendee?.key ?? null, uid };
  return {
    ledger: [entryAbout(job, { at: now(), verdict, reason, detail, ...subject, ...origin })],
  };
}

/** Returns a ledger entry about the mail with the organizer and, for a reply address, the attendee. */
export function recordForPerson<V extends Verdict>(
  options: InterpretOptions,
  route: PersonRoute,
  context: MailContext,
  facts: Omit<EntryFacts<V>, 'organizer' | 'attendee'>,
): Outcome {
  // In own-domain mode the gateway receives all mail of the organizer; mail without a calendar part is not recorded.
  if (route.kind === 'own' && context.incoming.source === null) return noEffects;
  const attendee = route.kind === 'reply' ? route.attendee : null;
  return recordMail(options, context, { ...facts, organizer: route.organizer, attendee });
}
