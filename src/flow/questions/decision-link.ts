// Makes the signed link to the page on which an organizer decides about all records held under one key. Opening the
// link changes nothing; only submitting the form on the page does.
import { DAY } from '../../core/ical/local-time.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { signDecisionToken } from '../../core/signing/token.ts';
import type { KeyRing } from '../../core/signing/types.ts';

export interface DecisionLinkOptions {
  readonly ring: KeyRing;
  readonly appUrl: string;
  readonly now: () => number;
}

export type MakeDecisionLink = (holdKey: string, organizer: CalendarAddress) => Promise<string>;

/** How long a link is valid. */
export const DECISION_LINK_MS = 30 * DAY;

export function decisionLinks({ ring, appUrl, now }: DecisionLinkOptions): MakeDecisionLink {
  return async (holdKey, organizer) => {
    const claims = { holdKey, organizer: organizer.asWritten, expiresAt: now() + DECISION_LINK_MS };
    const token = await signDecisionToken(ring, claims);
    return `${appUrl.replace(/\/+$/, '')}/decide/?token=${encodeURIComponent(token)}`;
  };
}
