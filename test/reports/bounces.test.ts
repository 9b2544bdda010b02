// Faults in bounces and automatic mail (B). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../flow/flow-kit.ts';

const uid = 'planning@example.com';
const event = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//example//client//EN',
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20270101T120000Z',
  'DTSTART:20270202T100000Z',
  'DTEND:20270202T110000Z',
  'SUMMARY:Planning',
  `ORGANIZER:mailto:${alice.asWritten}`,
  `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}`,
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

let kit: FlowKit;
/** The bounce address of the mail to Bob. */
let bounceTo: string;
beforeEach(async () => {
  kit = await openFlowKit();
  kit.calendar.put(uid, event);
  await kit.invite(event, bob);
  await kit.settle();
  bounceTo = kit.mails[0]?.mailFrom ?? '';
  kit.mails.length = 0;
});
afterEach(() => kit.close());

function mail(head: readonly string[], ...text: readonly string[]): Buffer {
  return Buffer.from([`To: ${bounceTo}`, ...head, '', ...text, ''].join('\r\n'));
}

/** The mail comes back; the result is what the ledger says of it, and the mails that follow. */
async function comesBack(raw: Uint8Array, { from = '', to = bounceTo } = {}) {
  const known = (await kit.ledger.recent(100)).length;
  kit.mails.length = 0;
  await kit.mail(raw, to, from);
  await kit.settle();
  const entries = (await kit.ledger.recent(100)).slice(known);
  return {
    outcomes: entries.map(({ verdict, reason }) => `${verdict} ${reason}`),
    entries,
    told: (await kit.mailsTo(alice)).map(({ subject }) => subject),
    status: /SCHEDULE-STATUS="?([\d.]+)/.exec(kit.calendar.text(uid))?.[1] ?? null,
  };
}

const senders = ['From: <>', 'From: no-reply@remote.test', 'From: Service <service@remote.test>', 'X-No-From: at all'];

describe('B1: prose with the null sender at a bounce address', () => {
  it.each(senders)('a refusal marks the attendee and is reported: %s', async (from) => {
    const { told, status, outcomes } = await comesBack(
      mail([from, 'Subject: Undeliverable: Planning'], 'bob@remote.test: the mailbox does not exist.'),
    );
    expect(outcomes).toContain('bounced undeliverable');
    expect(status).toBe('5.1');
    expect(told).toEqual([expect.stringContaining('Planning')]);
  });

  it.each([
    ['5.x.x in the text', ['Subject: Your mail'], '<bob@remote.test>: 5.2.1 disabled'],
    ['a known refusal in the text', ['Subject: Your mail'], 'We could not deliver it: no such user here.'],
    ['a known refusal in German', ['Subject: Planning'], 'Ihre Nachricht konnte nicht zugestellt werden.'],
    ['Auto-Submitted as well', ['Subject: Undeliverable: Planning', 'Auto-Submitted: auto-replied'], 'Sorry.'],
  ])('is a failure: %s', async (_, head, text) => {
    expect((await comesBack(mail(['From: no-reply@remote.test', ...head], text))).status).toBe('5.1');
  });

  it.each([
    ['a delay', ['Subject: Delayed: Planning'], 'We will keep trying.', 'recorded delayed'],
    ['a delay in the text', ['Subject: Planning'], 'It could not be delivered; will retry.', 'recorded delayed'],
    ['a delivery', ['Subject: Delivered: Planning'], 'It was delivered to bob.', 'recorded not-a-failure'],
    ['a vacation notice', ['Subject: Away', 'X-Apple-Action: VACATION'], 'On holiday.', 'recorded not-a-failure'],
    [
      'a vacation notice with a date',
      ['Subject: Away', 'Auto-Submitted: auto-replied'],
      'Away 1.1.27 to 5.1.27, my deputy does not exist.',
      'recorded not-a-failure',
    ],
  ])('changes nothing, and nobody is told: %s', async (_, head, text, outcome) => {
    const { told, status, outcomes } = await comesBack(mail(['From: bob@remote.test', ...head], text));
    expect({ told, status, outcomes }).toEqual({ told: [], status: null, outcomes: [outcome] });
  });

  it.each([
    ['a letter', ['From: bob@remote.test', 'Subject: Re: Planning'], 'Who else comes?'],
    [
      'a mail of a machine',
      ['From: no-reply@remote.test', 'Subject: Ticket 7', 'Auto-Submitted: auto-generated'],
      'Hi.',
    ],
    ['a mail system that says nothing', ['From: postmaster@remote.test', 'Subject: Maintenance'], 'On Sunday.'],
    ['an empty mail', ['From: <>'], ''],
    ['a vague subject', ['From: mailer-daemon@remote.test', 'Subject: Delivery Status Notification'], 'See below.'],
  ])('is shown to the organizer once, and changes nothing: %s', async (_, head, text) => {
    const first = await comesBack(mail(head, text));
    expect(first).toMatchObject({ status: null, told: [expect.anything()] });
    expect(first.outcomes).toEqual(['forwarded unclear-bounce', 'mailed forward']);
    expect(await kit.ledger.suppressed(alice.key, bob.key)).toBeNull();
    const second = await comesBack(mail(head, text));
    expect(second).toMatchObject({ told: [], outcomes: ['ignored forwarded-before'] });
  });

  it('is not read so with a sender, nor at a reply address', async () => {
    const raw = mail(['From: no-reply@remote.test', 'Subject: Your mail'], 'bob@remote.test: user unknown');
    expect(await comesBack(raw, { from: 'no-reply@remote.test' })).toMatchObject({ told: [], status: null });
    const { items } = await interpretMail(raw);
    expect(items).toEqual([{ kind: 'letter' }]);
  });
});

describe('B2: a vacation notice without Auto-Submitted', () => {
  it.each(['X-Apple-Action: VACATION', 'X-Auto-Reply: yes', 'X-Precedence: auto_reply', 'X-Autogenerated: Reply'])(
    '%s',
    async (field) => {
      const { items } = await interpretMail(mail(['From: bob@remote.test', 'Subject: Away', field], 'On holiday.'));
      expect(items).toEqual([{ kind: 'automatic-reply' }]);
    },
  );
});

describe('B4: a report with several delivery-status parts', () => {
  it('the attendee and the status come from the part that has them', async () => {
    const parts = [
      'Content-Type: message/delivery-status\r\n\r\nYour mail could not be delivered. The server said no.',
      'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; bob@remote.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user',
    ];
    const type = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b';
    const body = [...parts.map((part) => `--b\r\n${part}`), '--b--'].join('\r\n');
    const raw = mail(['From: postmaster@remote.test', 'MIME-Version: 1.0', type], body);
    const { items } = await interpretMail(raw);
    expect(items).toMatchObject([{ kind: 'bounce', action: 'failed', recipient: bob.asWritten, status: '5.1.1' }]);
    const { entries, status } = await comesBack(raw);
    expect(status).toBe('5.1');
    expect(entries.find(({ reason }) => reason === 'undeliverable')?.detail).toContain('550 5.1.1 no such user');
  });
});
