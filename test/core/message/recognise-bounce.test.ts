import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';
import { isFromMailSystem } from '../../../src/core/message/recognise-automatic.ts';
import { recogniseBounce, recogniseReturnedMail } from '../../../src/core/message/recognise-bounce.ts';
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

describe('recogniseReturnedMail', () => {
  const actionOf = (head: string, text: string) => recogniseReturnedMail(read(head, text))?.action ?? null;
  const heads = [
    'From: <>',
    'From: no-reply@remote.test',
    'From: Mail Service <service@remote.test>',
    'To: alice@example.com',
  ];

  it.each(heads)('reads a refusal in prose from any sender: %s', (from) => {
    expect(actionOf(`${from}\nSubject: Your mail`, 'bob@remote.test: user unknown')).toBe('failed');
  });

  it.each([
    ['Undeliverable: Planning', 'Please see below.'],
    ['Mail delivery failed', ''],
    ['Unzustellbar: Planung', 'Leider.'],
    ['Your mail', 'We were unable to deliver your mail to bob@remote.test.'],
    ['Your mail', 'The recipient bob@remote.test was rejected.'],
    ['Your mail', 'Mailbox full.'],
    ['Your mail', 'Die Nachricht konnte nicht zugestellt werden: Das Postfach bob@remote.test existiert nicht.'],
    ['Votre message', 'Votre message n’a pas pu être remis à bob@remote.test.'],
    ['Su mensaje', 'El mensaje no se ha podido entregar: la dirección bob@remote.test no existe.'],
    ['Messaggio', 'Non è stato possibile consegnare il messaggio.'],
    ['Bericht', 'Het bericht kon niet worden bezorgd.'],
    ['Your mail', 'bob@remote.test: 5.1.1'],
    ['Your mail', 'The server said: 550 5.7.1 rejected by policy'],
    ['Your mail', 'Host mx.remote.test replied 554 5.7.1 after it was delayed for 5 days.'],
  ])('reads a failure: %j, %j', (subject, text) => {
    expect(actionOf(`From: no-reply@remote.test\nSubject: ${subject}`, text)).toBe('failed');
  });

  it.each([
    ['Auto-Submitted: auto-replied\nSubject: Undeliverable: Planning', '', 'failed'],
    ['Auto-Submitted: auto-replied\nSubject: Your mail', 'User unknown', 'failed'],
    ['Auto-Submitted: auto-generated\nSubject: Your mail', 'Could not be delivered to bob: 5.1.1', 'failed'],
    ['X-Autoreply: yes\nSubject: Your mail', 'The server said 550 5.1.1 no', 'failed'],
    ['X-Autoreply: yes\nSubject: Away', 'The mailbox of Carol does not exist any more.', null],
    ['Auto-Submitted: auto-replied\nSubject: Away', 'From 1.5.27 to 5.5.27 I am away. Call 555-1234.', null],
    ['X-Apple-Action: VACATION\nSubject: Away', 'Mail to this address does not exist for me.', null],
    ['Subject: Hello', 'I like the invitation. Our address is 10.5.1.1, the budget is 550 euros.', null],
    ['Subject: Away', 'I am back on 5.12.2026.', null],
    ['Subject: Re: Planning', 'Thank you.', null],
  ])(
    'reads vacation notices and letters as no failure, and bounces that look like them: %j, %j',
    (head, text, action) => {
      expect(actionOf(`From: x@remote.test\n${head}`, text)).toBe(action);
    },
  );

  it.each([
    ['Delayed: Planning', '', 'delayed'],
    ['Delivery Status Notification (Delay)', '', 'delayed'],
    ['Warning: could not send message for past 4 hours', '', 'delayed'],
    ['Your mail', 'Your mail could not be delivered yet. We will keep trying until Friday.', 'delayed'],
    ['Your mail', 'It could not be delivered: 4.4.1. This is a warning only; will retry.', 'delayed'],
    ['Your mail', '550 5.1.1 user unknown. We will retry the other recipients.', 'failed'],
    ['Delivered: Planning', '', 'delivered'],
    ['Delivery Status Notification (Success)', '', 'delivered'],
    ['Successful Mail Delivery Report', '', 'delivered'],
    ['Your mail', 'Your message has been successfully delivered to bob@remote.test.', 'delivered'],
    ['Your mail', 'Your message was relayed to a server without delivery reports.', 'delivered'],
    ['Your mail', 'It was delivered to the server, which said: 550 5.1.1 no such user', 'failed'],
  ])('reads delays and deliveries: %j, %j', (subject, text, action) => {
    expect(actionOf(`From: no-reply@remote.test\nSubject: ${subject}`, text)).toBe(action);
  });

  it.each([
    ['Subject: Undeliverable: Delayed start', 'failed'],
    ['Subject: Unzustellbar: Delivered: the report', 'failed'],
    ['Subject: Mail delivery failed: Warning: delay', 'failed'],
    ['Subject: SPAM: Undeliverable: Planning', 'failed'],
    ['Subject: Delayed: Delivery problems', 'delayed'],
    ['Subject: Warning: Delivery problems', 'delayed'],
    ['Subject: Delivered: Delivery problems', 'delivered'],
    ['Subject: Re: Delivery problems', null],
    ['Subject: AW: Rejected messages', null],
    ['Subject: Auto: Invitation: Undeliverable goods', null],
    ['Subject: Poza biurem: Delivery problems\nX-Autoreply: yes', null],
    ['Subject: Automatic reply: Delayed start\nX-Auto-Response-Suppress: All', null],
    ['Subject: Away Re: Rejected messages\nAuto-Submitted: auto-replied', null],
  ])('reads the subject of the mail system, not the title of the event after it: %j', (head, action) => {
    expect(actionOf(`From: x@remote.test\n${head}`, 'See below.')).toBe(action);
  });

  it.each(['Re: Delivery problems', 'Auto: Mail delivery failed'])(
    'reads an answer with a null Return-Path as no bounce: %s',
    (subject) => {
      expect(recogniseBounce(read(`Return-Path: <>\nFrom: bob@remote.test\nSubject: ${subject}`, 'Yes.'))).toBeNull();
    },
  );

  it('reads no delivery if the next server refused', () => {
    const text = 'Your mail was delivered to the filter of remote.test, which said: 550 spam';
    expect(actionOf('From: x@remote.test\nSubject: Your mail', text)).toBeNull();
  });

  it.each([
    '-',
    '>',
    ' ',
    'a',
    'user ',
    'mailbox ',
    'deliver ',
    'message ',
    '550 ',
    '5.1.',
    'n’a pas pu être ',
    'successful ',
  ])('reads the beginning of many %j only', (piece) => {
    const mail = read('From: x@remote.test\nSubject: x');
    expect(recogniseReturnedMail({ ...mail, facts: { ...mail.facts, text: longText(piece) } })).toBeNull();
  });
});
