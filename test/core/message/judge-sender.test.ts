// Whose answer counts, told as they happen; every combination is in `test/trust`.
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
  it('takes the answer that a client sends to the reply address, though nothing is signed', () => {
    expect(judge({})).toEqual(COUNTS);
  });

  it('takes it from a domain without authentication through a list that broke the signature', () => {
    const dkim = [{ domain: 'example.com', result: 'fail' as const, aligned: true }];
    expect(judge({}, { dkim, dmarc: { result: 'fail', policy: 'none' } })).toEqual(COUNTS);
  });

  it('reads an iCloud principal path as the attendee of the reply address, if From is theirs', () => {
    expect(judge({ claim: { attendee: null } })).toEqual(COUNTS);
    expect(judge({ claim: { attendee: null } }, { from: ['mallory@evil.test'] })).toEqual(HELD);
  });

  it('takes what Google Calendar sends for the attendee', () => {
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

  it('asks about an answer from an unknown address, and takes it once the organizer has confirmed it', () => {
    const home = { from: ['bob@home.test'] };
    expect(judge({}, home)).toEqual(HELD);
    expect(judge({ aliases: ['Bob@Home.test'] }, home)).toEqual(COUNTS);
  });

  it('takes it where the calendar names the confirmed address too', () => {
    const claim = { attendee: { key: 'bob@home.test', asWritten: 'bob@home.test' } };
    expect(judge({ claim }, { from: ['bob@home.test'] })).toEqual(HELD);
    expect(judge({ claim, aliases: ['bob@home.test'] }, { from: ['bob@home.test'] })).toEqual(COUNTS);
  });

  it('wants no answer for somebody else through the reply address of Bob', () => {
    const carol = { attendee: { key: 'carol@example.com', asWritten: 'carol@example.com' } };
    expect(
      judge({ claim: carol }, { from: ['carol@example.com'], dmarc: { result: 'pass', policy: 'reject' } }),
    ).toEqual(HELD);
  });

  it('wants proof without a reply address', () => {
    expect(judge({ replyAddressAttendee: null })).toEqual(HELD);
    expect(judge({ replyAddressAttendee: null }, { dmarc: { result: 'pass', policy: 'none' } })).toEqual(COUNTS);
  });

  it('compares addresses, never parts of them', () => {
    for (const from of ['bob@example.com.evil.test', 'xbob@example.com', 'bob@sub.example.com', 'bob', '']) {
      expect(judge({}, { from: [from] })).toEqual(HELD);
    }
  });
});
