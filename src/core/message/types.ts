// What the mail doors take in, and what a mail turns out to be.
import type { ClaimedItem } from '../itip/types.ts';

/** RFC 5321: who it came from and whom it was for, as said in MAIL and RCPT. `mailFrom` is '' for a null sender. */
export interface Envelope {
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
}

/** What the session told about the client. With a trusted XCLIENT these are the facts it passed on. */
export interface PeerFacts {
  readonly door: 'smtp' | 'lmtp';
  readonly address: string;
  readonly helo: string;
  readonly tls: boolean;
  /** The TCP peer is one of TRUSTED_RELAYS. */
  readonly trustedRelay: boolean;
  /** `address` and `helo` came by XCLIENT from a trusted relay. */
  readonly xclient: boolean;
}

export interface ReceivedMail {
  readonly envelope: Envelope;
  readonly peer: PeerFacts;
  readonly receivedAt: number;
  readonly raw: Uint8Array;
}

export interface MailAddress {
  readonly name: string;
  /** As written, without angle brackets. */
  readonly address: string;
}

/** Header facts that later rooms need; read from the top-level header only. */
export interface MailFacts {
  readonly messageId: string | null;
  readonly date: number | null;
  readonly subject: string;
  /** Every address of every From field, in order. */
  readonly from: readonly MailAddress[];
  /** How many From fields the header has. */
  readonly fromFields: number;
  readonly sender: MailAddress | null;
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  /** Received fields, for loops. */
  readonly hops: number;
  /** The value of our own loop guard header, if any. */
  readonly loopMark: string | null;
  readonly text: string;
}

export type BounceKind = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'unknown';

/** RFC 3464, one per recipient named. */
export interface Bounce {
  readonly kind: 'bounce';
  readonly action: BounceKind;
  readonly recipient: string | null;
  readonly status: string | null;
  readonly diagnostic: string | null;
  /** Message-ID of the mail that bounced, where it was returned. */
  readonly originalMessageId: string | null;
}

export interface Letter {
  readonly kind: 'letter';
}

/** RFC 3834 and what clients do instead: out of office, vacation. */
export interface AutomaticReply {
  readonly kind: 'automatic-reply';
}

export interface AbuseReport {
  readonly kind: 'abuse-report';
}

/** Why a mail that has something to do with a calendar gives no answer. */
export type UnusableReason =
  | 'unparseable-mail'
  | 'unparseable-calendar'
  | 'several-calendars'
  | 'not-a-reply'
  | 'no-event'
  | 'too-deep';

export interface Unusable {
  readonly kind: 'unusable';
  readonly reason: UnusableReason;
  readonly detail: string;
}

export type IncomingItem = ClaimedItem | Bounce | Letter | AutomaticReply | AbuseReport | Unusable;

/** A mail, read. `items` is never empty. */
export interface Incoming {
  readonly mail: MailFacts;
  readonly items: readonly IncomingItem[];
  /** The items were found inside a forwarded message (message/rfc822): they never count by themselves. */
  readonly forwarded: boolean;
  /** Where the calendar was found, for `inspect`: such as `text/calendar in multipart/alternative`, `winmail.dat`. */
  readonly source: string | null;
}
