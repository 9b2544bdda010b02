// The checks of what receivers look up about our mail, by tables of records.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDkim, checkDmarc, checkSpf } from '../../../src/app/check/check-mail-domains.ts';
import { type CheckDns, openCheckDns } from '../../../src/app/check/check-dns.ts';
import { type DnsResponder, openDnsResponder } from '../../adapters/authenticate/dns-responder.ts';

let responder: DnsResponder;
let dns: CheckDns;
beforeAll(async () => {
  responder = await openDnsResponder({});
  dns = openCheckDns([responder.server]);
});
afterAll(() => {
  dns.close();
  responder.close();
});

let count = 0;
/** Uses a new domain for each case, because answers are cached. */
function publish(...txt: string[]): string {
  count += 1;
  const domain = `d${count}.example.com`;
  responder.zone[domain] = { TXT: txt };
  return domain;
}

describe('SPF', () => {
  it.each([
    ['one record, relay on this machine', ['v=spf1 mx -all'], '127.0.0.1', 'ok', /make sure that it names the address/],
    ['names the relay', ['v=spf1 ip4:203.0.113.0/24 -all'], '203.0.113.5', 'ok', /it names the relay/],
    [
      'names another',
      ['other', 'v=spf1 ip4:192.0.2.1 -all'],
      '203.0.113.5',
      'warning',
      /does not name the relay.*fail/,
    ],
    ['none', ['v=spf10 -all'], '203.0.113.5', 'failed', /no SPF record/],
    ['two', ['v=spf1 -all', 'v=spf1 mx -all'], '203.0.113.5', 'failed', /2 SPF records/],
    ['everybody', ['v=spf1 mx +all'], '203.0.113.5', 'failed', /every server/],
  ])('%s', async (_case, records, relay, status, finding) => {
    const result = await checkSpf(publish(...records), relay, dns);
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
    expect(result.todo.length > 0).toBe(status !== 'ok');
  });
});

describe('DKIM', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const other = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const ed25519 = generateKeyPairSync('ed25519');
  const pem = (key: typeof rsa.privateKey): string => String(key.export({ type: 'pkcs8', format: 'pem' }));
  const spki = (key: typeof rsa.publicKey): string => key.export({ type: 'spki', format: 'der' }).toString('base64');
  const rsaKey = spki(rsa.publicKey);
  const edKey = ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');

  it.each([
    ['RSA', rsa.privateKey, [`v=DKIM1; k=rsa; p=${rsaKey}`], 'ok', /matches DKIM_KEY/],
    [
      'RSA in pieces',
      rsa.privateKey,
      [`p=${rsaKey.slice(0, 90)} ${rsaKey.slice(90)}; k=rsa`],
      'ok',
      /matches DKIM_KEY/,
    ],
    ['Ed25519', ed25519.privateKey, [`v=DKIM1; k=ed25519; p=${edKey}`], 'ok', /matches DKIM_KEY/],
    ['another key', rsa.privateKey, [`v=DKIM1; p=${spki(other.publicKey)}`], 'failed', /does not match DKIM_KEY/],
    ['revoked', rsa.privateKey, ['v=DKIM1; p='], 'failed', /does not match DKIM_KEY/],
    ['none', rsa.privateKey, [], 'failed', /no key/],
    ['two', rsa.privateKey, [`p=${rsaKey}`, `p=${spki(other.publicKey)}`], 'failed', /2 keys/],
  ])('%s', async (_case, key, records, status, finding) => {
    const domain = `x${count}.example.com`;
    responder.zone[`s1._domainkey.${domain}`] = { TXT: records };
    count += 1;
    const result = await checkDkim({ domain, selector: 's1', key: pem(key) }, dns);
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
    if (status === 'failed')
      expect(result.todo.join(' ')).toContain(`s1._domainkey.${domain}. TXT "v=DKIM1; k=rsa; p=${rsaKey}"`);
  });

  it('is skipped without a key, and fails if DKIM_KEY is not a key', async () => {
    expect(await checkDkim(null, dns)).toMatchObject({ status: 'skipped' });
    const result = await checkDkim({ domain: 'example.com', selector: 's1', key: 'no key' }, dns);
    expect(result).toMatchObject({ status: 'failed', todo: [expect.stringContaining('DKIM_KEY')] });
  });
});

describe('DMARC', () => {
  const policy = (from: string, record: string): void => {
    responder.zone[`_dmarc.${from}`] = { TXT: [record] };
  };
  it.each([
    ['aligned by SPF', 'v=DMARC1; p=reject', 'reply.a.test', null, 'ok', /aligns by SPF \(reply\.a\.test\)/],
    [
      'aligned by both',
      'v=DMARC1; p=reject',
      'a.test',
      'mail.a.test',
      'ok',
      /SPF \(a\.test\) and DKIM \(mail\.a\.test\)/,
    ],
    ['strict SPF', 'v=DMARC1; p=quarantine; aspf=s', 'reply.a.test', null, 'warning', /p=quarantine; neither/],
    [
      'strict both',
      'v=DMARC1; p=reject; aspf=s; adkim=s',
      'reply.a.test',
      'mail.a.test',
      'failed',
      /p=reject; neither/,
    ],
    ['elsewhere, no policy', 'v=DMARC1; p=none', 'b.test', 'c.test', 'warning', /p=none; neither b\.test nor c\.test/],
    ['elsewhere', 'v=DMARC1; p=reject', 'b.test', 'c.test', 'failed', /neither b\.test nor c\.test/],
    ['none', 'nothing', 'b.test', null, 'warning', /no DMARC record/],
  ])('%s', async (_case, record, bounce, dkim, status, finding) => {
    count += 1;
    const own = `own${count}.test`;
    policy(own, record);
    const mine = (name: string | null): string | null => name?.replace(/\ba\.test$/, own) ?? null;
    const result = await checkDmarc({ from: own, bounce: mine(bounce) ?? '', dkim: mine(dkim) }, dns);
    expect(result.status).toBe(status);
    expect(result.finding.replaceAll(own, 'a.test')).toMatch(finding);
    expect(result.todo.length > 0).toBe(status !== 'ok');
  });

  it('fails if DNS does not respond', async () => {
    responder.failing.add('_dmarc.broken.test');
    const result = await checkDmarc({ from: 'broken.test', bounce: 'broken.test', dkim: null }, dns);
    expect(result).toMatchObject({ status: 'failed', todo: [expect.stringContaining('DNS_SERVERS')] });
  });
});
