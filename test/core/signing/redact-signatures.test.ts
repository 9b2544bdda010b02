import { expect, it } from 'vitest';
import { bounceAddress } from '../../../src/core/signing/bounce-address.ts';
import { redactSignatures } from '../../../src/core/signing/redact-signatures.ts';
import { readReplyAddress, replyAddress } from '../../../src/core/signing/reply-address.ts';
import { readRsvpToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import { address } from '../compose/samples.ts';
import { claims, NOW, ring } from '../../doors/web/start-http.ts';

const DOMAIN = 'reply.example.com';
const pair = { organizer: address('alice@example.com'), attendee: address('bob@example.com') };

it('leaves no valid address and no valid link', async () => {
  const reply = replyAddress(ring, pair, DOMAIN).address;
  const bounce = bounceAddress(ring, 'a'.repeat(26), DOMAIN);
  const token = await signRsvpToken(ring, claims);
  const refusal = `550 5.7.1 <${bounce}>: ${reply.toUpperCase()} and https://example.com/rsvp/?token=${token}&action=accepted`;
  const redacted = redactSignatures(refusal);
  const [, local = ''] = /([^ ]+)@REPLY/.exec(redacted) ?? [];
  expect(readReplyAddress(ring, `${local}@${DOMAIN}`, DOMAIN)).toBeNull();
  const [, rest = ''] = /token=([^&]*)/.exec(redacted) ?? [];
  expect(await readRsvpToken(ring, rest, NOW)).toEqual({ kind: 'invalid' });
  for (const secret of [reply, bounce, token]) expect(redacted.toLowerCase()).not.toContain(secret.toLowerCase());
  expect(redacted).toMatch(/^550 5\.7\.1 <b1a1-a{26}-…@reply\.example\.com>: /);
});

it('does not change other text', () => {
  const text = 'r1-b1-2: 250 2.0.0 Ok: queued as 4bX7Vd2JHlz9sWq; see eyJ. for bob@example.com';
  expect(redactSignatures(text)).toBe(text);
});
