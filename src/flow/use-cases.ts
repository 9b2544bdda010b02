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
  /** Resolves when the callback is durable. A temporary GatewayError becomes 503 with Retry-After. */
  receiveCallback(request: CallbackRequest): Promise<void>;
  /**
   * During a CalDAV outage it does not throw: the state is `unreachable`, and the event is shown as last mailed, if it
   * was mailed.
   */
  showRsvp(claims: RsvpClaims): Promise<RsvpView>;
  /** Stores the answer durably, unless it is refused at once, and waits up to 2 s for its outcome. */
  answerRsvp(claims: RsvpClaims, answer: WebAnswer): Promise<WebOutcome>;
  /** Returns a view of the records held under the key of this link; null if the link is used or no record is left. */
  readDecision(claims: DecisionClaims): Promise<HeldView | null>;
  /** Waits up to 2 s for the effect on the event. */
  decideHeld(claims: DecisionClaims, choice: HeldChoice): Promise<DecisionOutcome>;
  /** `checks` maps the name of each back end to `ok` or an error. */
  ready(): Promise<{ ok: boolean; checks: Record<string, 'ok' | string> }>;
}
