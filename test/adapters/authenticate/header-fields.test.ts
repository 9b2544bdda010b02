// Splitting a mail into header fields, and joining it again byte for byte.
import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesOf, joinMail, splitHeader, valuesOf } from '../../../src/adapters/authenticate/header-fields.ts';

describe('splitHeader', () => {
  it('unfolds, folds case, and keeps the bytes', () => {
    const text = 'SUBJECT: one\r\n two\r\nX: \xc3\xa9\r\n\r\nbody: no field\r\n';
    const split = splitHeader(Buffer.from(text, 'latin1'));
    expect(split?.fields.map(({ name, value }) => [name, value])).toEqual([
      ['subject', 'one two'],
      ['x', 'é'],
    ]);
    expect(split && joinMail(split).toString('latin1')).toBe(text);
  });

  it('preserves all bytes', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        const split = splitHeader(bytes);
        expect(split && Buffer.compare(joinMail(split), bytes)).toBe(0);
      }),
    );
  });

  it.each<[string, string]>([
    ['a header of 300 KB', `A: ${'a'.repeat(300_000)}\r\n\r\n`],
    ['a header of 5,000 lines', `A: b\r\n${' \r\n'.repeat(5_000)}\r\n`],
    ['a From of 20 KB', `From: ${'a@b.test,'.repeat(2_500)}\r\n\r\n`],
    ['a line of 300 KB in the body', `A: b\r\n\r\n${'a'.repeat(300_000)}\r\n`],
  ])('refuses %s', (_, text) => {
    expect(splitHeader(Buffer.from(text))).toBeNull();
  });

  it('accepts a long mail of short lines, and a long list of recipients', () => {
    const to = `To: ${'<a@b.test>,\r\n '.repeat(2_000)}<a@b.test>\r\n\r\n`;
    expect(splitHeader(Buffer.from(to + 'line\r\n'.repeat(100_000)))).not.toBeNull();
  });
});

describe('addressesOf', () => {
  it('finds all addresses of all fields of the name', () => {
    const split = splitHeader(
      Buffer.from('To: A@x.test, G: b@x.test, <c@x.test>;\r\nCc: d@x.test\r\nto: E <e@X.test>\r\n\r\n'),
    );
    expect(split && addressesOf(split, 'to')).toEqual(['a@x.test', 'b@x.test', 'c@x.test', 'e@x.test']);
    expect(split && valuesOf(split, 'cc')).toEqual(['d@x.test']);
  });
});
