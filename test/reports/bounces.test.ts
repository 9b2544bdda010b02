// Faults in bounces and automatic mail (B). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';
import { bounceAddress, readBounceAddress } from '../../src/core/signing/bounce-address.ts';
import { parseKeyRing } from '../../src/core/signing/keys.ts';
import { interpretIncoming } from '../../src/flow/inbound/interpret-incoming.ts';
import { openOutgoingMails } from '../../src/flow/outbound/outgoing-mail.ts';
import { changesOf } from '../../src/flow/queue/plan.ts';
import { readBatch } from '../../src/flow/queue/read-batch.ts';
import type { Job } from '../../src/flow/records/records.ts';
import { alice, bob, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../flow/flow-kit.ts';

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

/** Receives a returned mail; returns its ledger entries, the attendee's status and the mails to the organizer. */
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

describe('B1: a mail without a report, with the null sender, to a bounce address', () => {
  it.each(senders)('sets SCHEDULE-STATUS and is reported if it is a refusal: %s', async (from) => {
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
    [
      'a vacation notice with our invitation',
      ['Subject: Away', 'Auto-Submitted: auto-replied', 'Content-Type: text/calendar; method=REQUEST'],
      event.replace('BEGIN:VEVENT', 'METHOD:REQUEST\r\nBEGIN:VEVENT'),
      'recorded not-a-failure',
    ],
    ['a vacation notice', ['Subject: Away', 'X-Apple-Action: VACATION'], 'On holiday.', 'recorded not-a-failure'],
    [
      'a vacation notice with a date',
      ['Subject: Away', 'Auto-Submitted: auto-replied'],
      'Away 1.1.27 to 5.1.27, my deputy does not exist.',
      'recorded not-a-failure',
    ],
  ])('changes nothing and causes no mail: %s', async (_, head, text, outcome) => {
    const { told, status, outcomes } = await comesBack(mail(['From: bob@remote.test', ...head], text));
    expect({ told, status, outcomes }).toEqual({ told: [], status: null, outcomes: [outcome] });
  });

  it.each([
    ['a letter', ['From: bob@remote.test', 'Subject: Re: Planning'], 'Who else comes?'],
    ['an automatic mail', ['From: no-reply@remote.test', 'Subject: Ticket 7', 'Auto-Submitted: auto-generated'], 'Hi.'],
    [
      'a mail of a mail system without a result',
      ['From: postmaster@remote.test', 'Subject: Maintenance'],
      'On Sunday.',
    ],
    ['an empty mail', ['From: <>'], ''],
    ['a vague subject', ['From: mailer-daemon@remote.test', 'Subject: Delivery Status Notification'], 'See below.'],
  ])('is forwarded to the organizer once and changes nothing: %s', async (_, head, text) => {
    const first = await comesBack(mail(head, text));
    expect(first).toMatchObject({ status: null, told: [expect.anything()] });
    expect(first.outcomes).toEqual(['forwarded unclear-bounce', 'mailed forward']);
    expect(await kit.ledger.suppressed(alice.key, bob.key)).toBeNull();
    const second = await comesBack(mail(head, text));
    expect(second).toMatchObject({ told: [], outcomes: ['ignored forwarded-before'] });
  });

  it('is a letter if it has a sender or is sent to a reply address', async () => {
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
  it('is read from the part that has the attendee and the status', async () => {
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

describe('R10: a bounced notice', () => {
  const failure = ['From: mailer-daemon@remote.test', 'Subject: Undelivered Mail Returned to Sender'];

  /** Bob answers, and Alice gets a notice. Returns its bounce address. */
  async function notice(): Promise<string> {
    await kit.click(uid, bob, 'ACCEPTED');
    await kit.settle();
    const own = kit.mails.find(({ rcptTo }) => rcptTo === alice.asWritten);
    return own?.mailFrom ?? '';
  }

  it('is reported to the operator as an error about the organizer, once', async () => {
    const to = await notice();
    const raw = mail(failure, '550 5.1.1 user unknown');
    const { entries, told } = await comesBack(raw, { to });
    expect(told).toEqual([]);
    expect(entries).toMatchObject([{ verdict: 'bounced', reason: 'organizer-not-told', organizer: alice.key, uid }]);
    expect((await comesBack(raw, { to })).outcomes).toEqual(['ignored reported-before']);
  });

  it('is treated in the same way if it is a forwarded letter', async () => {
    await comesBack(mail(['From: bob@remote.test', 'Subject: Hello'], 'Who else comes?'));
    const to = kit.mails.find(({ rcptTo }) => rcptTo === alice.asWritten)?.mailFrom ?? '';
    const { outcomes, told } = await comesBack(mail(failure, '550 5.1.1 user unknown'), { to });
    expect({ outcomes, told }).toEqual({ outcomes: ['bounced organizer-not-told'], told: [] });
  });

  it('is not forwarded if it has no result, because it would be returned again', async () => {
    const to = await notice();
    const { outcomes, told } = await comesBack(mail(['From: postmaster@remote.test'], 'Hm.'), { to });
    expect({ outcomes, told }).toEqual({ outcomes: ['recorded not-a-failure'], told: [] });
  });

  it('has no organizer in the ledger if its mail is unknown', async () => {
    const to = bounceAddress(kit.ring, 'a'.repeat(26), REPLY_DOMAIN);
    const { entries } = await comesBack(mail(failure, '550 5.1.1 user unknown'), { to });
    expect(entries).toMatchObject([{ verdict: 'bounced', reason: 'undeliverable', organizer: null }]);
  });
});

describe('R10: the id of a mail', () => {
  it('in the bounce address identifies the mail even after the host name and the key have changed', async () => {
    const [newest] = parseKeyRing(`k2:${Buffer.alloc(32, 2).toString('base64')}`);
    const ring = [newest, ...kit.ring] as const;
    const settings = { ring, bounceDomain: REPLY_DOMAIN, replyDomain: REPLY_DOMAIN, invitationFromEmail: null };
    const interpret = interpretIncoming({
      ...kit,
      ring,
      outgoingMails: openOutgoingMails({ ...settings, makeId: kit.makeId, hostname: 'renamed.example.com' }),
      interpret: interpretMail,
      authenticate: () => Promise.reject(new TypeError('needs no proof')),
      isOwnRecipient: () => false,
      postmaster: null,
      policy: 'strict',
    });
    const raw = mail(['From: mailer-daemon@remote.test', 'Subject: failure notice'], 'bob: 550 5.1.1 user unknown');
    await kit.mail(raw, bounceTo, '');
    const options = { lanes: 1, perLane: 1, leaseMs: 60_000, longestWaitMs: 60_000, now: kit.clock.now };
    for (const batch of await kit.spool.claim('incoming', options)) {
      const plan = await interpret(readBatch(batch, kit.clock.now).jobs as Job<'mail'>[]);
      await kit.spool.commit(batch.lease, changesOf(plan, kit));
    }
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('SCHEDULE-STATUS=5.1');
  });

  it.each(['invitation', 'notice', 'quota notice'])(
    'is the same in its task, Message-ID and bounce address: %s',
    async (what) => {
      const own = await openFlowKit({ quota: { hour: what === 'quota notice' ? 0 : 9, day: 9 } });
      try {
        own.calendar.put(uid, event);
        await own.invite(event, bob);
        await own.settle();
        if (what === 'notice') await own.click(uid, bob, 'ACCEPTED');
        await own.settle();
        const sent = own.mails.find(({ rcptTo }) => (rcptTo === bob.asWritten) === (what === 'invitation'));
        const id = readBounceAddress(own.ring, sent?.mailFrom ?? '', REPLY_DOMAIN)?.mailId;
        expect(id).toBeDefined();
        expect(sent?.messageId).toBe(`<${id}@gateway.example.com>`);
        expect(Buffer.from(sent?.raw ?? '').toString()).toContain(`Message-ID: <${id}@gateway.example.com>`);
        expect(await own.ledger.entries(id ?? '', 9)).toMatchObject([{ taskId: id, verdict: 'mailed' }]);
      } finally {
        await own.close();
      }
    },
  );
});
