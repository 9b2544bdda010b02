// Parsing of Authentication-Results: values as relays write them, and malformed ones.
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAuthenticationResults } from '../../../src/adapters/authenticate/authentication-results.ts';

type Plain = readonly (string | Record<string, string>)[] | null;

const plain = (value: string): Plain => {
  const read = readAuthenticationResults(value);
  return (
    read && [
      read.authservId,
      ...read.results.map(({ method, result, properties }) => ({ method, result, ...Object.fromEntries(properties) })),
    ]
  );
};

describe('readAuthenticationResults', () => {
  it.each<[string, string, Plain]>([
    [
      'RFC 8601 appendix B.3',
      'example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net',
      [
        'example.com',
        { method: 'auth', result: 'pass', 'smtp.auth': 'sender@example.net' },
        { method: 'spf', result: 'pass', 'smtp.mailfrom': 'example.net' },
      ],
    ],
    ['a version and no results', 'example.org 1; none', ['example.org']],
    [
      "Gmail's form",
      'mx.google.com; dkim=pass header.i=@example.com header.s=s1 header.b="a/b;c";\r\n dmarc=pass (p=REJECT sp=NONE dis=NONE) header.from=example.com',
      [
        'mx.google.com',
        { method: 'dkim', result: 'pass', 'header.i': '@example.com', 'header.s': 's1', 'header.b': 'a/b;c' },
        { method: 'dmarc', result: 'pass', 'header.from': 'example.com' },
      ],
    ],
    [
      "Exchange's form without an authserv-id",
      'spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.com; dmarc=pass',
      null,
    ],
    [
      'comments in comments, quotes in comments',
      'mx; dmarc=fail (a (b; dmarc=pass) ";") header.from=example.com',
      ['mx', { method: 'dmarc', result: 'fail', 'header.from': 'example.com' }],
    ],
    [
      'a method with a version and spaces around =',
      'MX.Example.NET; dkim/1 = PASS header.d = Example.com',
      ['mx.example.net', { method: 'dkim', result: 'pass', 'header.d': 'Example.com' }],
    ],
    [
      'an escaped parenthesis',
      'mx; dmarc=fail (x\\) dmarc=pass) header.from=example.com',
      ['mx', { method: 'dmarc', result: 'fail', 'header.from': 'example.com' }],
    ],
    ['an empty text', '', null],
    ['only a comment', '(mx)', null],
  ])('reads %s', (_, value, expected) => {
    expect(plain(value)).toEqual(expected);
  });

  it('reads any text without throwing', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(() => readAuthenticationResults(text)).not.toThrow();
      }),
    );
  });
});
