// Tokens of links: valid, expired and invalid ones, and that no token is valid as one of another kind.
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../../src/core/signing/keys.ts';
import { readDecisionToken, readRsvpToken, signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import type { DecisionClaims, Key, KeyRing, RsvpClaims } from '../../../src/core/signing/types.ts';

const key = (kid: string, byte: number): Key => ({ kid, secret: new Uint8Array(32).fill(byte) });
const RING: KeyRing = [key('a', 1)];
const NOW = Date.UTC(2026, 10, 22);
const RSVP: RsvpClaims = {
  uid: 'event-1@example.com',
  recurrenceId: '20261122T100000Z',
  attendee: 'bob@example.com',
  organizer: 'alice@example.com',
  expiresAt: NOW + 60_000,
};
const DECISION: DecisionClaims = { holdKey: 'alice|bob', organizer: 'alice@example.com', expiresAt: NOW + 60_000 };

interface Forgery {
  readonly alg?: string;
  readonly typ?: string;
  readonly kid?: string;
  readonly audience?: string;
  readonly payload?: Record<string, unknown>;
  readonly secret?: Uint8Array;
  readonly expires?: boolean;
}

function forge(forgery: Forgery): Promise<string> {
  const { uid, recurrenceId, attendee, organizer } = RSVP;
  const jwt = new SignJWT(forgery.payload ?? { uid, recurrenceId, attendee, organizer })
    .setProtectedHeader({ alg: forgery.alg ?? 'HS256', typ: forgery.typ ?? 'rsvp+jwt', kid: forgery.kid ?? 'a' })
    .setAudience(forgery.audience ?? 'rsvp');
  if (forgery.expires !== false) jwt.setExpirationTime(RSVP.expiresAt / 1000);
  return jwt.sign(forgery.secret ?? deriveKey(RING[0], 'rsvp-token'));
}

describe('RSVP tokens', () => {
  it('are valid until they expire', async () => {
    const token = await signRsvpToken(RING, RSVP);
    expect(await readRsvpToken(RING, token, NOW)).toEqual({ kind: 'valid', claims: RSVP });
    expect(await readRsvpToken(RING, token, RSVP.expiresAt)).toEqual({ kind: 'expired', claims: RSVP });
  });

  it('remain valid after a key rotation, until their key is removed', async () => {
    const token = await signRsvpToken(RING, RSVP);
    expect(await readRsvpToken([key('b', 2), key('a', 1)], token, NOW)).toMatchObject({ kind: 'valid' });
    expect(await readRsvpToken([key('b', 2)], token, NOW)).toEqual({ kind: 'invalid' });
    expect(await readRsvpToken([key('a', 2)], token, NOW)).toEqual({ kind: 'invalid' });
  });

  it('are invalid after any change', async () => {
    const token = await signRsvpToken(RING, RSVP);
    for (let at = 0; at < token.length; at += 7) {
      const altered = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(await readRsvpToken(RING, altered, NOW)).toEqual({ kind: 'invalid' });
    }
  });

  it('are valid if `forge` changes nothing', async () => {
    expect(await readRsvpToken(RING, await forge({}), NOW)).toEqual({ kind: 'valid', claims: RSVP });
  });

  it.each<[string, Forgery]>([
    ['another audience', { audience: 'decision' }],
    ['another type', { typ: 'decision+jwt' }],
    ['another algorithm', { alg: 'HS512', secret: new Uint8Array(64) }],
    ['an unknown kid', { kid: 'zz' }],
    ['the secret itself instead of the derived key', { secret: RING[0].secret }],
    ["another purpose's key", { secret: deriveKey(RING[0], 'decision-token') }],
    ['a missing claim', { payload: { uid: 'x', attendee: 'bob@example.com', organizer: 'alice@example.com' } }],
    ['a claim of another type', { payload: { ...RSVP, uid: 1 } }],
    ['no expiry', { expires: false }],
  ])('are invalid with %s', async (_, forgery) => {
    expect(await readRsvpToken(RING, await forge(forgery), NOW)).toEqual({ kind: 'invalid' });
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(100_000)])('are invalid for other text: %#', async (text) => {
    expect(await readRsvpToken(RING, text, NOW)).toEqual({ kind: 'invalid' });
  });

  it('are invalid without a signature', async () => {
    const unsecured = new UnsecuredJWT({ ...RSVP }).setAudience('rsvp').setExpirationTime('1y').encode();
    expect(await readRsvpToken(RING, unsecured, NOW)).toEqual({ kind: 'invalid' });
  });
});

describe('decision tokens', () => {
  it('are valid until they expire', async () => {
    const token = await signDecisionToken(RING, DECISION);
    expect(await readDecisionToken(RING, token, NOW)).toEqual({ kind: 'valid', claims: DECISION });
    expect(await readDecisionToken(RING, token, DECISION.expiresAt)).toEqual({ kind: 'expired', claims: DECISION });
  });

  it('are invalid as RSVP tokens, and RSVP tokens as decision tokens', async () => {
    expect(await readRsvpToken(RING, await signDecisionToken(RING, DECISION), NOW)).toEqual({ kind: 'invalid' });
    expect(await readDecisionToken(RING, await signRsvpToken(RING, RSVP), NOW)).toEqual({ kind: 'invalid' });
  });
});
