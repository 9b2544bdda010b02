// What the mails and the pages are made from. Inputs are values; addresses, clocks and keys come from the flow.
import type { CalendarAddress, CalendarTime, Partstat } from '../ical/types.ts';
import type { ClaimedProposal } from '../itip/types.ts';
import type { Reason } from '../reasons.ts';

/** Such as `en`; one catalogue file each. */
export type Language = string;

export interface Person {
  /** What addresses are compared by (`addressKey`). */
  readonly key: string;
  /** CN, else the address. */
  readonly name: string;
  readonly address: string;
}

export interface Guest extends Person {
  readonly partstat: Partstat;
  readonly optional: boolean;
}

/** One event or occurrence, ready to be shown: still untrusted text, not yet escaped, not yet in a language. */
export interface EventView {
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly summary: string;
  readonly location: string;
  readonly description: string;
  /** Video link: CONFERENCE, X-GOOGLE-CONFERENCE, URL; only http, https, mailto, tel. */
  readonly url: string | null;
  readonly start: CalendarTime | null;
  /** Exclusive, as in the calendar; made from DURATION where that is what it has. */
  readonly end: CalendarTime | null;
  readonly rrule: string | null;
  /** Further dates of the series, in order. */
  readonly added: readonly CalendarTime[];
  readonly excluded: readonly CalendarTime[];
  readonly organizer: Person | null;
  readonly guests: readonly Guest[];
  readonly sequence: number;
  readonly cancelled: boolean;
}

export type InvitationKind = 'invitation' | 'update' | 'cancel' | 'decline' | 'reply';

export interface RsvpLinks {
  readonly accepted: string;
  readonly tentative: string;
  readonly declined: string;
}

/** All that one mail about an event to one recipient is made from. */
export interface InvitationMail {
  readonly kind: InvitationKind;
  /** The callback's calendar text, as the CalDAV server posted it. */
  readonly calendar: string;
  /** What this recipient was last mailed; null where nothing. */
  readonly previousCalendar: string | null;
  /** The organizer; for a REPLY the attendee. */
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  /** What ORGANIZER becomes in the mailed copy (the reply address); null: it stays as it is. */
  readonly organizerAsMailed: string | null;
  /** SHOW_GUEST_LIST: false, and a guest is told of no other. */
  readonly guestList: boolean;
  /** CALENDAR_ITIP_ENABLED: with METHOD, else stripped and links carry the answer. */
  readonly itip: boolean;
  /** RFC 5322 From address. */
  readonly from: string;
  readonly links: RsvpLinks | null;
  readonly messageId: string;
  /** Message-ID of the first mail of this event to this recipient. */
  readonly references: string | null;
  /** The Date header, ms. */
  readonly date: number;
  readonly language: Language;
  readonly timezone: string;
}

/** Something waits for the organizer's decision. */
export interface HeldNotice {
  readonly kind: 'held';
  readonly attendee: CalendarAddress | null;
  readonly sender: string;
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** From the spool: one that is no HoldReason is told as "could not be recorded by itself". */
  readonly reason: string;
  readonly decisionLink: string | null;
}

/** A mail from the gateway to the organizer. */
export type NoticeKind =
  /** Somebody answered. */
  | {
      readonly kind: 'answer';
      readonly attendee: CalendarAddress;
      readonly partstat: Partstat;
      readonly comment: string | null;
      readonly recurrenceId: string | null;
    }
  | HeldNotice
  /** So much waits that it comes in one mail: `items` of `count`, each with its event. */
  | {
      readonly kind: 'waiting';
      readonly attendee: null;
      readonly count: number;
      readonly items: readonly (HeldNotice & { readonly calendar: string | null })[];
    }
  | {
      readonly kind: 'proposal';
      readonly attendee: CalendarAddress;
      readonly proposal: ClaimedProposal;
      readonly declineLink: string | null;
    }
  /** An attendee sends somebody who is not on the list. */
  | {
      readonly kind: 'delegation';
      readonly attendee: CalendarAddress;
      readonly delegate: CalendarAddress;
      readonly recurrenceId: string | null;
      readonly decisionLink: string;
    }
  /** The organizer decided, and it could not be carried out. `failed`: it was tried for days. */
  | { readonly kind: 'not-entered'; readonly attendee: CalendarAddress; readonly reason: Reason | 'failed' }
  /** Invitations wait: the organizer has mailed as many new people as may be in that window. `until`: ms since 1970. */
  | {
      readonly kind: 'quota';
      readonly attendee: null;
      readonly per: 'hour' | 'day';
      readonly limit: number;
      readonly until: number;
    }
  | { readonly kind: 'undeliverable'; readonly attendee: CalendarAddress; readonly diagnostic: string };

export interface NoticeMail {
  readonly notices: readonly NoticeKind[];
  /** The stored event, or what was last mailed; null where unknown. */
  readonly calendar: string | null;
  readonly organizer: CalendarAddress;
  readonly from: string;
  readonly messageId: string;
  readonly references: string | null;
  readonly date: number;
  readonly language: Language;
  readonly timezone: string;
}

export interface ComposedMail {
  readonly subject: string;
  readonly raw: Uint8Array;
}

/** Precompiled templates and catalogues. Made once at start; a broken file is refused there, with file and line. */
export interface Templates {
  readonly languages: readonly Language[];
  /** `name` without language and suffix, such as `mail/invitation.html`. Output is escaped for HTML where the name ends in `.html`. */
  render(name: string, language: Language, data: Readonly<Record<string, unknown>>): string;
  /** One catalogue message (ICU), such as `page.rsvp.title`. */
  message(language: Language, key: string, values?: Readonly<Record<string, string | number>>): string;
}
