// Links that act for somebody: signed claims in a URL. A token is for one audience and type, HS256 and a key of the ring;
// whatever else it is, altered or made for another purpose, it is `invalid`. Expired is said only of an honest token.
import { SignJWT, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { type KeyPurpose, derive, findKey } from './keys.ts';
import type { DecisionClaims, KeyRing, RsvpClaims } from './types.ts';

export type ReadToken<Claims> =
  | { readonly kind: 'valid'; readonly claims: Claims }
  | { readonly kind: 'expired'; readonly claims: Claims }
  | { readonly kind: 'invalid' };

interface TokenForm<Claims> {
  readonly purpose: KeyPurpose;
  readonly type: string;
  readonly audience: string;
  readonly payload: z.ZodType<Omit<Claims, 'expiresAt'>>;
}

const RSVP: TokenForm<RsvpClaims> = {
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

const DECISION: TokenForm<DecisionClaims> = {
  purpose: 'decision-token',
  type: 'decision+jwt',
  audience: 'decision',
  payload: z.object({ holdKey: z.string(), organizer: z.string() }),
};

/** The claims of an RSVP link, signed. `expiresAt` is kept in whole seconds. */
export function signRsvpToken(ring: KeyRing, claims: RsvpClaims): Promise<string> {
  return sign(ring, RSVP, claims);
}

/** `now` in milliseconds. Never throws at what a stranger wrote. */
export function readRsvpToken(ring: KeyRing, token: string, now: number): Promise<ReadToken<RsvpClaims>> {
  return read(ring, RSVP, token, now);
}

/** The claims of a decision link in a notice, signed. `expiresAt` is kept in whole seconds. */
export function signDecisionToken(ring: KeyRing, claims: DecisionClaims): Promise<string> {
  return sign(ring, DECISION, claims);
}

/** `now` in milliseconds. Never throws at what a stranger wrote. */
export function readDecisionToken(ring: KeyRing, token: string, now: number): Promise<ReadToken<DecisionClaims>> {
  return read(ring, DECISION, token, now);
}

function sign<Claims extends { readonly expiresAt: number }>(
  ring: KeyRing,
  form: TokenForm<Claims>,
  claims: Claims,
): Promise<string> {
  const { expiresAt, ...payload } = claims;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', typ: form.type, kid: ring[0].kid })
    .setAudience(form.audience)
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(derive(ring[0], form.purpose));
}

async function read<Claims extends { readonly expiresAt: number }>(
  ring: KeyRing,
  form: TokenForm<Claims>,
  token: string,
  now: number,
): Promise<ReadToken<Claims>> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = findKey(ring, kid ?? '');
        if (key === null) throw new errors.JWKSNoMatchingKey();
        return derive(key, form.purpose);
      },
      {
        algorithms: ['HS256'],
        audience: form.audience,
        typ: form.type,
        requiredClaims: ['exp'],
        currentDate: new Date(now),
      },
    );
    return readClaims('valid', form, payload);
  } catch (error) {
    // jose looks at the expiry last: signature, type and audience are right here.
    if (error instanceof errors.JWTExpired) return readClaims('expired', form, error.payload);
    if (error instanceof errors.JOSEError) return { kind: 'invalid' };
    throw error;
  }
}

function readClaims<Claims extends { readonly expiresAt: number }>(
  kind: 'valid' | 'expired',
  form: TokenForm<Claims>,
  payload: { readonly exp?: number },
): ReadToken<Claims> {
  const claims = form.payload.safeParse(payload);
  if (!claims.success || payload.exp === undefined) return { kind: 'invalid' };
  return { kind, claims: { ...claims.data, expiresAt: payload.exp * 1000 } as Claims };
}
