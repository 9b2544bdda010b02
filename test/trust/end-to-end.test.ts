// Signed and forged mails, from bytes to verdict: for Bob of example.com (p=reject) and Dora of plain.test, whose domain
// has no policy.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/flow/ports/authenticator.ts';
import { openAuthenticator } from '../../src/adapters/authenticate/authenticate.ts';
import { type SenderPolicy, judgeSender } from '../../src/core/message/judge-sender.ts';
import type { PeerFacts } from '../../src/core/message/types.ts';
import { type DnsResponder, openDnsResponder } from '../adapters/authenticate/dns-responder.ts';
import { keyRecord, mailText, received, seal, sign } from '../adapters/authenticate/signed-mail.ts';

const BOB = 'From: Bob <bob@example.com>';
const DORA = 'From: Dora <dora@plain.test>';
const AGENT = 'Sender: Google Calendar <calendar-notification@google.com>';
const RELAYED = 'Authentication-Results: mx.example.net; dmarc=pass header.from=example.com';
const SEALED = 'mx.sealer.test; dmarc=pass header.from=example.com';

let dns: DnsResponder;
let authenticator: Authenticator;

beforeAll(async () => {
  dns = await openDnsResponder({
    ...keyRecord('example.com'),
    ...keyRecord('plain.test'),
    ...keyRecord('google.com'),
    ...keyRecord('evil.test'),
    ...keyRecord('sealer.test'),
    '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
    '_dmarc.evil.test': { TXT: ['v=DMARC1; p=reject'] },
    'evil.test': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  });
  authenticator = openAuthenticator({
    dnsServers: [dns.server],
    trustedAuthservIds: ['mx.example.net'],
    trustedArcSealers: ['sealer.test'],
    hostname: 'gateway.test',
  });
});
afterAll(() => {
  authenticator.close();
  dns.close();
});

interface Sent {
  readonly text: Promise<string> | string;
  readonly as?: 'bob' | 'dora';
  readonly peer?: Partial<PeerFacts>;
  readonly policy?: SenderPolicy;
}

/** Returns the verdicts of the mail to the reply address, and to the organizer's own address. */
async function judged({ text, as = 'bob', peer = {}, policy = 'strict' }: Sent): Promise<[string, string]> {
  const mail = received(await text, { mailFrom: 'mallory@evil.test', ...peer });
  const evidence = await authenticator.authenticate(mail);
  const key = as === 'bob' ? 'bob@example.com' : 'dora@plain.test';
  const attendee = { key, asWritten: key };
  const judge = (replyAddressAttendee: typeof attendee | null): string => {
    const claim = { attendee };
    const verdict = judgeSender({ claim, replyAddressAttendee, evidence, aliases: [], forwarded: false, policy });
    return verdict.verdict === 'counts' ? 'counts' : verdict.reason;
  };
  return [judge(attendee), judge(null)];
}

const HELD = 'unauthenticated';
const evil = (...lines: string[]) => sign(mailText(...lines), { domain: 'evil.test' });

describe('honest mails', () => {
  it.each<[string, Sent, string, string]>([
    ['signed by its domain', { text: sign(mailText(BOB), { domain: 'example.com' }) }, 'counts', 'counts'],
    [
      'signed, from a domain without policy',
      { text: sign(mailText(DORA), { domain: 'plain.test' }), as: 'dora' },
      'counts',
      'counts',
    ],
    ['unsigned, from a domain without policy', { text: mailText(DORA), as: 'dora' }, 'counts', HELD],
    [
      'changed by a mailing list, from a domain without policy',
      {
        text: sign(mailText(DORA), { domain: 'plain.test' }).then((text) => text.replace('Yes.', 'Yes. --list')),
        as: 'dora',
      },
      'counts',
      HELD,
    ],
    [
      'authenticated by a trusted relay',
      { text: mailText(RELAYED, BOB), peer: { trustedRelay: true } },
      'counts',
      'counts',
    ],
    ['sealed by a trusted sealer', { text: seal(mailText(BOB), 'sealer.test', SEALED) }, 'counts', 'counts'],
    [
      'by Google Calendar',
      { text: sign(mailText(DORA, AGENT), { domain: 'google.com' }), as: 'dora' },
      'counts',
      'counts',
    ],
    [
      'by Google Calendar in its own name',
      {
        text: sign(
          mailText('From: Dora (Google Calendar) <calendar-notification@google.com>', 'Reply-To: <dora@plain.test>'),
          { domain: 'google.com' },
        ),
        as: 'dora',
      },
      'counts',
      'counts',
    ],
  ])('%s', async (_, sent, toReplyAddress, toOwnAddress) => {
    expect(await judged(sent)).toEqual([toReplyAddress, toOwnAddress]);
  });
});

describe('forged mails are held at both addresses', () => {
  it.each<[string, Sent]>([
    ['unsigned, from a domain with p=reject', { text: mailText(BOB) }],
    ['signed by somebody else', { text: evil(BOB) }],
    [
      'with a changed body',
      { text: sign(mailText(BOB), { domain: 'example.com' }).then((text) => text.replace('Yes', 'No')) },
    ],
    [
      'with text after the signed part of the body',
      { text: sign(mailText(BOB), { domain: 'example.com', maxBodyLength: 4 }).then((text) => `${text}more\r\n`) },
    ],
    [
      'with a signature that does not cover From',
      { text: sign(mailText(BOB), { domain: 'example.com', headerList: ['Subject'] }) },
    ],
    ['with the attendee as the display name', { text: evil('From: "bob@example.com" <mallory@evil.test>') }],
    ['with the attendee in a comment', { text: evil('From: mallory@evil.test (bob@example.com)') }],
    ['with the attendee as Reply-To', { text: evil('From: mallory@evil.test', BOB.replace('From', 'Reply-To')) }],
    ['with the attendee as Sender', { text: evil('From: mallory@evil.test', BOB.replace('From', 'Sender')) }],
    ['from an address that contains the attendee’s', { text: evil('From: <not-bob@example.com.evil.test>') }],
    ['with forged Authentication-Results', { text: mailText(RELAYED, BOB) }],
    [
      "with another relay's Authentication-Results",
      { text: mailText(RELAYED.replace('mx.', 'my.'), BOB), peer: { trustedRelay: true } },
    ],
    [
      'with Authentication-Results about somebody else',
      { text: mailText(RELAYED.replace('example.com', 'evil.test'), BOB), peer: { trustedRelay: true } },
    ],
    ['sealed by somebody else', { text: seal(mailText(BOB), 'evil.test', SEALED) }],
    [
      'changed after a trusted sealer sealed it',
      { text: seal(mailText(BOB), 'sealer.test', SEALED).then((text) => text.replace('Yes', 'No')) },
    ],
    ['as Google Calendar, signed by somebody else', { text: evil(BOB, AGENT) }],
    [
      'as Google Calendar, for somebody else',
      { text: sign(mailText('From: mallory@evil.test', AGENT), { domain: 'google.com' }) },
    ],
    [
      'as Google Calendar, with a Reply-To added later',
      {
        text: sign(mailText('From: <calendar-notification@google.com>'), { domain: 'google.com' }).then(
          (text) => `Reply-To: <bob@example.com>\r\n${text}`,
        ),
      },
    ],
    [
      'as Google Calendar, with another Reply-To added later',
      {
        text: sign(mailText('From: <calendar-notification@google.com>', 'Reply-To: <mallory@evil.test>'), {
          domain: 'google.com',
        }).then((text) => `Reply-To: <bob@example.com>\r\n${text}`),
      },
    ],
    [
      'signed by google.com for another robot, with a Sender added later',
      {
        text: sign(
          mailText('From: <robot@google.com>', 'Sender: <robot@google.com>', BOB.replace('From', 'Reply-To')),
          { domain: 'google.com' },
        ).then((text) => `${AGENT}\r\n${text}`),
      },
    ],
    [
      'from a colleague, under the policy strict',
      { text: sign(mailText('From: eve@example.com'), { domain: 'example.com' }) },
    ],
    ['from a stranger with a good signature', { text: evil('From: mallory@evil.test') }],
  ])('%s', async (_, sent) => {
    expect(await judged(sent)).toEqual([HELD, HELD]);
  });

  it.each<[string, string]>([
    ['a second From', 'From: mallory@evil.test\r\n'],
    ['a second From with a space before its colon', 'From : mallory@evil.test\r\n'],
  ])('with %s on top of a signed mail', async (_, line) => {
    const text = `${line}${await sign(mailText(BOB), { domain: 'example.com' })}`;
    expect(await judged({ text })).toEqual(['several-from', 'several-from']);
  });
});

describe('SENDER_POLICY', () => {
  const colleague = sign(mailText('From: assistant@example.com'), { domain: 'example.com' });
  const stranger = sign(mailText('From: bob@evil.test'), { domain: 'evil.test' });
  const forged = mailText('From: assistant@example.com');
  it.each<[SenderPolicy, string, Promise<string> | string, string, string]>([
    ['domain', 'a proven colleague', colleague, 'counts', 'counts'],
    ['domain', 'an unproven colleague', forged, HELD, HELD],
    ['domain', 'a stranger', stranger, HELD, HELD],
    ['token', 'a stranger whose authentication did not fail', stranger, 'counts', HELD],
    ['token', 'a sender whose authentication failed', forged, HELD, HELD],
  ])('%s: %s', async (policy, _, text, toReplyAddress, toOwnAddress) => {
    expect(await judged({ text, policy })).toEqual([toReplyAddress, toOwnAddress]);
  });
});
