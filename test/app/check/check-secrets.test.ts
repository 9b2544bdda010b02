// The check of the keys: whether they are random, and verify the mails that were sent.
import { describe, expect, it } from 'vitest';
import { checkSecrets } from '../../../src/app/check/check-secrets.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { makeSecret } from '../../../src/app/start-gateway.ts';
import { parseKeyRing } from '../../../src/core/signing/keys.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import type { Ledger, Mailing } from '../../../src/flow/ports/spool.ts';
import { newEntry, newMailing } from '../../adapters/spool/records.ts';

const old = makeSecret().replace(/^[^:]+/, 'k1');
const fresh = makeSecret().replace(/^[^:]+/, 'k2');
const person = (name: string) => ({ key: `${name}@example.com`, asWritten: `${name}@example.com` });
const pair = { organizer: person('alice'), attendee: person('bob') };
const { address } = replyAddress(parseKeyRing(old), pair, 'reply.example.com');

const config = (secrets: string) => requireConfig({ GATEWAY_SECRETS: secrets, REPLY_DOMAIN: 'reply.example.com' });
const ledger = (organizerAsMailed: string): Ledger =>
  ({
    recent: async () => [newEntry({ verdict: 'mailed', messageId: '<1@reply.example.com>' }), newEntry()],
    mailing: async (): Promise<Mailing> => newMailing({ organizerAsMailed }),
  }) as unknown as Ledger;

describe('the check of the secrets', () => {
  it('succeeds if all mails that were sent still verify', async () => {
    const result = await checkSecrets(config(`${fresh},${old}`), ledger(`ORGANIZER;CN=Alice:mailto:${address}`));
    expect(result).toMatchObject({ status: 'ok', finding: 'the key k2 signs and verifies; k1 only verifies' });
    expect(await checkSecrets(config(old), null)).toMatchObject({
      status: 'ok',
      finding: 'the key k1 signs and verifies',
    });
  });

  it.each([
    ['bare', address],
    ['as a property', `ORGANIZER;CN=Alice:mailto:${address.toUpperCase()}`],
  ])('fails if the key of a mail was lost: %s', async (_case, organizerAsMailed) => {
    const result = await checkSecrets(config(fresh), ledger(organizerAsMailed));
    expect(result.status).toBe('failed');
    expect(result.finding).toContain('<1@reply.example.com>');
    expect(result.todo[0]).toContain('add the old key after the new one');
    expect(JSON.stringify(result)).not.toContain(address);
  });

  it('ignores mails from an organizer’s own address', async () => {
    expect((await checkSecrets(config(fresh), ledger('mailto:alice@example.com'))).status).toBe('ok');
  });

  it('warns if a key was typed by hand', async () => {
    const typed = `k1:${Buffer.from('password'.repeat(4)).toString('base64')}`;
    expect(await checkSecrets(config(typed), null)).toMatchObject({ status: 'warning' });
  });
});
