// The recurrence engine as the flow sees it: which occurrences an untrusted recurrence set has, within limits of time and
// memory. A set that exceeds them is answered `too-expensive`.
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';

/** Throws GatewayError `internal` where no worker can be started, or after `close`. */
export type Expand = (query: OccurrenceQuery) => Promise<OccurrenceAnswer>;

export interface Recurrence {
  readonly expand: Expand;
  close(): Promise<void>;
}
