// Authenticates signed mails with a DNS server on loopback: the evidence that is found, and what DNS failures change.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../../src/flow/ports/authenticator.ts';
import { openAuthenticator } from '../../../src/adapters/authenticate/authenticate.ts';
import { type DnsResponder, openDnsResponder } from './dns-responder.ts';
import { keyRecord, mailText, received, seal, sign } from './signed-mail.ts';

const BOB = 'From: Bob <Bob@Example.com>';
const RELAY = { trustedRelay: true, address: '10.0.0.1' };

const ZONE = {
  ...keyRecord('example.com'),
  ...keyRecord('mail.example.com'),
  ...keyRecord('google.com'),
  ...keyRecord('sealer.test'),
  ...keyRecord('other.test'),
  ...keyRecord('strict.test'),
  ...keyRecord('sub.strict.test'),
  'example.com': { TXT: ['unrelated', 'v=spf1 ip4:192.0.2.1 -all'] },
  '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject; sp=quarantine'] },
  '_dmarc.strict.test': { TXT: ['v=DMARC1; p=reject; adkim=s; aspf=s'] },
  '_dmarc.watching.test': { TXT: ['v=DMARC1; p=none'] },
  'sub.strict.test': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  'open.test': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  'soft.test': { TXT: ['v=spf1 ~all'] },
};

let dns: DnsResponder;
let authenticator: Authenticator;

function open(): Authenticator {
  return openAuthenticator({
    dnsServers: [dns.server],
    trustedAuthservIds: ['mx.example.net'],
    trustedArcSealers: ['Sealer.test'],
    hostname: 'gateway.test',
    dnsLimits: { deadlineMs: 400 },
  });
}

beforeAll(async () => {
  dns = await openDnsResponder(ZONE);
});
afterAll(() => dns.close());
beforeEach(() => {
  dns.failing.clear();
  dns.silent.clear();
  dns.queries.length = 0;
  authenticator = open();
  return () => authenticator.close();
});

const unsigned = (domain: string) => mailText(`From: bob@${domain}`);
const signedBy = (domain: string) => sign(mailText(BOB), { domain });
const results = (text: string, id = 'mx.example.net') => `Authentication-Results: ${id};\r\n ${text}`;

async function dmarcOf(domain: string) {
  const facts = await authenticator.authenticate(received(unsigned(domain), { mailFrom: '' }));
  return facts.dmarc;
}

describe('DKIM', () => {
  it('passes and is aligned with the From domain', async () => {
    const mail = received(await sign(mailText(BOB), { domain: 'example.com' }));
    expect(await authenticator.authenticate(mail)).toEqual({
      from: ['bob@example.com'],
      fromFields: 1,
      sender: null,
      replyTo: [],
      dkim: [{ domain: 'example.com', result: 'pass', aligned: true }],
      spf: { domain: 'example.com', result: 'pass', aligned: true },
      dmarc: { result: 'pass', policy: 'reject' },
      arc: { result: 'none', trustedSealer: false, dmarcPassed: false },
      fromRelay: false,
    });
  });

  it('of a subdomain is aligned through the organizational domain', async () => {
    const mail = received(await sign(mailText(BOB), { domain: 'mail.example.com' }), { address: '192.0.2.9' });
    expect(await authenticator.authenticate(mail)).toMatchObject({
      dkim: [{ domain: 'mail.example.com', result: 'pass', aligned: true }],
      spf: { result: 'fail' },
      dmarc: { result: 'pass' },
    });
  });

  it('of a subdomain is not aligned under a strict policy, and neither is SPF', async () => {
    const text = await sign(mailText('From: bob@strict.test'), { domain: 'sub.strict.test' });
    const mail = received(text, { mailFrom: 'bob@sub.strict.test' });
    expect(await authenticator.authenticate(mail)).toMatchObject({
      dkim: [{ result: 'pass', aligned: false }],
      spf: { result: 'pass', aligned: false },
      dmarc: { result: 'fail', policy: 'reject' },
    });
    const exact = received(await sign(mailText('From: bob@strict.test'), { domain: 'strict.test' }));
    expect(await authenticator.authenticate(exact)).toMatchObject({ dmarc: { result: 'pass' } });
  });

  it('of another domain is not aligned', async () => {
    const mail = received(await sign(mailText(BOB), { domain: 'other.test' }), { address: '192.0.2.9' });
    expect(await authenticator.authenticate(mail)).toMatchObject({
      dkim: [{ domain: 'other.test', result: 'pass', aligned: false }],
      dmarc: { result: 'fail', policy: 'reject' },
    });
  });

  it.each<[string, (signed: string) => string]>([
    ['a changed body', (signed) => signed.replace('Yes.', 'No.')],
    ['a changed subject', (signed) => signed.replace('Accepted', 'Declined')],
    ['a key that is not published', (signed) => signed.replace('s=s1', 's=s2')],
  ])('proves nothing with %s', async (_, change) => {
    const text = change(await sign(mailText(BOB), { domain: 'example.com' }));
    const { dkim, dmarc } = await authenticator.authenticate(received(text, { address: '192.0.2.9' }));
    expect(dkim).toHaveLength(1);
    expect(dkim[0]?.result).not.toBe('pass');
    expect(dmarc).toEqual({ result: 'fail', policy: 'reject' });
  });

  it('proves nothing if From is not signed, or if it uses SHA-1', async () => {
    for (const options of [{ headerList: ['Subject', 'Date'] }, { algorithm: 'rsa-sha1' }]) {
      const text = await sign(mailText(BOB), { domain: 'example.com', ...options });
      const { dkim } = await authenticator.authenticate(received(text, { address: '192.0.2.9' }));
      expect(dkim).toEqual([{ domain: 'example.com', result: 'neutral', aligned: true }]);
    }
  });

  it('is ignored if it leaves the end of the body unsigned', async () => {
    const text = `${await sign(mailText(BOB), { domain: 'example.com', maxBodyLength: 4 })}appended\r\n`;
    expect(text).toMatch(/l=4/);
    expect(await authenticator.authenticate(received(text, { address: '192.0.2.9' }))).toMatchObject({ dkim: [] });
  });

  it('of a calendar agent must cover the fields that name the person', async () => {
    const text = mailText(BOB, 'Sender: calendar-notification@google.com');
    const signed = await sign(text, { domain: 'google.com' });
    const facts = await authenticator.authenticate(received(signed));
    expect(facts).toMatchObject({
      sender: 'calendar-notification@google.com',
      dkim: [{ domain: 'google.com', result: 'pass', aligned: false }],
    });
    const extended = received(`Reply-To: <carol@example.com>\r\n${signed}`);
    expect(await authenticator.authenticate(extended)).toMatchObject({
      replyTo: ['carol@example.com'],
      dkim: [{ domain: 'google.com', result: 'neutral' }],
    });
  });

  it('is limited: only ten of a thousand signatures are checked', async () => {
    const forged = Array.from(
      { length: 1_000 },
      (_, n) => `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d${n}.test; s=s1; h=from; bh=x; b=y\r\n`,
    );
    const { dkim } = await authenticator.authenticate(received(forged.join('') + mailText(BOB)));
    expect(dkim).toHaveLength(10);
    expect(dns.queries.length).toBeLessThan(30);
  });
});

describe('a mail made to take much time', () => {
  const body = `${mailText(BOB)}${'a '.repeat(100_000)}\r\n`;
  it.each<[string, () => string]>([
    [
      'ten signatures of semicolons',
      () => `DKIM-Signature: a=rsa-sha256; d=d.test; s=s1; h=from; ${';'.repeat(16_000)}\r\n`.repeat(10) + body,
    ],
    ['folds', () => `X: a\r\n${' \r\n'.repeat(3_900)}${mailText(BOB)}`],
    ['fields', () => 'X: a\r\n'.repeat(3_900) + mailText(BOB)],
    [
      'results',
      () => `Authentication-Results: mx.example.net; ${'dkim=pass header.d=d.test; '.repeat(600)}\r\n${mailText(BOB)}`,
    ],
    ['white space', () => `Authentication-Results: mx.example.net; ${' '.repeat(16_000)}x\r\n${mailText(BOB)}`],
  ])('is checked: %s', async (_, text) => {
    const evidence = await authenticator.authenticate(received(text(), { trustedRelay: true }), true);
    expect(evidence.from).toEqual(['bob@example.com']);
    // Signatures over the maximum length are not checked.
    expect(dns.queries.filter((query) => query.includes('_domainkey'))).toEqual([]);
  });
});

describe('SPF', () => {
  it('passes for the domain of the envelope sender', async () => {
    const mail = received(unsigned('open.test'), { mailFrom: 'bounces@open.test' });
    expect(await authenticator.authenticate(mail)).toMatchObject({
      spf: { domain: 'open.test', result: 'pass', aligned: true },
      dmarc: { result: 'none', policy: null },
    });
  });

  it('uses HELO for a null sender', async () => {
    const mail = received(unsigned('open.test'), { mailFrom: '', helo: 'open.test' });
    expect(await authenticator.authenticate(mail)).toMatchObject({ spf: { domain: 'open.test', result: 'pass' } });
  });

  it('is neutral for softfail', async () => {
    const mail = received(unsigned('soft.test'), { mailFrom: 'bob@soft.test' });
    expect(await authenticator.authenticate(mail)).toMatchObject({ spf: { result: 'neutral' } });
  });

  it.each([
    ['for the loopback address', { address: '127.0.0.1' }],
    ['for the IPv6 loopback address', { address: '::1' }],
    ['for an address of a private network', { address: '192.168.1.1' }],
    ['behind a trusted relay without XCLIENT', { trustedRelay: true }],
    ['for LMTP', { door: 'lmtp' as const }],
    ['behind a relay whose XCLIENT has a private address', { trustedRelay: true, xclient: true, address: '10.1.1.1' }],
  ])('is none %s', async (_, facts) => {
    const { spf } = await authenticator.authenticate(received(unsigned('example.com'), facts));
    expect(spf).toEqual({ result: 'none', domain: null, aligned: false });
    expect(dns.queries).not.toContain('TXT example.com');
  });

  it('is evaluated for the XCLIENT address of a trusted relay', async () => {
    const facts = { trustedRelay: true, xclient: true, address: '192.0.2.1' };
    expect(await authenticator.authenticate(received(unsigned('example.com'), facts))).toMatchObject({
      spf: { result: 'pass' },
    });
  });
});

describe('DMARC', () => {
  it('fails under the policy of the domain or of its organizational domain', async () => {
    expect(await dmarcOf('example.com')).toEqual({ result: 'fail', policy: 'reject' });
    expect(await dmarcOf('a.b.example.com')).toEqual({ result: 'fail', policy: 'quarantine' });
    expect(await dmarcOf('watching.test')).toEqual({ result: 'fail', policy: 'none' });
  });

  it('is none if no policy is published', async () => {
    expect(await dmarcOf('open.test')).toEqual({ result: 'none', policy: null });
    expect(await dmarcOf('[192.0.2.1]')).toEqual({ result: 'none', policy: null });
  });
});

describe('From', () => {
  it.each<[string, string, readonly string[], number]>([
    ['two fields', `${BOB}\r\nFrom: Carol <carol@example.com>`, ['bob@example.com', 'carol@example.com'], 2],
    ['two addresses', 'From: bob@example.com, carol@example.com', ['bob@example.com', 'carol@example.com'], 1],
    ['a group', 'From: Team: bob@example.com, carol@example.com;', ['bob@example.com', 'carol@example.com'], 1],
    [
      'a field with a space before its colon',
      `${BOB}\r\nFrom : carol@example.com`,
      ['bob@example.com', 'carol@example.com'],
      2,
    ],
    ['no field', 'X-Nothing: here', [], 0],
    ['no address', 'From: Bob', [], 1],
  ])('with %s is listed, and nothing is looked up', async (_, line, addresses, fields) => {
    const mail = await sign(mailText(line), { domain: 'example.com' });
    const facts = await authenticator.authenticate(received(mail));
    expect(facts).toMatchObject({ from: addresses, fromFields: fields, dkim: [], dmarc: { result: 'none' } });
    expect(dns.queries).toEqual([]);
  });

  it.each([
    ['an address in the display name', 'From: "carol@example.com" <bob@example.com>', 'bob@example.com'],
    ['a comment', 'From: (carol@example.com) bob@example.com', 'bob@example.com'],
    ['a folded field', 'From: Bob\r\n <bob@example.com>', 'bob@example.com'],
    ['an IDN', 'From: bob@münchen.test', 'bob@xn--mnchen-3ya.test'],
  ])('with %s is read', async (_, line, address) => {
    expect(await authenticator.authenticate(received(mailText(line)))).toMatchObject({ from: [address] });
  });

  it('is not read from an overlong header', async () => {
    const huge = `${'X-Pad: y\r\n'.repeat(40_000)}${mailText(BOB)}`;
    expect(await authenticator.authenticate(received(huge))).toMatchObject({ from: [], fromFields: 0 });
    expect(dns.queries).toEqual([]);
  });

  it('is empty for a text that is not a mail', async () => {
    for (const text of ['', '\r\n', '\r\n\r\n', 'From', ':', 'From:\r\n', '\0\x01\xff']) {
      expect(await authenticator.authenticate(received(text))).toMatchObject({ from: [] });
    }
  });
});

describe('Authentication-Results of a trusted relay', () => {
  const PASS = results(
    'dkim=pass header.d=example.com; spf=pass smtp.mailfrom=bob@example.com; dmarc=pass header.from=example.com',
  );

  it('are used unchanged', async () => {
    expect(await authenticator.authenticate(received(mailText(PASS, BOB), RELAY))).toMatchObject({
      dkim: [{ domain: 'example.com', result: 'pass', aligned: true }],
      spf: { domain: 'example.com', result: 'pass', aligned: true },
      dmarc: { result: 'pass', policy: 'reject' },
      fromRelay: true,
    });
  });

  it.each<[string, string, object]>([
    ['from an untrusted peer', PASS, {}],
    ['of another authserv-id', results('dmarc=pass header.from=example.com', 'evil.test'), RELAY],
    ['for another From domain', results('dmarc=pass header.from=other.test'), RELAY],
    ['for no From domain', results('dmarc=pass'), RELAY],
  ])('are ignored %s', async (_, line, facts) => {
    expect(
      await authenticator.authenticate(received(mailText(line, BOB), { address: '192.0.2.9', ...facts })),
    ).toMatchObject({
      dmarc: { result: 'fail' },
      fromRelay: false,
    });
  });

  it('are read only from the topmost field of the trusted authserv-id', async () => {
    const fail = results('dmarc=fail header.from=example.com');
    expect(await authenticator.authenticate(received(mailText(fail, PASS, BOB), RELAY))).toMatchObject({
      dmarc: { result: 'fail', policy: 'reject' },
      fromRelay: true,
    });
    const untrusted = results('dmarc=fail header.from=example.com', 'elsewhere.test');
    expect(await authenticator.authenticate(received(mailText(untrusted, PASS, BOB), RELAY))).toMatchObject({
      dmarc: { result: 'pass' },
    });
  });

  it('are completed by our own DMARC evaluation if the relay has none', async () => {
    const dkim = results('dkim=pass header.d=mail.example.com');
    expect(await authenticator.authenticate(received(mailText(dkim, BOB), RELAY))).toMatchObject({
      dmarc: { result: 'pass', policy: 'reject' },
      fromRelay: true,
    });
  });
});

describe('ARC', () => {
  const SEALED_RESULTS = 'mx.sealer.test; dmarc=pass (p=REJECT) header.from=example.com';
  const forwarded = { address: '192.0.2.9', mailFrom: 'list@sealer.test' };

  it('of a trusted sealer proves the results that it sealed', async () => {
    const text = await seal(mailText(BOB), 'sealer.test', SEALED_RESULTS);
    expect(await authenticator.authenticate(received(text, forwarded))).toMatchObject({
      arc: { result: 'pass', trustedSealer: true, dmarcPassed: true },
      dmarc: { result: 'fail', policy: 'reject' },
    });
  });

  it.each<[string, () => Promise<string>, object]>([
    [
      'of an untrusted sealer is ignored',
      () => seal(mailText(BOB), 'other.test', SEALED_RESULTS),
      { result: 'none', trustedSealer: false },
    ],
    [
      'that is broken proves nothing',
      async () => (await seal(mailText(BOB), 'sealer.test', SEALED_RESULTS)).replace('Yes.', 'No.'),
      { result: 'fail' },
    ],
    [
      'with a DMARC failure proves nothing',
      () => seal(mailText(BOB), 'sealer.test', SEALED_RESULTS.replace('=pass', '=fail')),
      { result: 'pass' },
    ],
    [
      'for another From domain proves nothing',
      () => seal(mailText(BOB), 'sealer.test', SEALED_RESULTS.replace('example.com', 'other.test')),
      { result: 'pass' },
    ],
    [
      'without results proves nothing',
      () => seal(mailText(BOB), 'sealer.test', 'mx.sealer.test; none'),
      { result: 'pass' },
    ],
  ])('%s', async (_, text, expected) => {
    const { arc } = await authenticator.authenticate(received(await text(), forwarded));
    expect(arc).toMatchObject({ ...expected, dmarcPassed: false });
  });
});

describe('a DNS failure', () => {
  const temporary = expect.objectContaining({ code: 'dns-temporary', temporary: true });
  const elsewhere = { address: '192.0.2.9', mailFrom: 'list@other.test' };

  it('of the policy throws, and gives temperror at the last try', async () => {
    dns.failing.add('_dmarc.example.com');
    const mail = received(mailText(BOB), elsewhere);
    await expect(authenticator.authenticate(mail)).rejects.toEqual(temporary);
    expect(await authenticator.authenticate(mail, true)).toMatchObject({
      dmarc: { result: 'temperror', policy: null },
    });
  });

  it('of the key of an aligned signature throws', async () => {
    dns.failing.add('s1._domainkey.example.com');
    const mail = received(await signedBy('example.com'), elsewhere);
    await expect(authenticator.authenticate(mail)).rejects.toEqual(temporary);
    expect(await authenticator.authenticate(mail, true)).toMatchObject({
      dkim: [{ result: 'temperror' }],
      dmarc: { result: 'temperror' },
    });
  });

  it('of the SPF record of an aligned domain throws', async () => {
    dns.failing.add('example.com');
    await expect(authenticator.authenticate(received(mailText(BOB)))).rejects.toEqual(temporary);
  });

  it("of a calendar agent's key throws", async () => {
    dns.failing.add('s1._domainkey.google.com');
    const text = await sign(mailText('From: bob@watching.test', 'Sender: calendar-notification@google.com'), {
      domain: 'google.com',
    });
    await expect(authenticator.authenticate(received(text, elsewhere))).rejects.toEqual(temporary);
  });

  it("of a trusted sealer's key throws", async () => {
    dns.failing.add('s1._domainkey.sealer.test');
    const text = await seal(mailText(BOB), 'sealer.test', 'mx.sealer.test; dmarc=pass header.from=example.com');
    await expect(authenticator.authenticate(received(text, elsewhere))).rejects.toEqual(temporary);
  });

  it('is ignored if it cannot change the verdict', async () => {
    dns.failing.add('s1._domainkey.other.test').add('example.com');
    const twice = await sign(await signedBy('example.com'), { domain: 'other.test' });
    expect(await authenticator.authenticate(received(twice))).toMatchObject({ dmarc: { result: 'pass' } });
    dns.failing.add('_dmarc.example.com');
    authenticator.close();
    authenticator = open();
    expect(await authenticator.authenticate(received(await signedBy('example.com')))).toMatchObject({
      dmarc: { result: 'pass' },
    });
  });

  it('is assumed if DNS does not respond before the deadline', async () => {
    dns.silent.add('_dmarc.example.com').add('example.com').add('s1._domainkey.example.com');
    await expect(authenticator.authenticate(received(await signedBy('example.com')))).rejects.toEqual(temporary);
    // The resolver itself would repeat each query after two seconds.
    expect(new Set(dns.queries).size).toBe(dns.queries.length);
  });

  it('is not cached, but answers are', async () => {
    dns.failing.add('_dmarc.example.com');
    const mail = received(mailText(BOB), elsewhere);
    await expect(authenticator.authenticate(mail)).rejects.toEqual(temporary);
    dns.failing.clear();
    expect(await authenticator.authenticate(mail)).toMatchObject({ dmarc: { result: 'fail' } });
    dns.queries.length = 0;
    expect(await authenticator.authenticate(mail)).toMatchObject({ dmarc: { result: 'fail' } });
    expect(dns.queries).toEqual([]);
  });

  it('differs from an endless SPF record, which is a permerror', async () => {
    const zone = dns.zone as Record<string, { TXT: string[] }>;
    for (let n = 0; n < 30; n += 1) {
      zone[`n${n}.test`] = { TXT: [`v=spf1 include:n${n + 1}.test include:m${n}.test include:k${n}.test -all`] };
    }
    const mail = received(mailText('From: bob@n0.test'), { mailFrom: 'bob@n0.test' });
    expect(await authenticator.authenticate(mail)).toMatchObject({ spf: { result: 'permerror' } });
    expect(dns.queries.length).toBeLessThan(65);
  });
});
