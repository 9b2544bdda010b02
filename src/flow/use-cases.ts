// What the web doors ask of the house: the callback, the RSVP and decision pages, health. The flow implements it.
// All addresses and texts in it are untrusted; all times are milliseconds since 1970.
import type { HeldChoice, HeldView } from '../core/pages/decision-page.ts';
import type { RsvpView } from '../core/pages/rsvp-page.ts';
import type { DecisionClaims, RsvpClaims } from '../core/signing/types.ts';
import type { CallbackRequest, WebAnswer } from './inbound/receive.ts';
import type { WebOutcome } from './inbound/show-rsvp.ts';
import type { DecisionOutcome } from './questions/decide-held.ts';

export type { HeldAnswer, HeldChoice, HeldView, Question } from '../core/pages/decision-page.ts';
export type { RsvpView } from '../core/pages/rsvp-page.ts';
export type { CallbackMethod, CallbackRequest, WebAnswer } from './inbound/receive.ts';
export type { WebOutcome } from './inbound/show-rsvp.ts';
export type { DecisionOutcome } from './questions/decide-held.ts';

export interface UseCases {
  /** Durable when it resolves. A temporary GatewayError becomes 503 with Retry-After. */
  receiveCallback(request: CallbackRequest): Promise<void>;
  /** Never throws for a CalDAV outage: state `unreachable`, with the event from the ledger where it is known. */
  showRsvp(claims: RsvpClaims): Promise<RsvpView>;
  /** Durable when it resolves; waits up to 2 s for the outcome. */
  answerRsvp(claims: RsvpClaims, answer: WebAnswer): Promise<WebOutcome>;
  /** What waits under this link; null: all of it is decided already. */
  readDecision(claims: DecisionClaims): Promise<HeldView | null>;
  /** Waits up to 2 s for what the calendar makes of it. */
  decideHeld(claims: DecisionClaims, choice: HeldChoice): Promise<DecisionOutcome>;
  ready(): Promise<{ ok: boolean; checks: Record<string, 'ok' | string> }>;
}
