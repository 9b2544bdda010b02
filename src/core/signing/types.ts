// Types of keys and of the claims in signed links. This file refuses nothing.

export interface Key {
  /** The name of the key: 1 to 8 characters of [a-z0-9]. */
  readonly kid: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

/** The first key signs, all keys verify. */
export type KeyRing = readonly [Key, ...Key[]];

/** The claims of an RSVP link. Addresses are as written, without `mailto:`. */
export interface RsvpClaims {
  readonly uid: string;
  readonly recurrenceId: string | null;
  readonly attendee: string;
  readonly organizer: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The claims of a decision link. It covers all answers that are held under `holdKey`. */
export interface DecisionClaims {
  readonly holdKey: string;
  readonly organizer: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}
