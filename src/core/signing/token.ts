// Signs and verifies the tokens of RSVP and decision links (RFC 7519). In: claims, or a token; out: a token, or its claims. It
// refuses, as `invalid`, a token with another audience, type, algorithm or key. It returns `expired` only for a token that is
// otherwise valid.
import { SignJWT, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { type KeyPurpose, deriveKey, findKey } from './keys.ts';
import type { DecisionClaims, KeyRing, RsvpClaims } from './types.ts';

export type ReadToken<Claims> =
  | { readonly kind: 'valid'; readonly claims: Claims }
  | { readonly kind: 'expired'; readonly claims: Claims }
  | { readonly kind: 'invalid' };

interface TokenSpec<Claims> {
  readonly purpose: KeyPurpose;
  readonly type: string;
  readonly audience: string;
  readonly payload: z.ZodType<Omit<Claims, 'expiresAt'>>;
}

const RSVP: TokenSpec<RsvpClaims> = {
  purpose: 'rsvp-token',
  type: 'rsvp+jwt',
  audience: 'rsvp',
  payload: z.object({
    uid: z.string(),
    recurrenceId: z.string().nullable(),
    attendee: z.string(),
    organizer: z.string(),
  }),
};

const DECISION: TokenSpec<DecisionClaims> = {
  purpose: 'decision-token',
  type: 'decision+jwt',
  audience: 'decision',
  payload: z.object({ holdKey: z.string(), organizer: z.string() }),
};

/** Signs the claims of an RSVP link. `expiresAt` is rounded down to whole seconds. */
export function signRsvpToken(ring: KeyRing, claims: RsvpClaims): Promise<string> {
  return sign(ring, RSVP, claims);
}

/** `now` is in milliseconds since 1970. Never throws for any token. */
export function readRsvpToken(ring: KeyRing, token: string, now: number): Promise<ReadToken<RsvpClaims>> {
  return read(ring, RSVP, token, now);
}

/** Signs the claims of a decision link in a notice. `expiresAt` is rounded down to whole seconds. */
export function signDecisionToken(ring: KeyRing, claims: DecisionClaims): Promise<string> {
  return sign(ring, DECISION, claims);
}

/** `now` is in milliseconds since 1970. Never throws for any token. */
export function readDecisionToken(ring: KeyRing, token: string, now: number): Promise<ReadToken<DecisionClaims>> {
  return read(ring, DECISION, token, now);
}

function sign<Claims extends { readonly expiresAt: number }>(
  ring: KeyRing,
  spec: TokenSpec<Claims>,
  claims: Claims,
): Promise<string> {
  const { expiresAt, ...payload } = claims;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', typ: spec.type, kid: ring[0].kid })
    .setAudience(spec.audience)
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(deriveKey(ring[0], spec.purpose));
}

async function read<Claims extends { readonly expiresAt: number }>(
  ring: KeyRing,
  spec: TokenSpec<Claims>,
  token: string,
  now: number,
): Promise<ReadToken<Claims>> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = findKey(ring, kid ?? '');
        if (key === null) throw new errors.JWKSNoMatchingKey();
        return deriveKey(key, spec.purpose);
      },
      {
        algorithms: ['HS256'],
        audience: spec.audience,
        typ: spec.type,
        requiredClaims: ['exp'],
        currentDate: new Date(now),
      },
    );
    return readClaims('valid', spec, payload);
  } catch (error) {
    // jose checks the expiry last, so signature, type and audience are valid here.
    if (error instanceof errors.JWTExpired) return readClaims('expired', spec, error.payload);
    if (error instanceof errors.JOSEError) return { kind: 'invalid' };
    throw error;
  }
}

function readClaims<Claims extends { readonly expiresAt: number }>(
  kind: 'valid' | 'expired',
  spec: TokenSpec<Claims>,
  payload: { readonly exp?: number },
): ReadToken<Claims> {
  const claims = spec.payload.safeParse(payload);
  if (!claims.success || payload.exp === undefined) return { kind: 'invalid' };
  return { kind, claims: { ...claims.data, expiresAt: payload.exp * 1000 } as Claims };
}
