// Whose answer counts, in typical cases. `test/trust` tests every combination.
import { describe, expect, it } from 'vitest';
import type { SenderEvidence } from '../../../src/core/message/sender-evidence.ts';
import { type SenderClaim, judgeSender } from '../../../src/core/message/judge-sender.ts';

const BOB = { key: 'bob@example.com', asWritten: 'Bob@Example.com' };
const UNKNOWN: SenderEvidence = {
  from: ['bob@example.com'],
  fromFields: 1,
  sender: null,
  replyTo: [],
  dkim: [],
  spf: { result: 'none', domain: null, aligned: false },
  dmarc: { result: 'none', policy: null },
  arc: { result: 'none', trustedSealer: false, dmarcPassed: false },
  fromRelay: false,
};

function judge(claim: Partial<SenderClaim>, evidence: Partial<SenderEvidence> = {}) {
  return judgeSender({
    claim: { attendee: BOB },
    replyAddressAttendee: BOB,
    aliases: [],
    forwarded: false,
    policy: 'strict',
    ...claim,
    evidence: { ...UNKNOWN, ...evidence },
  });
}

const COUNTS = { verdict: 'counts', attendee: BOB };
const HELD = { verdict: 'hold', reason: 'unauthenticated', attendee: BOB };

describe('judgeSender', () => {
  it('accepts an unsigned mail that is sent to the reply address', () => {
    expect(judge({})).toEqual(COUNTS);
  });

  it('accepts a mail whose signature a mailing list has broken, if the policy is p=none', () => {
    const dkim = [{ domain: 'example.com', result: 'fail' as const, aligned: true }];
    expect(judge({}, { dkim, dmarc: { result: 'fail', policy: 'none' } })).toEqual(COUNTS);
  });

  it('accepts an ATTENDEE that is an iCloud principal path, if From is the attendee of the reply address', () => {
    expect(judge({ claim: { attendee: null } })).toEqual(COUNTS);
    expect(judge({ claim: { attendee: null } }, { from: ['mallory@evil.test'] })).toEqual(HELD);
  });

  it('accepts a mail that Google Calendar has signed for the attendee', () => {
    const signature = { domain: 'google.com', result: 'pass' as const, aligned: false };
    const agent = { from: ['bob@example.com'], sender: 'calendar-notification@google.com', dkim: [signature] };
    expect(judge({ replyAddressAttendee: null }, agent)).toEqual(COUNTS);
    expect(judge({ replyAddressAttendee: null }, { ...agent, dkim: [{ ...signature, result: 'neutral' }] })).toEqual(
      HELD,
    );
    expect(
      judge({ replyAddressAttendee: null }, { ...agent, dkim: [{ ...signature, domain: 'google.com.evil.test' }] }),
    ).toEqual(HELD);
  });

  it('holds an answer from an unknown address, and accepts it when the organizer has confirmed the address', () => {
    const home = { from: ['bob@home.test'] };
    expect(judge({}, home)).toEqual(HELD);
    expect(judge({ aliases: ['Bob@Home.test'] }, home)).toEqual(COUNTS);
  });

  it('accepts a confirmed address as ATTENDEE', () => {
    const claim = { attendee: { key: 'bob@home.test', asWritten: 'bob@home.test' } };
    expect(judge({ claim }, { from: ['bob@home.test'] })).toEqual(HELD);
    expect(judge({ claim, aliases: ['bob@home.test'] }, { from: ['bob@home.test'] })).toEqual(COUNTS);
  });

  it("holds an answer of another attendee that is sent to Bob's reply address", () => {
    const carol = { attendee: { key: 'carol@example.com', asWritten: 'carol@example.com' } };
    expect(
      judge({ claim: carol }, { from: ['carol@example.com'], dmarc: { result: 'pass', policy: 'reject' } }),
    ).toEqual(HELD);
  });

  it('requires authentication if there is no reply address', () => {
    expect(judge({ replyAddressAttendee: null })).toEqual(HELD);
    expect(judge({ replyAddressAttendee: null }, { dmarc: { result: 'pass', policy: 'none' } })).toEqual(COUNTS);
  });

  it('compares whole addresses', () => {
    for (const from of ['bob@example.com.evil.test', 'xbob@example.com', 'bob@sub.example.com', 'bob', '']) {
      expect(judge({}, { from: [from] })).toEqual(HELD);
    }
  });
});
