import { describe, expect, it } from 'vitest';
import { addressKey, calendarAddress } from '../../../src/core/ical/calendar-address.ts';

describe('calendarAddress', () => {
  it.each([
    ['mailto:bob@example.com', 'bob@example.com', 'bob@example.com'],
    ['MAILTO:Bob@Example.COM', 'bob@example.com', 'Bob@Example.COM'],
    ['bob@example.com', 'bob@example.com', 'bob@example.com'],
    [' mailto: bob@example.com ', 'bob@example.com', 'bob@example.com'],
    ['<bob@example.com>', 'bob@example.com', 'bob@example.com'],
    ['mailto:bob%2Btag@example.com', 'bob+tag@example.com', 'bob+tag@example.com'],
    ['bob%2Btag@example.com', 'bob%2btag@example.com', 'bob%2Btag@example.com'],
    ['mailto:50%off@example.com', '50%off@example.com', '50%off@example.com'],
    ['mailto:bob@example.com?subject=hi', 'bob@example.com', 'bob@example.com'],
    ['mailto:bob@example.com.', 'bob@example.com', 'bob@example.com'],
    ['mailto:jörg@bücher.example.com', 'jörg@xn--bcher-kva.example.com', 'jörg@bücher.example.com'],
    ['mailto:j%C3%B6rg@XN--BCHER-KVA.example.com', 'jörg@xn--bcher-kva.example.com', 'jörg@XN--BCHER-KVA.example.com'],
    ['mailto:"b.o.b"@example.com', '"b.o.b"@example.com', '"b.o.b"@example.com'],
    ["mailto:o'hara@example.com", "o'hara@example.com", "o'hara@example.com"],
    ['bob@[192.0.2.1]', 'bob@[192.0.2.1]', 'bob@[192.0.2.1]'],
    ['bob@localhost', 'bob@localhost', 'bob@localhost'],
    ['b@x', 'b@x', 'b@x'],
    ["o'b@x", "o'b@x", "o'b@x"],
    ['MailTo : b@example.com', 'b@example.com', 'b@example.com'],
    ["< mailto:o'hara@example.com >", "o'hara@example.com", "o'hara@example.com"],
    ["mailto:o'hara@example.com ?cc=x", "o'hara@example.com", "o'hara@example.com"],
    ['bob@[IPv6:2001:DB8::1]', 'bob@[ipv6:2001:db8::1]', 'bob@[IPv6:2001:DB8::1]'],
    ['bob@_dmarc.Example.com', 'bob@_dmarc.example.com', 'bob@_dmarc.Example.com'],
    ['bob@192.0.2', 'bob@192.0.2', 'bob@192.0.2'],
    // A decomposed and a composed letter are the same address.
    ['jo\u0308rg@example.com', 'j\u00f6rg@example.com', 'jo\u0308rg@example.com'],
    [`${'b'.repeat(308)}@example.com`, `${'b'.repeat(308)}@example.com`, `${'b'.repeat(308)}@example.com`],
    [`'${'b'.repeat(307)}@example.com`, `'${'b'.repeat(307)}@example.com`, `'${'b'.repeat(307)}@example.com`],
    [`mailto:'${'b'.repeat(307)}@example.com`, `'${'b'.repeat(307)}@example.com`, `'${'b'.repeat(307)}@example.com`],
  ])('reads %s', (text, key, asWritten) => {
    expect(calendarAddress(text)).toEqual({ key, asWritten });
  });

  it.each([
    '',
    'mailto:',
    'invalid:nomail',
    'urn:uuid:2e5c1a52-7b8a-4f0e-9d7f-0d3f6b2f7a11',
    '/12345/principal/',
    '/principals/alice@example.com',
    'https://example.com/principals/bob/',
    'mailto:bob',
    'mailto:@example.com',
    'mailto:bob@',
    'mailto:bob@example..com',
    'mailto:bob smith@example.com',
    'mailto:bob@example.com,eve@example.com',
    'mailto:bob@example.com@example.org',
    'mailto:bob@exam ple.com',
    'mailto:bob%0d%0aeve@example.com',
    'mailto:bob%00@example.com',
    'mailto:bob@.example.com',
    'mailto:bob@exa,mple.com',
    'mailto:bob@exa<mple.com',
    'mailto:bob@exa/mple',
    'mailto:bob@[192.0.2.1',
    'mailto:bob@x[192.0.2.1]',
    'mailto:bob@[192.0.2.1]x',
    'mailto:bob@\u00ad',
    'mailto:bob"x"@example.com',
    'mailto:"x"bob@example.com',
    'mailto:"b\\"@example.com',
    'x <bob@example.com>',
    '<bob@example.com> x',
    'smtp:mailto:bob@example.com',
    `${'b'.repeat(309)}@example.com`,
    `'${'b'.repeat(308)}@example.com`,
    `${'b'.repeat(400)}@example.com`,
    `${'é'.repeat(200)}@example.com`,
  ])('returns null for %s', (text) => {
    expect(calendarAddress(text)).toBeNull();
  });
});

describe('addressKey', () => {
  it.each([
    ['MAILTO:Bob@Example.COM', 'bob@example.com'],
    ['jörg@bücher.example.com', 'jörg@xn--bcher-kva.example.com'],
    [' URN:UUID:2E5C1A52 ', 'urn:uuid:2e5c1a52'],
    ['Postmaster', 'postmaster'],
    ['', ''],
  ])('returns for %j the key %j', (text, key) => {
    expect(addressKey(text)).toBe(key);
  });
});
