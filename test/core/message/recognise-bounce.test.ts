import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';
import { isFromMailSystem, recogniseBounce } from '../../../src/core/message/recognise-bounce.ts';
import { longText } from '../../harness/long-text.ts';

const read = (head: string, body = '') => readMail(Buffer.from(`${head}\n\n${body}`), MAIL_LIMITS);
const DAEMON = 'From: Mail System <MAILER-DAEMON@mx.example.net>\nTo: b1@bounce.example.com\nSubject: Undelivered Mail';

describe('isFromMailSystem', () => {
  it.each([
    ['MAILER-DAEMON@mx.example.net', true],
    ['Mailer-Daemon@mx.example.net (Mail Delivery System)', true],
    ['MAILER-DAEMON <>', true],
    ['"Mail Deliver System" <MAILER-DAEMON>', true],
    ['postmaster@example.net', true],
    ['bounce+abc@example.net', true],
    ['bob@example.net', false],
    ['daemonica@example.net', false],
    ['"postmaster" <bob@example.net>', false],
  ])('From: %s', async (from, expected) => expect(isFromMailSystem(await read(`From: ${from}`))).toBe(expected));
});

describe('recogniseBounce', () => {
  it.each([
    ['<bob@example.net>: host mx said: 550 5.1.1 User unknown', 'bob@example.net', '5.1.1'],
    ['I could not deliver to\n\n  bob@example.net\n\n552 mailbox full', 'bob@example.net', null],
    ['The addressee "bob@example.net" does not exist', 'bob@example.net', null],
    ['Delivery failed permanently.', null, null],
  ])('%j', async (text, recipient, status) => {
    expect(recogniseBounce(await read(DAEMON, text))).toMatchObject({ action: 'failed', recipient, status });
  });

  it('does not report an address of From or To as the failed recipient', async () => {
    const bounce = recogniseBounce(await read(DAEMON, 'b1@bounce.example.com wrote to bob@example.net: 550 no'));
    expect(bounce?.recipient).toBe('bob@example.net');
  });

  it('reads X-Failed-Recipients from any sender', async () => {
    const bounce = recogniseBounce(
      await read('From: x@example.net\nX-Failed-Recipients: bob@example.net, c@example.net'),
    );
    expect(bounce).toMatchObject({ action: 'failed', recipient: 'bob@example.net' });
  });

  it.each([
    ['Subject: Warning: message delayed 24 hours', 'will keep trying\n <bob@example.net>'],
    [
      'Subject: Delivery status',
      'Your message to <bob@example.net> has not yet been delivered. This is only a warning.',
    ],
  ])('reports a delay: %s', async (subject, text) => {
    expect(recogniseBounce(await read(`From: mailer-daemon@example.net\n${subject}`, text))?.action).toBe('delayed');
  });

  it('ignores the text of the returned mail, but reads its Message-ID', async () => {
    const text =
      'Unknown user: bob@example.net\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <a@example.com>\nTo: carol@example.net';
    expect(recogniseBounce(await read(DAEMON, text))).toMatchObject({
      recipient: 'bob@example.net',
      originalMessageId: '<a@example.com>',
    });
  });

  it('reads delivery-status fields from the text', async () => {
    const text =
      'Sorry.\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; bob@example.net\nAction: delayed\nStatus: 4.4.1\n';
    expect(recogniseBounce(await read(DAEMON, text))).toMatchObject({
      action: 'delayed',
      recipient: 'bob@example.net',
      status: '4.4.1',
    });
  });

  it.each([
    ['From: bob@example.net\nSubject: Undeliverable: my report', 'It could not be delivered: 550 5.1.1'],
    ['From: bob@example.net\nSubject: failure notice', 'Alice, user unknown means?'],
    ['From: postmaster@example.net\nSubject: Maintenance', 'The server rests on Sunday.'],
    ['Return-Path: <>\nFrom: bob@example.net\nSubject: Re: lunch', 'Yes.'],
  ])('returns null for %j', async (head, text) => expect(recogniseBounce(await read(head, text))).toBeNull());

  it.each(['-', '>', ' ', 'a', 'a.', 'a@', '<a@b.', 'deliver ', 'original ', '550 ', '\n-', 'Final-Recipient:\n\n'])(
    'takes linear time for many %j',
    (piece) => {
      const mail = read(DAEMON);
      const bounce = recogniseBounce({ ...mail, facts: { ...mail.facts, text: longText(piece) } });
      expect(bounce).toMatchObject({ kind: 'bounce' });
    },
  );
});
