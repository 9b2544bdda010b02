// Signed envelope senders, one per mail.
import { describe, expect, it } from 'vitest';
import { bounceAddress, readBounceAddress } from '../../../src/core/signing/bounce-address.ts';
import { readReplyAddress } from '../../../src/core/signing/reply-address.ts';
import type { KeyRing } from '../../../src/core/signing/types.ts';

const RING: KeyRing = [{ kid: 'a', secret: new Uint8Array(32).fill(1) }];
const MAIL_ID = 'abcdefghijklmnopqrstuvwxyz';

describe('bounceAddress', () => {
  it('identifies the mail, in any case', () => {
    const address = bounceAddress(RING, MAIL_ID, 'example.com');
    expect(readBounceAddress(RING, address.toUpperCase(), 'example.com')).toEqual({ mailId: MAIL_ID });
  });

  it('is not valid as a reply address, even with the tag of one', () => {
    const address = bounceAddress(RING, MAIL_ID, 'example.com');
    expect(readReplyAddress(RING, address, 'example.com')).toBeNull();
    expect(readReplyAddress(RING, address.replace(/^b1/, 'r1'), 'example.com')).toBeNull();
  });

  it('refuses an invalid mail id', () => {
    expect(() => bounceAddress(RING, 'short', 'example.com')).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
