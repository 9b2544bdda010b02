// The port of the recurrence engine: expands an untrusted recurrence set into occurrences within limits of time and
// memory. A set that exceeds the limits gives `too-expensive`.
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';

/** Throws GatewayError `internal` if no worker can be started, and after `close`. */
export type Expand = (query: OccurrenceQuery) => Promise<OccurrenceAnswer>;

export interface Recurrence {
  readonly expand: Expand;
  close(): Promise<void>;
}
