// The types of iTIP (RFC 5546) that all layers share. Times are in milliseconds since 1970 (UTC), unless the name says
// otherwise. This file refuses nothing.
import type { CalendarAddress, CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { HoldReason, ReasonFor } from '../reasons.ts';

/** RFC 5546 §2.1.5. `sequence` is null if the client sent none. */
export interface Revision {
  readonly sequence: number | null;
  readonly sentAt: number;
}

export type Door = 'smtp' | 'lmtp' | 'web' | 'callback';

/** One attendee's answer as stated in a calendar message. The sender is not verified. */
export interface ClaimedAnswer {
  readonly kind: 'answer';
  readonly component: 'VEVENT' | 'VTODO';
  readonly occurrence: OccurrenceKey;
  readonly range: 'THISANDFUTURE' | null;
  /** DTSTART: the time that the attendee was told, null if missing or invalid. */
  readonly start: CalendarTime | null;
  /** Null if there is no mail address (a COUNTER from Exchange, or a principal path from iCloud). */
  readonly attendee: CalendarAddress | null;
  readonly organizer: CalendarAddress | null;
  /** null: the message states no readable answer. */
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  readonly delegatedTo: readonly CalendarAddress[];
  readonly sequence: number | null;
  /** DTSTAMP, null if missing or invalid. */
  readonly stampedAt: number | null;
}

/** A COUNTER (RFC 5546 §3.2.7), which proposes another time. It never changes the event. */
export interface ClaimedProposal {
  readonly kind: 'proposal';
  readonly occurrence: OccurrenceKey;
  readonly attendee: CalendarAddress | null;
  readonly organizer: CalendarAddress | null;
  readonly start: CalendarTime | null;
  readonly end: CalendarTime | null;
  readonly comment: string | null;
  readonly sequence: number | null;
  readonly stampedAt: number | null;
}

/** A REFRESH (RFC 5546 §3.2.6), which requests the current event. */
export interface ClaimedRefresh {
  readonly kind: 'refresh';
  readonly occurrence: OccurrenceKey;
  readonly attendee: CalendarAddress | null;
  readonly organizer: CalendarAddress | null;
  readonly stampedAt: number | null;
}

export type ClaimedItem = ClaimedAnswer | ClaimedProposal | ClaimedRefresh;

/** An iTIP message as read from calendar text. The sender is not verified. */
export interface ItipMessage {
  /** In upper case; METHOD of the calendar, or else of Content-Type; null if neither has one. */
  readonly method: string | null;
  readonly items: readonly ClaimedItem[];
  /** One sentence with the reason for each component that gives no items. */
  readonly unusable: readonly string[];
}

/** One attendee's answer for one occurrence, from a verified sender. */
export interface Answer {
  readonly component: 'VEVENT' | 'VTODO';
  readonly occurrence: OccurrenceKey;
  readonly range: 'THISANDFUTURE' | null;
  /** DTSTART: the time that the attendee was told, null if unknown. */
  readonly start: CalendarTime | null;
  readonly attendee: CalendarAddress;
  readonly organizer: CalendarAddress;
  /** null: the message states no readable answer. Such an answer is held. */
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  readonly delegatedTo: readonly CalendarAddress[];
  /** `sentAt` is the later of DTSTAMP and Date, at most the time of first arrival; for a web answer, the time of the POST. */
  readonly revision: Revision;
  readonly door: Door;
  /** The time that the page showed. Absent in a mail, and if the page showed the event as last mailed. */
  readonly shown?: ShownTime | undefined;
}

/** The time of one occurrence (null: of the event itself), as `occurrenceSchedule`. */
export interface ShownTime {
  readonly recurrenceId: string | null;
  readonly schedule: string;
}

/** An answer with a PARTSTAT, so that it can be applied. */
export interface StatedAnswer extends Answer {
  readonly partstat: Partstat;
}

/** An answer of one attendee that was applied to the event, from the ledger. */
export interface AppliedAnswer {
  readonly attendeeKey: string;
  readonly recurrenceId: string | null;
  readonly sequence: number | null;
  readonly sentAt: number;
  readonly partstat: Partstat;
  /** The digest of partstat, comment, delegates and range (`answerContent`). */
  readonly content: string;
  /** SEQUENCE of the event when the answer was written, null if unknown. SOGo may have raised it above the mailed one. */
  readonly eventSequence: number | null;
  /** The time of the occurrence (`occurrenceSchedule`) when the answer was written, null if unknown. */
  readonly schedule: string | null;
}

/** One REQUEST or CANCEL that we mailed to one recipient. */
export interface MailedRevision {
  readonly recurrenceId: string | null;
  readonly method: string;
  /** As mailed. */
  readonly sequence: number;
  /** The SEQUENCEs of the mail that differ from those of `calendar`, by recurrenceId ('': of the event itself). */
  readonly raised: Readonly<Record<string, number>>;
  readonly mailedAt: number;
  /** DTSTAMP of the mail. */
  readonly stampedAt: number;
  /** The fingerprint of DTSTART, DTEND, DURATION, RRULE, RDATE and EXDATE. */
  readonly scheduleFingerprint: string;
  /** The calendar before it was rewritten for mail, '' if it is no longer stored. */
  readonly calendar: string;
}

/** The history of one attendee and one event, from the ledger and the spool. */
export interface History {
  readonly applied: readonly AppliedAnswer[];
  /** The messages mailed to this attendee, oldest first. */
  readonly mailed: readonly MailedRevision[];
  /** The attendee's other waiting answers. One of them may already be in the event, from a PUT of unknown outcome. */
  readonly waiting?: readonly Partstat[];
}

/** One change of the stored event. `recurrenceId` is as in OccurrenceKey, in the form of the event. */
export interface PartstatChange {
  readonly recurrenceId: string | null;
  /** Whether the override must be made from the master. */
  readonly create: boolean;
  readonly partstat: Partstat;
}

export type Decision =
  | {
      readonly verdict: 'apply';
      readonly reason: 'applied';
      readonly attendee: CalendarAddress;
      /** The occurrence in the form of the event, which is the ledger's key. */
      readonly occurrence: OccurrenceKey;
      /** Empty if the event already has this answer; it is then only recorded. */
      readonly changes: readonly PartstatChange[];
      /** The ledger line to write when the event is written. */
      readonly record: AppliedAnswer;
      /**
       * Further ledger lines: the later occurrences of a THISANDFUTURE answer, and the overrides that kept their own answer
       * when the series was answered. Without them, the same answers in another order could give another event.
       */
      readonly alsoRecord: readonly AppliedAnswer[];
    }
  | { readonly verdict: 'ignore'; readonly reason: 'stale' | 'duplicate' }
  | { readonly verdict: 'refuse'; readonly reason: 'cancelled-event' }
  /** If the organizer has already accepted the answer, it is refused with the same reason. */
  | { readonly verdict: 'hold'; readonly reason: HoldReason & ReasonFor<'refused'> };

/** A query to the recurrence engine, from `occurrencesNeeded`. Serialisable. */
export interface OccurrenceQuery {
  /** Calendar text with the master. The engine reads DTSTART, RRULE, RDATE, EXDATE and VTIMEZONEs from it. */
  readonly calendar: string;
  readonly uid: string;
  /** The earliest occurrence to return, in one of the three forms of a recurrenceId; null for the first occurrence. */
  readonly from: string | null;
  /** The maximum number of occurrences to return. */
  readonly limit: number;
}

/** The starts of the occurrences in the three forms of a recurrenceId, in order. `complete`: there are no further ones. */
export type OccurrenceAnswer =
  | { readonly kind: 'occurrences'; readonly starts: readonly string[]; readonly complete: boolean }
  | { readonly kind: 'too-expensive' };
