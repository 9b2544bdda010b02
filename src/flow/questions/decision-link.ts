// The signed link under which an organizer decides what waits under one key. The page behind it changes nothing until its
// form is sent.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { signDecisionToken } from '../../core/signing/token.ts';
import type { KeyRing } from '../../core/signing/types.ts';

export interface DecisionLinkOptions {
  readonly ring: KeyRing;
  readonly appUrl: string;
  readonly now: () => number;
}

export type LinkToDecide = (holdKey: string, organizer: CalendarAddress) => Promise<string>;

/** How long a question may be answered. */
export const LINK_MS = 30 * 86_400_000;

export function linksToDecide({ ring, appUrl, now }: DecisionLinkOptions): LinkToDecide {
  return async (holdKey, organizer) => {
    const claims = { holdKey, organizer: organizer.asWritten, expiresAt: now() + LINK_MS };
    const token = await signDecisionToken(ring, claims);
    return `${appUrl.replace(/\/+$/, '')}/decide/?token=${encodeURIComponent(token)}`;
  };
}
