// Rules that no test covered when the code was reviewed (R5, R8, R9). Each test fails if its rule is removed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatTask, showTask } from '../../../src/app/cli/queue-commands.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { openLog } from '../../../src/app/log.ts';
import { makeSecret, startGateway } from '../../../src/app/start-gateway.ts';
import { mailedCopy } from '../../../src/core/compose/mailed-copy.ts';
import { openForOperator, openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { fingerprintFor } from '../../../src/core/itip/fingerprint.ts';
import { listsAllGuests } from '../../../src/core/itip/listed-guests.ts';
import { LOOP_MARK_HEADER } from '../../../src/core/message/read-mail.ts';
import { bounceAddress } from '../../../src/core/signing/bounce-address.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { openTestDoor, rawClient, REPLY } from '../../doors/mail/mail-door-kit.ts';
import { alice, bob, carol, dave, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../../flow/flow-kit.ts';

const uid = 'planning@example.com';

function event(...attendees: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    'DTSTART:20270202T100000Z',
    'SUMMARY:Planning',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE:mailto:${bob.asWritten}`,
    ...attendees,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

interface Letter {
  readonly from?: string | null;
  readonly fields?: readonly string[];
  readonly method?: string;
  /** Of the calendar part. */
  readonly lines?: readonly string[];
}

/** A letter, or with `method` a mail with a calendar part. */
function mailOf({ from = bob.asWritten, fields = [], method, lines = [] }: Letter = {}): Buffer {
  const calendar = ['BEGIN:VCALENDAR', 'VERSION:2.0', `METHOD:${method}`, 'BEGIN:VEVENT', `UID:${uid}`, ...lines];
  return Buffer.from(
    [
      ...(from === null ? [] : [`From: <${from}>`]),
      'Message-ID: <one@remote.test>',
      ...fields,
      ...(method === undefined
        ? ['', 'See you there.']
        : [`Content-Type: text/calendar; method=${method}`, '', ...calendar, 'END:VEVENT', 'END:VCALENDAR']),
      '',
    ].join('\r\n'),
  );
}

const received = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `Received: from hop${at}.remote.test by hop${at + 1}.remote.test`);
const accepted = { method: 'REPLY', lines: [`ATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`] };
const refresh = { method: 'REFRESH', lines: [`ATTENDEE:mailto:${bob.asWritten}`] };

/** A delivery report, by default of a failure. */
function report(action: string): Buffer {
  const part = (type: string, ...lines: string[]): string[] => ['--b', `Content-Type: ${type}`, '', ...lines, ''];
  return Buffer.from(
    [
      'From: MAILER-DAEMON@mx.remote.test',
      'Message-ID: <report@mx.remote.test>',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      ...part('text/plain', 'About your mail.'),
      ...part(
        'message/delivery-status',
        'Reporting-MTA: dns; mx.remote.test',
        '',
        `Action: ${action}`,
        'Status: 2.0.0',
      ),
      '--b--',
      '',
    ].join('\r\n'),
  );
}

describe('R8: the outcome of a mail that is not an answer', () => {
  let kit: FlowKit;
  let replyTo: string;
  beforeEach(async () => {
    kit = await openFlowKit({ ownRecipients: [alice.asWritten] });
    kit.calendar.put(uid, event());
    await kit.invite(event(), bob);
    await kit.settle();
    replyTo = /ORGANIZER[^\r]*:mailto:(\S+)/.exec((await kit.mailsTo(bob))[0]?.calendar ?? '')?.[1] ?? '';
    kit.mails.length = 0;
  });
  afterEach(() => kit.close());

  /** Returns the reasons of the ledger entries about the mail. */
  async function outcomes(raw: Buffer, to = replyTo, from = bob.asWritten): Promise<string[]> {
    await kit.mail(raw, to, from);
    await kit.settle();
    return [...(await kit.reasons('<one@remote.test>')), ...(await kit.reasons('<report@mx.remote.test>'))];
  }

  it.each([
    { what: 'of somebody else at the reply address', from: dave.asWritten, to: null },
    { what: 'without proof in the own domain', from: bob.asWritten, to: alice.asWritten },
  ])('a REFRESH $what causes no mail', async ({ from, to }) => {
    expect(await outcomes(mailOf({ ...refresh, from }), to ?? replyTo, from)).toEqual([
      expect.stringMatching(/^ignored (unauthenticated|another-attendee)$/),
    ]);
    expect(kit.mails).toEqual([]);
  });

  it('a proven REFRESH causes a mail', async () => {
    expect(await outcomes(mailOf(refresh))).toEqual(['recorded refresh']);
    expect(await kit.mailsTo(bob)).toHaveLength(1);
  });

  const addresses = {
    'a reply address': () => replyTo,
    'a bounce address': () => bounceAddress(kit.ring, 'abcdefghijklmnopqrstuvwxyz', REPLY_DOMAIN),
    'the postmaster': () => `postmaster@${REPLY_DOMAIN}`,
    'one of REPLY_RECIPIENTS': () => alice.asWritten,
  };
  it.each(Object.entries(addresses))('a mail to %s ends after 60 hops', async (_, to) => {
    expect(await outcomes(mailOf({ ...accepted, fields: received(61) }), to())).toEqual(['refused loop']);
    expect(kit.mails).toEqual([]);
  });

  it('an answer after 60 hops is applied', async () => {
    await outcomes(mailOf({ ...accepted, fields: received(60) }));
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  const letters = [
    ['a reply address', 'forwarded letter'],
    ['the postmaster', 'forwarded postmaster'],
  ] as const;
  it.each(letters)('a letter to %s is forwarded', async (name, forwarded) => {
    expect(await outcomes(mailOf({ fields: received(60) }), addresses[name]())).toContain(forwarded);
    expect(kit.mails).toHaveLength(1);
  });

  it.each(letters)('a letter to %s that the gateway has forwarded is not forwarded again', async (name) => {
    expect(await outcomes(mailOf({ fields: [`${LOOP_MARK_HEADER}: 1`] }), addresses[name]())).toEqual(['ignored loop']);
    expect(kit.mails).toEqual([]);
  });

  it('a letter that arrives twice is forwarded once', async () => {
    await outcomes(mailOf());
    expect(await outcomes(mailOf())).toContain('ignored forwarded-before');
    expect(kit.mails).toHaveLength(1);
  });

  it('mail to a signed address of a pair that is not in the ledger is refused', async () => {
    const { address } = replyAddress(kit.ring, { organizer: carol, attendee: dave }, REPLY_DOMAIN);
    expect(await outcomes(mailOf(accepted), address)).toEqual(['refused unknown-reply-address']);
  });

  it('a failure report at a reply address changes nothing', async () => {
    expect(await outcomes(report('failed'))).toEqual(['recorded misdirected-bounce']);
    expect(kit.mails).toEqual([]);
    expect(kit.calendar.writes).toBe(0);
  });

  it.each([
    ['a report of a delivery', () => report('delivered')],
    ['a letter', () => mailOf()],
    ['an answer', () => mailOf(accepted)],
  ])('%s at a bounce address is no failure', async (_, raw) => {
    expect(await outcomes(raw(), addresses['a bounce address']())).toEqual(['recorded not-a-failure']);
  });

  it('an answer without ATTENDEE and without From is refused', async () => {
    const nobody = mailOf({ method: 'COUNTER', lines: ['DTSTART:20270203T100000Z'], from: null });
    expect(await outcomes(nobody, alice.asWritten, '')).toEqual(['refused no-attendee']);
  });
});

describe('R8: mail for the postmaster without POSTMASTER_EMAIL', () => {
  it('is recorded', async () => {
    const kit = await openFlowKit({ postmaster: null });
    await kit.mail(mailOf(), `postmaster@${REPLY_DOMAIN}`);
    await kit.settle();
    expect(await kit.reasons('<one@remote.test>')).toEqual(['recorded no-postmaster']);
    expect(kit.mails).toEqual([]);
    await kit.close();
  });
});

describe('R8: the limit of listed guests', () => {
  const guests = (count: number, last = ''): string[] =>
    Array.from({ length: count }, (_, at) => `ATTENDEE${at === count - 1 ? last : ''}:mailto:guest${at}@example.com`);
  const own = `ATTENDEE:mailto:${alice.asWritten}`;

  it.each([
    { what: '99 guests', lines: (last: string) => guests(98, last), listed: true },
    { what: '100 guests', lines: (last: string) => guests(99, last), listed: true },
    { what: '101 guests', lines: (last: string) => guests(100, last), listed: false },
    { what: '99 guests and the organizer', lines: (last: string) => [own, ...guests(98, last)], listed: true },
    { what: '100 guests and the organizer', lines: (last: string) => [own, ...guests(99, last)], listed: false },
    { what: 'one guest on two lines', lines: (last: string) => [...guests(1), ...guests(99, last)], listed: false },
  ])('is the same for the mailed copy and for what counts as news: $what', ({ lines, listed }) => {
    const before = event(...lines(''));
    const after = event(...lines(';ROLE=CHAIR'));
    expect(listsAllGuests(parseEvent(before))).toBe(listed);
    expect(fingerprintFor(before, bob) !== fingerprintFor(after, bob)).toBe(listed);
    const mailed = mailedCopy({
      kind: 'invitation',
      calendar: before,
      sender: alice,
      recipient: bob,
      organizerAsMailed: null,
      itip: true,
      guestList: true,
      stamp: null,
    });
    expect(mailed.includes('guest0@example.com')).toBe(listed);
    expect(mailed).toContain(bob.asWritten);
  });

  it('counts the longest list of a series', () => {
    const override = event(...guests(100)).replace('DTSTART', 'RECURRENCE-ID:20270202T100000Z\r\nDTSTART');
    const series = event('RRULE:FREQ=WEEKLY').replace(
      'END:VCALENDAR',
      `${override.slice(override.indexOf('BEGIN:VEVENT'), override.indexOf('END:VCALENDAR'))}END:VCALENDAR`,
    );
    expect(listsAllGuests(parseEvent(series))).toBe(false);
  });
});

describe('R8: RETAIN_MAIL_DAYS and RETAIN_LEDGER_DAYS', () => {
  const days = 86_400_000;
  const end = Date.UTC(2031, 4, 10);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imip-retain-'));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });

  it('limit how long a running gateway keeps finished tasks and ledger entries', async () => {
    const timers = vi.spyOn(globalThis, 'setInterval');
    const config = requireConfig({
      GATEWAY_SECRETS: makeSecret(),
      DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: 'off',
      CALDAV_URL: 'http://127.0.0.1:1/',
      RETAIN_MAIL_DAYS: '2',
      RETAIN_LEDGER_DAYS: '4',
    });
    let time = end;
    const gateway = await startGateway(config, openLog('silent'), () => time);
    const entriesOf = (id: string) => gateway.ledger.entries(`${id}@example.com`, 10);
    try {
      const ages = { oldest: 5, older: 3, fresh: 1 };
      for (const [id, age] of Object.entries(ages)) {
        time = end - age * days;
        const calendar = event()
          .replaceAll(uid, `${id}@example.com`)
          .replace('ATTENDEE', 'ATTENDEE;SCHEDULE-AGENT=NONE');
        const origin = { recordId: id, door: 'callback', messageId: null };
        const message = {
          kind: 'schedule-message',
          origin,
          from: alice,
          to: bob,
          method: 'REQUEST',
          calendar,
        } as const;
        await gateway.spool.put([recordTask({ ...message, again: false }, { id, createdAt: time })]);
        await expect.poll(() => entriesOf(id), { timeout: 10_000 }).toMatchObject([{ reason: 'schedule-agent' }]);
      }
      time = end;
      const hourly = timers.mock.calls.filter(([, ms]) => ms === 3_600_000);
      for (const [run] of hourly) (run as () => void)();
      await expect.poll(() => gateway.spool.task('older'), { timeout: 10_000 }).toBeNull();
      await expect.poll(() => entriesOf('oldest'), { timeout: 10_000 }).toEqual([]);
      expect(await gateway.spool.task('fresh')).not.toBeNull();
      expect(await entriesOf('fresh')).toHaveLength(1);
      expect(await entriesOf('older')).toHaveLength(1);
    } finally {
      await gateway.stop();
    }
  });
});

describe('R8: our changes of smtp-server', () => {
  const mail = [`MAIL FROM:<bob@remote.test>`, `RCPT TO:<${REPLY}>`, 'DATA', 'Subject: x\r\n\r\nx\r\n.'];

  it('a session ends after the maximum number of commands without a mail; each mail restarts the count', async () => {
    const door = await openTestDoor({ limits: { commandsPerMail: 5 } });
    const client = await rawClient(door);
    const [greeting, ...replies] = [await client.reply(), ...(await client.talk('EHLO c.test', ...mail, ...mail))];
    expect(greeting).toMatch(/^220 /);
    expect(replies.map((reply) => reply?.slice(0, 3))).toEqual([
      '250',
      '250',
      '250',
      '354',
      '250',
      '250',
      '250',
      '354',
      '250',
    ]);
    expect(await client.talk(...Array<string>(6).fill('NOOP'))).toEqual([
      ...Array<unknown>(5).fill(expect.stringMatching(/^250 /)),
      expect.stringMatching(/^421 /),
    ]);
    client.close();
    await door.close(0);
  });
});

describe('R5: one Message-ID to several recipients', () => {
  it('is stored as one mailing for each of them, found by separate ids', async () => {
    const kit = await openFlowKit();
    for (const guest of [bob, carol]) await kit.invite(event(`ATTENDEE:mailto:${carol.asWritten}`), guest);
    await kit.settle();
    const { mailings } = await kit.ledger.copyContext(alice.key, uid, null);
    const [first] = mailings;
    if (first === undefined) throw new TypeError('not mailed');
    // As if one submitted mail had been the invitation for both, and of one more guest.
    const shared = ['m1', 'm2', 'm3'].map((id, at) => ({
      ...first,
      id,
      messageId: '<shared@calendar.example.com>',
      recipientKey: [bob, carol, dave][at]?.key ?? '',
    }));
    await kit.spool.put(
      [],
      shared.map((mailing) => ({ kind: 'mailing', mailing })),
    );
    const after = await kit.ledger.copyContext(alice.key, uid, null);
    expect(after.mailings).toHaveLength(mailings.length + 3);
    for (const mailing of shared) {
      expect(await kit.ledger.mailing(mailing.id)).toEqual(mailing);
      expect((await kit.ledger.copyContext(alice.key, uid, [mailing.recipientKey])).mailings).toContainEqual(mailing);
    }
    await kit.close();
  });
});

describe('R9: `queue show` of an invitation', () => {
  it('shows its calendar, for the terminal and as JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imip-show-'));
    const url = `sqlite:${join(folder, 'gateway.db')}`;
    const gateway = await openSpool({ url });
    const operator = { ...(await openForOperator({ url })), now: Date.now };
    const calendar = event(`ATTENDEE;CN=Grüße:mailto:${carol.asWritten}`);
    const origin = { recordId: 'shown', door: 'callback', messageId: null };
    const message = { kind: 'schedule-message', origin, from: alice, to: bob, method: 'REQUEST', calendar } as const;
    await gateway.spool.put([recordTask({ ...message, again: false }, { id: 'shown', createdAt: Date.now() })]);
    const shown = await showTask(operator, 'shown');
    expect(shown?.body).toMatchObject({ calendar });
    const text = shown && formatTask(shown);
    for (const line of calendar.trim().split('\r\n')) expect(text).toContain(line);
    await operator.spool.close();
    await gateway.spool.close();
    await rm(folder, { recursive: true, force: true });
  });
});
