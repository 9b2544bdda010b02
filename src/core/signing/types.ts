// Signed names that leave the house: reply addresses, bounce addresses, links.

export interface Key {
  /** 1–8 characters of [a-z0-9]. */
  readonly kid: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

/** The first signs, all verify. */
export type KeyRing = readonly [Key, ...Key[]];

/** What an RSVP link says. Addresses as written, without `mailto:`. */
export interface RsvpClaims {
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly attendee: string;
  readonly organizer: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What a decision link in a notice says: it covers everything held under `holdKey`. */
export interface DecisionClaims {
  readonly holdKey: string;
  readonly organizer: string;
  readonly expiresAt: number;
}
