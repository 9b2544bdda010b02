// Which recipients are accepted. `test/wire` tests the same over SMTP.
import { describe, expect, it } from 'vitest';
import { bounceAddress } from '../../../src/core/signing/bounce-address.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { foldDomain, recipientPolicy } from '../../../src/core/signing/recipient-policy.ts';
import { RING } from '../../doors/mail/mail-door-kit.ts';

const pair = {
  organizer: { key: 'alice@example.com', asWritten: 'alice@example.com' },
  attendee: { key: 'bob@example.com', asWritten: 'bob@example.com' },
};
const reply = (domain: string) => replyAddress(RING, pair, domain).address;
const bounce = (domain: string) => bounceAddress(RING, 'a'.repeat(26), domain);
const none = { ring: RING, replyDomain: null, bounceDomain: null, replyRecipients: [] };

describe('recipientPolicy', () => {
  it('accepts REPLY_RECIPIENTS and postmaster without a domain', () => {
    const accepts = recipientPolicy({ ...none, replyRecipients: ['Carol@Example.com', '@Team.example.com'] });
    expect(['carol@example.COM', 'x@team.example.com', 'Postmaster'].filter((address) => !accepts(address))).toEqual(
      [],
    );
    const others = [
      'dave@example.com',
      'x@sub.team.example.com',
      'team.example.com',
      '@example.com',
      '',
      'postmaster@example.com',
    ];
    expect(others.filter(accepts)).toEqual([]);
    expect(accepts(reply('example.com'))).toBe(false);
  });

  it('accepts bounces at the reply domain if there is no bounce domain', () => {
    const accepts = recipientPolicy({ ...none, replyDomain: 'reply.test' });
    expect(
      [reply('reply.test'), bounce('reply.test'), 'postmaster@reply.test'].filter((address) => !accepts(address)),
    ).toEqual([]);
  });

  it('accepts reply and bounce addresses only at their domains', () => {
    const accepts = recipientPolicy({ ...none, replyDomain: 'reply.test', bounceDomain: 'bounce.test' });
    expect([reply('reply.test'), bounce('bounce.test')].filter((address) => !accepts(address))).toEqual([]);
    expect([reply('bounce.test'), bounce('reply.test')].filter(accepts)).toEqual([]);
  });

  it('accepts its domain in A-labels and U-labels', () => {
    const accepts = recipientPolicy({ ...none, replyDomain: 'xn--mnchen-3ya.test' });
    expect(accepts(reply('münchen.test'))).toBe(true);
    expect(accepts(reply('xn--mnchen-3ya.test'))).toBe(true);
  });
});

describe('foldDomain', () => {
  it.each([
    ['Bob@Example.COM', 'Bob@example.com'],
    ['bob@MÜNCHEN.test', 'bob@xn--mnchen-3ya.test'],
    ['postmaster', 'postmaster'],
    ['x@[192.0.2.1]', 'x@[192.0.2.1]'],
    ['', ''],
  ])('converts %s to %s', (address, folded) => {
    expect(foldDomain(address)).toBe(folded);
  });
});
