// The use cases that the web doors call: the callback, the RSVP page, the decision page and the readiness check. All
// addresses and texts are untrusted; all times are milliseconds since 1970.
import type { HeldChoice, HeldView } from '../core/pages/decision-page.ts';
import type { RsvpView } from '../core/pages/rsvp-page.ts';
import type { DecisionClaims, RsvpClaims } from '../core/signing/types.ts';
import type { CallbackRequest, WebAnswer } from './inbound/receive.ts';
import type { WebOutcome } from './inbound/show-rsvp.ts';
import type { DecisionOutcome } from './questions/decide-held.ts';

export type { HeldAnswer, HeldChoice, HeldView, Question } from '../core/pages/decision-page.ts';
export type { RsvpView } from '../core/pages/rsvp-page.ts';
export type { CallbackRequest, WebAnswer } from './inbound/receive.ts';
export type { WebOutcome } from './inbound/show-rsvp.ts';
export type { DecisionOutcome } from './questions/decide-held.ts';

export interface UseCases {
  /** Durable when it resolves. A temporary GatewayError becomes 503 with Retry-After. */
  receiveCallback(request: CallbackRequest): Promise<void>;
  /**
   * Does not throw during a CalDAV outage: the state is `unreachable`, with the event as last mailed if it was mailed.
   */
  showRsvp(claims: RsvpClaims): Promise<RsvpView>;
  /** The answer is durable when it resolves. Waits up to 2 s for the outcome. */
  answerRsvp(claims: RsvpClaims, answer: WebAnswer): Promise<WebOutcome>;
  /** Returns what is held under this link; null: everything has been decided. */
  readDecision(claims: DecisionClaims): Promise<HeldView | null>;
  /** Waits up to 2 s for the effect on the event. */
  decideHeld(claims: DecisionClaims, choice: HeldChoice): Promise<DecisionOutcome>;
  /** `checks` names each back end with `ok` or an error. */
  ready(): Promise<{ ok: boolean; checks: Record<string, 'ok' | string> }>;
}
