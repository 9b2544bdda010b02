// Types of received mails: as the mail doors receive them, and as `interpretMail` reads them. This file refuses nothing.
import type { ClaimedItem } from '../itip/types.ts';

/** The addresses of MAIL and RCPT (RFC 5321). `mailFrom` is '' for the null reverse-path. */
export interface Envelope {
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
}

/** The SMTP client of the session; the original client if a trusted relay forwarded it with XCLIENT. */
export interface PeerFacts {
  readonly door: 'smtp' | 'lmtp';
  readonly address: string;
  readonly helo: string;
  readonly tls: boolean;
  /** Whether the TCP peer is one of TRUSTED_RELAYS. */
  readonly trustedRelay: boolean;
  /** Whether `address` and `helo` come from XCLIENT. */
  readonly xclient: boolean;
}

export interface ReceivedMail {
  readonly envelope: Envelope;
  readonly peer: PeerFacts;
  /** In milliseconds since 1970. */
  readonly receivedAt: number;
  readonly raw: Uint8Array;
}

export interface MailAddress {
  /** The display name, decoded; '' if there is none. */
  readonly name: string;
  /** As written, without angle brackets. */
  readonly address: string;
}

/** Values from the top-level header, and the text. */
export interface MailFacts {
  /** With angle brackets. */
  readonly messageId: string | null;
  /** The Date field, in milliseconds since 1970. */
  readonly date: number | null;
  readonly subject: string;
  /** The addresses of all From fields, in order. */
  readonly from: readonly MailAddress[];
  /** The number of From fields. */
  readonly fromFields: number;
  readonly sender: MailAddress | null;
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  /** The number of Received fields, for loop detection. */
  readonly hops: number;
  /** The value of the header field that marks mails forwarded by us, for loop detection. */
  readonly loopMark: string | null;
  /** The plain text, or the text of the HTML part. */
  readonly text: string;
}

export type BounceKind = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'unknown';

/** The delivery report for one recipient (RFC 3464). */
export interface Bounce {
  readonly kind: 'bounce';
  readonly action: BounceKind;
  readonly recipient: string | null;
  readonly status: string | null;
  readonly diagnostic: string | null;
  /** The Message-ID of the mail that was not delivered, null if the report does not contain it. */
  readonly originalMessageId: string | null;
}

/** A mail without calendar data: a person wrote to the organizer. */
export interface Letter {
  readonly kind: 'letter';
}

/** A mail that a program sent automatically, such as an out-of-office reply (RFC 3834). */
export interface AutomaticReply {
  readonly kind: 'automatic-reply';
}

/** RFC 5965. */
export interface AbuseReport {
  readonly kind: 'abuse-report';
}

/** Why no answer could be read from a mail. */
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
  /** One sentence for the operator. */
  readonly detail: string;
  /** Only for a message from an organizer: the values of ORGANIZER and its EMAIL. */
  readonly organizers?: readonly string[];
}

export type IncomingItem = ClaimedItem | Bounce | Letter | AutomaticReply | AbuseReport | Unusable;

/** A received mail, interpreted. */
export interface Incoming {
  readonly mail: MailFacts;
  /** Never empty. */
  readonly items: readonly IncomingItem[];
  /** Whether the items come from an attached message (message/rfc822). Such answers are never applied automatically. */
  readonly forwarded: boolean;
  /** Where the calendar was found, such as `winmail.dat`; null if there is none. */
  readonly source: string | null;
}
