// Types of the mails to compose and of the events that mails and pages show. The flow provides addresses, times and links.
// This file refuses nothing.
import type { CalendarAddress, CalendarTime, Partstat } from '../ical/types.ts';
import type { MailStamp } from '../itip/stamp.ts';
import type { ClaimedProposal } from '../itip/types.ts';
import type { EventDifference } from '../itip/what-changed.ts';
import type { HoldReason, Reason } from '../reasons.ts';

/** A language tag such as `en`. Each language has one catalogue file. */
export type Language = string;

export interface Person {
  /** The address in the form in which addresses are compared (`addressKey`). */
  readonly key: string;
  /** CN, or else the address. */
  readonly name: string;
  readonly address: string;
}

export interface Guest extends Person {
  readonly partstat: Partstat;
  readonly optional: boolean;
}

export interface NamedLink {
  /** '' if it has none. */
  readonly name: string;
  readonly href: string;
}

export interface Recurrence {
  readonly rrule: string | null;
  /** The start of the series, which may be long past. */
  readonly start: CalendarTime;
  /** The last start, if the series has begun and RRULE has a COUNT. A reader who does not see the first start cannot count. */
  readonly last: CalendarTime | null;
  /** The dates of RDATE, in order; without RRULE, all dates. */
  readonly added: readonly CalendarTime[];
  /** The dates of EXDATE and of cancelled overrides, in order. */
  readonly excluded: readonly CalendarTime[];
}

/** One event or occurrence for display. Its texts are untrusted and not escaped, and its times are not formatted. */
export interface EventView {
  readonly uid: string;
  /** `task` for a VTODO. It selects the wording of messages. */
  readonly item: 'event' | 'task';
  readonly recurrenceId: string | null;
  readonly summary: string;
  readonly location: string;
  readonly description: string;
  /** The links to online meetings; only http, https, mailto or tel. URL is used if there is no other link. */
  readonly meetings: readonly NamedLink[];
  /** The links to attached files; only http or https. */
  readonly files: readonly NamedLink[];
  /** For a series, the start of the next occurrence. For a task without DTSTART, the time when it is due. */
  readonly start: CalendarTime | null;
  /** Exclusive, as in the calendar. Computed from DURATION if there is no DTEND. */
  readonly end: CalendarTime | null;
  /** Whether `start` is DUE of a task. */
  readonly isDue: boolean;
  /** Null for a single event and for one occurrence of a series. */
  readonly recurrence: Recurrence | null;
  /** How single occurrences of the series differ from it. */
  readonly exceptions: readonly EventDifference[];
  readonly organizer: Person | null;
  readonly guests: readonly Guest[];
  readonly sequence: number;
  readonly cancelled: boolean;
}

/**
 * `refresh`: the event as it is now, because the recipient requested it (RFC 5546 §3.2.6). `own`: the organizer’s own event,
 * without a request to answer.
 */
export type InvitationKind = 'invitation' | 'update' | 'refresh' | 'own' | 'cancel' | 'decline' | 'reply';

export interface RsvpLinks {
  readonly accepted: string;
  readonly tentative: string;
  readonly declined: string;
}

/** A mail about an event to one recipient. */
export interface InvitationMail {
  readonly kind: InvitationKind;
  /** The calendar text as the CalDAV server posted it. */
  readonly calendar: string;
  /** The calendar text last mailed to this recipient, null if there was none. */
  readonly previousCalendar: string | null;
  /** The organizer, or for a REPLY the attendee. */
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  /** The reply address to write into ORGANIZER of the mailed copy, null to keep ORGANIZER. */
  readonly organizerAsMailed: string | null;
  /** SHOW_GUEST_LIST: whether a guest sees the other guests. */
  readonly guestList: boolean;
  /** DTSTAMP and SEQUENCE of the mailed copy. */
  readonly stamp: MailStamp;
  /** CALENDAR_ITIP_ENABLED: whether the calendar has a METHOD. Without it, guests answer with the links only. */
  readonly itip: boolean;
  /** The address for From. */
  readonly from: string;
  readonly links: RsvpLinks | null;
  readonly messageId: string;
  /** The Message-ID of the first mail about this event to this recipient. */
  readonly references: string | null;
  /** For the Date field, in milliseconds since 1970. The mail shows the next occurrence of a series from then on. */
  readonly date: number;
  readonly language: Language;
  readonly timezone: string;
}

/** An answer that waits for the organizer's decision. */
export interface HeldNotice {
  readonly kind: 'held';
  readonly attendee: CalendarAddress | null;
  readonly recurrenceId: string | null;
  readonly sender: string;
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** Why it is held; null for a stored reason that this version does not have, which is described as `held.other`. */
  readonly reason: HoldReason | null;
  readonly decisionLink: string | null;
}

/** Why a CalDAV server does not store a changed event. */
export type WriteRefusal = 'no-strong-etag' | 'not-allowed' | 'conflict' | 'too-large' | 'no-space';

/** One notice from the gateway to the organizer. */
export type NoticeKind =
  /** A guest has answered. */
  | {
      readonly kind: 'answer';
      readonly attendee: CalendarAddress;
      readonly partstat: Partstat;
      readonly comment: string | null;
      readonly recurrenceId: string | null;
    }
  | HeldNotice
  /** A summary of many held answers. `items` are the first ones of `count`, each with its event. */
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
  /** An attendee delegates to a person who is not invited. */
  | {
      readonly kind: 'delegation';
      readonly attendee: CalendarAddress;
      readonly delegate: CalendarAddress;
      readonly recurrenceId: string | null;
      readonly decisionLink: string;
    }
  /** The organizer's decision could not be carried out. `failed`: all attempts failed. */
  | { readonly kind: 'not-entered'; readonly attendee: CalendarAddress; readonly reason: Reason | 'failed' }
  /** Answers wait, because the CalDAV server refuses to store the event. */
  | { readonly kind: 'not-written'; readonly attendee: null; readonly reason: WriteRefusal; readonly count: number }
  /** The organizer has reached the limit of new recipients. Invitations wait until `until`, in milliseconds since 1970. */
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
  /** The event as stored or as last mailed, null if unknown. */
  readonly calendar: string | null;
  readonly organizer: CalendarAddress;
  readonly from: string;
  readonly messageId: string;
  readonly references: string | null;
  readonly date: number;
  readonly language: Language;
  readonly timezone: string;
}

/** A complete mail and its decoded subject. */
export interface ComposedMail {
  readonly subject: string;
  readonly raw: Uint8Array;
}

/** The compiled templates and catalogues. */
export interface Templates {
  readonly languages: readonly Language[];
  /** Renders a template such as `mail/invitation.html`. The output is escaped for HTML if the name ends in `.html`. */
  render(name: string, language: Language, data: Readonly<Record<string, unknown>>): string;
  /** Formats one message of the catalogue, such as `page.rsvp.title`. */
  message(language: Language, key: string, values?: Readonly<Record<string, string | number>>): string;
}
