// What the web doors ask of the house: the callback, the RSVP and decision pages, health. The flow implements it.
// All addresses and texts in it are untrusted; all times are milliseconds since 1970.
import type { CalendarAddress, Partstat } from '../core/ical/types.ts';
import type { HeldChoice, HeldShown } from '../core/pages/decision-page.ts';
import type { RsvpShown } from '../core/pages/rsvp-page.ts';
import type { DecisionClaims, RsvpClaims } from '../core/signing/types.ts';

export type { HeldAnswer, HeldChoice, HeldShown, Question } from '../core/pages/decision-page.ts';
export type { RsvpShown } from '../core/pages/rsvp-page.ts';

export type CallbackMethod =
  | 'REQUEST'
  | 'CANCEL'
  | 'REPLY'
  | 'COUNTER'
  | 'DECLINECOUNTER'
  | 'REFRESH'
  | 'ADD'
  | 'PUBLISH';

/** A callback whose calendar parses and agrees with its headers. */
export interface CallbackRequest {
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly method: CallbackMethod;
  /** The posted calendar, decoded, otherwise as posted. */
  readonly calendar: string;
}

export interface WebAnswer {
  readonly partstat: Partstat;
  /** Plain text with LF line ends, or null where nothing was written. */
  readonly comment: string | null;
  /** The SEQUENCE that the person saw when answering; null where none was known. */
  readonly sequence: number | null;
  /** The person was shown one occurrence of a series and answers for all of it. */
  readonly wholeSeries: boolean;
}

/**
 * `recorded`: the calendar says so. `received`: it is on disk and will be applied. Refused with `changed` or `stale`: the
 * event is another than the one shown; it is shown again.
 */
export type WebOutcome = 'recorded' | 'received' | { refused: string };

/** `not-entered`: what was let through is not in the calendar as it names it (no such event, date or guest). */
export type DecisionOutcome = 'done' | 'already-decided' | 'not-entered';

export interface UseCases {
  /** Durable when it resolves. A temporary GatewayError becomes 503 with Retry-After. */
  receiveCallback(request: CallbackRequest): Promise<void>;
  /** Never throws for a CalDAV outage: state `unreachable`, with the event from the ledger where it is known. */
  showRsvp(claims: RsvpClaims): Promise<RsvpShown>;
  /** Durable when it resolves; waits up to 2 s for the outcome. */
  answerRsvp(claims: RsvpClaims, answer: WebAnswer): Promise<WebOutcome>;
  /** What waits under this link; null: all of it is decided already. */
  readDecision(claims: DecisionClaims): Promise<HeldShown | null>;
  /** Waits up to 2 s for what the calendar makes of it. */
  decideHeld(claims: DecisionClaims, choice: HeldChoice): Promise<DecisionOutcome>;
  ready(): Promise<{ ok: boolean; checks: Record<string, 'ok' | string> }>;
}
