import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSignedData } from '../../../src/core/message/signed-data.ts';
import { element, ENVELOPED_DATA, signedData } from './write-signed-data.ts';

const TEXT = 'Content-Type: text/plain\r\n\r\nGrüße';
const open = (octets: Uint8Array): string | null => {
  const content = openSignedData(octets);
  return content && Buffer.from(content).toString();
};

describe('openSignedData', () => {
  it.each([
    ['DER', signedData(TEXT)],
    ['BER in one piece', signedData(TEXT, { pieces: 1000 })],
    ['BER in pieces of one octet', signedData(TEXT, { pieces: 1 })],
    ['BER with pieces in pieces', signedData(TEXT, { pieces: 7, levels: 3 })],
    ['DER followed by other octets', Buffer.concat([signedData(TEXT), Buffer.from('\r\n\r\n')])],
  ])('returns the content of %s', (_, octets) => {
    expect(open(octets)).toBe(TEXT);
  });

  it('returns empty content as it is', () => {
    expect(open(signedData(''))).toBe('');
  });

  it.each([
    ['enveloped data', signedData(TEXT, { type: ENVELOPED_DATA })],
    ['content that is not data', signedData(TEXT, { contentType: ENVELOPED_DATA })],
    ['a detached signature', signedData(null)],
    ['no octets', new Uint8Array()],
    ['other octets', Buffer.from('MIIBsomething')],
    ['DER that is cut off', signedData(TEXT).subarray(0, 60)],
    ['BER that is cut off', signedData(TEXT, { pieces: 5 }).subarray(0, 90)],
    ['elements nested too deep', Buffer.from('3080'.repeat(10_000), 'hex')],
    ['too many elements', signedData('x'.repeat(5_000), { pieces: 1 })],
    ['a time with many octets', element(0x30, element(0x17, Buffer.alloc(130_000, '1')))],
  ])('returns null for %s', (_, octets) => {
    expect(open(octets)).toBeNull();
  });

  it('never throws for damaged data', () => {
    const valid = signedData(TEXT, { pieces: 10 });
    const damage = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(damage, (changes) => {
        const octets = Buffer.from(valid);
        for (const [at, octet] of changes) octets[at] = octet;
        const content = openSignedData(octets);
        expect(content === null || content instanceof Uint8Array).toBe(true);
      }),
    );
  });
});
