// What waits for the organizer's decision in, the model of the decision page out: which answers, from whom, why they wait
// and what may be chosen. A sender is never made a known alias of the address that it already has.
import type { EventView } from '../compose/types.ts';
import type { Partstat } from '../itip/types.ts';

/** `alias`: this sender is that attendee, now and later. `once`: apply what waits. `ignore`: drop what waits. */
export type HeldChoice = 'alias' | 'once' | 'ignore';

/** One answer that waits. */
export interface HeldAnswer {
  /** What it is about; null where the event could not be found. */
  readonly event: EventView | null;
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** A HoldReason, or another word of the flow's with a `page.decide.reason.…` message. */
  readonly reason: string;
  readonly receivedAt: number;
}

/** All that one decision covers: the answers of one sender that name one attendee. */
export interface HeldShown {
  /** Who the mail says it is from. */
  readonly sender: string;
  /** Whose answer it claims to be; null where it names nobody. */
  readonly attendee: string | null;
  readonly answers: readonly HeldAnswer[];
}
