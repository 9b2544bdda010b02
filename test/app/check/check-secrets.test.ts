// Keys: drawn at random, and still those that mails went out with.
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

describe('the secrets', () => {
  it('are right where all verify that went out', async () => {
    const link = await checkSecrets(config(`${fresh},${old}`), ledger(`ORGANIZER;CN=Alice:mailto:${address}`));
    expect(link).toMatchObject({ status: 'ok', said: 'the key k2 signs, k1 verify' });
    expect(await checkSecrets(config(old), null)).toMatchObject({ status: 'ok', said: 'the key k1 signs' });
  });

  it.each([
    ['bare', address],
    ['as a property', `ORGANIZER;CN=Alice:mailto:${address.toUpperCase()}`],
  ])('are wrong where a key of theirs was lost: %s', async (_case, organizerAsMailed) => {
    const link = await checkSecrets(config(fresh), ledger(organizerAsMailed));
    expect(link.status).toBe('failed');
    expect(link.said).toContain('<1@reply.example.com>');
    expect(link.todo[0]).toContain('put the old key back behind the new one');
    expect(JSON.stringify(link)).not.toContain(address);
  });

  it('leave alone what was mailed with an organizer’s own address', async () => {
    expect((await checkSecrets(config(fresh), ledger('mailto:alice@example.com'))).status).toBe('ok');
  });

  it('are noticed where somebody typed them', async () => {
    const typed = `k1:${Buffer.from('password'.repeat(4)).toString('base64')}`;
    expect(await checkSecrets(config(typed), null)).toMatchObject({ status: 'attention' });
  });
});
