// The nouns of iTIP (RFC 5546) that all layers share. Values only; all times are milliseconds since 1970 (UTC) unless the
// name says otherwise.
import type { CalendarAddress, CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { HoldReason, ReasonFor } from '../reasons.ts';

/** RFC 5546 §2.1.5. `sequence` null: the client sent none. */
export interface Revision {
  readonly sequence: number | null;
  readonly sentAt: number;
}

export type Door = 'smtp' | 'lmtp' | 'web';

/** One attendee's answer as a calendar message states it, before anyone checked who sent it. */
export interface ClaimedAnswer {
  readonly kind: 'answer';
  readonly component: 'VEVENT' | 'VTODO';
  readonly occurrence: OccurrenceKey;
  readonly range: 'THISANDFUTURE' | null;
  /** null where the client names nobody usable (Exchange COUNTER, an iCloud principal path). */
  readonly attendee: CalendarAddress | null;
  readonly organizer: CalendarAddress | null;
  readonly partstat: Partstat;
  readonly comment: string | null;
  readonly delegatedTo: readonly CalendarAddress[];
  readonly sequence: number | null;
  /** DTSTAMP, null where missing or unreadable. */
  readonly stampedAt: number | null;
}

/** A COUNTER (RFC 5546 §3.2.7): a wish for another time. It never edits the event. */
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

/** A REFRESH (RFC 5546 §3.2.6): "send me the event again". */
export interface ClaimedRefresh {
  readonly kind: 'refresh';
  readonly occurrence: OccurrenceKey;
  readonly attendee: CalendarAddress | null;
  readonly organizer: CalendarAddress | null;
  readonly stampedAt: number | null;
}

export type ClaimedItem = ClaimedAnswer | ClaimedProposal | ClaimedRefresh;

/** An iTIP message as read from calendar text, whoever sent it. */
export interface ItipMessage {
  /** Upper case; the body's METHOD wins over the header's; null where neither says. */
  readonly method: string | null;
  readonly items: readonly ClaimedItem[];
  /** One sentence for each component that gives no item, and why. */
  readonly unusable: readonly string[];
}

/** One attendee's answer about one occurrence, from a sender whose right to give it has been established. */
export interface Answer {
  readonly component: 'VEVENT' | 'VTODO';
  readonly occurrence: OccurrenceKey;
  readonly range: 'THISANDFUTURE' | null;
  readonly attendee: CalendarAddress;
  readonly organizer: CalendarAddress;
  readonly partstat: Partstat;
  readonly comment: string | null;
  readonly delegatedTo: readonly CalendarAddress[];
  /** `sentAt` is the later of DTSTAMP and Date, clamped once to first arrival; for the web its POST. */
  readonly revision: Revision;
  readonly door: Door;
}

/** What the ledger knows of answers applied before, by one attendee to one event. */
export interface AppliedAnswer {
  readonly attendeeKey: string;
  readonly recurrenceId: string | null;
  readonly sequence: number | null;
  readonly sentAt: number;
  readonly partstat: Partstat;
  /** Digest of what makes two answers equal: partstat, comment, delegation, range. */
  readonly content: string;
  /** SEQUENCE of the event when the answer was written into it; null: not known. SOGo raises by itself what was mailed. */
  readonly eventSequence: number | null;
  /** When the occurrence was (`occurrenceSchedule`) as the answer was written; null: not known. */
  readonly schedule: string | null;
}

/** One REQUEST or CANCEL that we mailed to one recipient. */
export interface MailedRevision {
  readonly recurrenceId: string | null;
  readonly method: string;
  readonly sequence: number;
  readonly mailedAt: number;
  /** Fingerprint of DTSTART, DTEND, DURATION, RRULE, RDATE, EXDATE. */
  readonly scheduleFingerprint: string;
  /** The calendar that was mailed; '' where it is no longer known. */
  readonly calendar: string;
}

/** All that `decide` knows about the past of one attendee and one event. */
export interface History {
  readonly applied: readonly AppliedAnswer[];
  /** What that attendee was mailed, oldest first. */
  readonly mailed: readonly MailedRevision[];
  /** What else of theirs waits: it may have been written by a PUT whose outcome nobody saw. */
  readonly waiting?: readonly Partstat[];
}

/** One thing to do to the stored event. `recurrenceId` as in OccurrenceKey, resolved against the event. */
export interface PartstatChange {
  readonly recurrenceId: string | null;
  /** True where the override does not exist yet and is to be made from the master. */
  readonly create: boolean;
  readonly partstat: Partstat;
}

export type Decision =
  | {
      readonly verdict: 'apply';
      readonly reason: 'applied';
      readonly attendee: CalendarAddress;
      /** The occurrence as the event knows it: the ledger's key. */
      readonly occurrence: OccurrenceKey;
      /** Empty where the event says so already: recorded, nothing written. */
      readonly changes: readonly PartstatChange[];
      /** For the ledger, once the event is written. */
      readonly record: AppliedAnswer;
      /**
       * Further ledger lines that go with it: the later occurrences of a THISANDFUTURE answer, and which overrides kept
       * an answer of their own when the series was answered. Without them the same answers in another order could end
       * in another state.
       */
      readonly alsoRecord: readonly AppliedAnswer[];
    }
  | { readonly verdict: 'ignore'; readonly reason: 'stale' | 'duplicate' }
  | { readonly verdict: 'refuse'; readonly reason: 'cancelled-event' }
  /** Refused with the same reason if the organizer has accepted it already. */
  | { readonly verdict: 'hold'; readonly reason: HoldReason & ReasonFor<'refused'> };

/** A question to the recurrence engine; asked by `occurrencesNeeded`, answered by `recurrence/`. Serialisable. */
export interface OccurrenceQuery {
  /** The calendar text that holds the master: the engine reads DTSTART, RRULE, RDATE, EXDATE and VTIMEZONEs from it. */
  readonly calendar: string;
  readonly uid: string;
  /** Only occurrences from here on are wanted; null from the first. Same three forms as a recurrenceId. */
  readonly from: string | null;
  /** Stop after that many found. */
  readonly limit: number;
}

/** Starts of the occurrences in the three forms of a recurrenceId, in order. */
export type OccurrenceAnswer =
  | { readonly kind: 'occurrences'; readonly starts: readonly string[]; readonly complete: boolean }
  | { readonly kind: 'too-expensive' };
