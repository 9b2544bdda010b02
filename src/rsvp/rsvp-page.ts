// An invitation as the calendar has it in, the model of the RSVP page out.
import type { EventView } from '../compose/types.ts';
import type { Partstat } from '../itip/types.ts';

/** What the person who follows an RSVP link is shown. */
export interface RsvpShown {
  state: 'open' | 'past' | 'gone' | 'not-invited' | 'cancelled' | 'unreachable';
  /** The event, or the occurrence that the link names; null where it is not known. */
  event: EventView | null;
  /** The answer that the calendar has now. */
  partstat: Partstat | null;
  sequence: number | null;
  /** The link names one occurrence, and the person is invited to the whole series: both can be answered. */
  wholeSeries?: boolean;
  /** The event as this attendee was mailed it, without METHOD, for the download; absent or null: none is offered. */
  calendar?: string | null;
}
