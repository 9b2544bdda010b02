// The header as fields, and back again byte by byte.
import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesOf, joinMail, splitHeader, valuesOf } from '../../src/authenticate/header-fields.ts';

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

  it('gives back any bytes as they were', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        const split = splitHeader(bytes);
        expect(split && Buffer.compare(joinMail(split), bytes)).toBe(0);
      }),
    );
  });

  it('looks at no header of more than 256 KB', () => {
    expect(splitHeader(Buffer.alloc(300_000, 'a'))).toBeNull();
    expect(splitHeader(Buffer.from(`A: b\r\n\r\n${'a'.repeat(300_000)}`))).not.toBeNull();
  });
});

describe('addressesOf', () => {
  it('finds every address of every such field', () => {
    const split = splitHeader(
      Buffer.from('To: A@x.test, G: b@x.test, <c@x.test>;\r\nCc: d@x.test\r\nto: E <e@X.test>\r\n\r\n'),
    );
    expect(split && addressesOf(split, 'to')).toEqual(['a@x.test', 'b@x.test', 'c@x.test', 'e@x.test']);
    expect(split && valuesOf(split, 'cc')).toEqual(['d@x.test']);
  });
});
