// Every fixture against its reading, and the mails that must end as `unusable` whatever they hold.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { FIXTURES } from './fixture-readings.ts';
import { summarise } from './summarise.ts';

const folder = fileURLToPath(new URL('../../../fixtures/mail/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.eml'))
  .map((file) => file.slice(0, -4));
const fixture = (name: string): Buffer => readFileSync(`${folder}${name}.eml`);
const mail = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

describe('fixtures', () => {
  it('are all in the table, and at least 60', () => {
    expect([...names].sort()).toEqual(Object.keys(FIXTURES).sort());
    expect(names.length).toBeGreaterThanOrEqual(60);
  });

  it.each(names)('%s names its client, case and provenance, and keeps its line ends', (name) => {
    const text = fixture(name).toString('latin1');
    expect(text).toMatch(/^X-Fixture-Client: \S.*\r?\nX-Fixture-Case: \S.*\r?\nX-Fixture-Provenance: \S/);
    expect(text).toMatch(/people invented|typed by hand/);
    if (!name.includes('lf-only')) expect(text).not.toMatch(/[^\r]\n/);
    for (const [, domain] of text.matchAll(/From: [^\r\n]*@([\w.-]+)/g)) {
      expect(domain).toMatch(/(?:^|\.)(?:example\.(?:com|net|org)|test)$|^google\.com$/);
    }
  });

  it.each(Object.entries(FIXTURES))('%s', async (name, expected) => {
    const incoming = await interpretMail(fixture(name));
    expect(summarise(incoming)).toEqual(expected.items);
    expect(incoming.source).toBe(expected.source);
    expect(incoming.forwarded).toBe(expected.forwarded ?? false);
  });
});

describe('header facts', () => {
  it('come from the top-level header', async () => {
    const { mail: facts } = await interpretMail(fixture('gmail-accepted'));
    expect(facts).toMatchObject({
      messageId: '<calendar-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9@google.com>',
      date: Date.UTC(2026, 10, 2, 9, 15),
      from: [{ name: 'Bob Guest', address: 'bob@gmail.test' }],
      fromFields: 1,
      sender: { name: 'Google Calendar', address: 'calendar-notification@google.com' },
      replyTo: [{ name: 'Bob Guest', address: 'bob@gmail.test' }],
      to: [{ name: '', address: 'alice@example.com' }],
      hops: 0,
      loopMark: null,
    });
  });

  it('show every From of several', async () => {
    const several = (await interpretMail(fixture('shape-several-from'))).mail;
    expect([several.fromFields, several.from.map(({ address }) => address)]).toEqual([
      2,
      ['bob@example.com', 'mallory@example.net'],
    ]);
    const list = (await interpretMail(fixture('shape-from-list'))).mail;
    expect([list.fromFields, list.from.length]).toEqual([1, 2]);
  });

  it('are empty where the mail has none', async () => {
    const { mail: facts } = await interpretMail(fixture('shape-headers-missing'));
    expect(facts).toMatchObject({ messageId: null, date: null, subject: '', sender: null, replyTo: [], to: [] });
  });

  it('give HTML letters a text', async () => {
    const { mail: facts } = await interpretMail(fixture('letter-html'));
    expect(facts.text).toBe('Dear Alice,\n\nwhich room is it & when?\nBob');
  });
});

describe('what cannot be read', () => {
  const calendar = [
    'BEGIN:VCALENDAR',
    'METHOD:REPLY',
    'BEGIN:VEVENT',
    'UID:u',
    'ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.com',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];

  it.each([
    ['nothing', Buffer.alloc(0), ['unusable unparseable-mail: The mail has no header.']],
    ['an octet', Buffer.from([0]), ['unusable unparseable-mail: The mail has no header.']],
    ['no header', Buffer.from('\r\nFrom: b@example.com\r\n'), ['unusable unparseable-mail: The mail has no header.']],
    [
      'no VCALENDAR',
      mail('Content-Type: text/calendar; method=REPLY', '', 'hello'),
      ['unusable unparseable-calendar: the calendar cannot be read: no VCALENDAR'],
    ],
    [
      'two VCALENDARs in a part',
      mail('Content-Type: text/calendar', '', ...calendar, ...calendar),
      ['unusable several-calendars: the calendar cannot be read: several VCALENDARs in one part'],
    ],
  ])('%s', async (_, raw, expected) => {
    expect(summarise(await interpretMail(raw))).toEqual(expected);
  });

  it('a calendar above the limit', async () => {
    const raw = mail('Content-Type: text/calendar; method=REPLY', '', ...calendar, 'x'.repeat(5000));
    const [item] = (await interpretMail(raw, { limits: { calendarOctets: 4000 } })).items;
    expect(item).toMatchObject({
      kind: 'unusable',
      reason: 'unparseable-calendar',
      detail: 'The calendar exceeds 4000 octets.',
    });
  });

  it('a mail above the limits, with what its header says', async () => {
    const raw = fixture('gmail-accepted');
    const { items, mail: facts } = await interpretMail(raw, { limits: { octets: 100 } });
    expect(items).toEqual([
      { kind: 'unusable', reason: 'too-deep', detail: 'The mail is not read: it is larger than 100 octets.' },
    ]);
    expect(facts).toMatchObject({ fromFields: 1, text: '' });
  });

  it('keeps the marks that end loops, whatever else is beyond the limits', async () => {
    const head =
      'Received: a\r\nReceived: b\r\nX-IMIP-Gateway-Loop: task-1\r\nMessage-ID: <a@example.com>\r\nFrom: b@example.com\r\n';
    const deep = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'.repeat(100);
    const { mail: facts, items } = await interpretMail(Buffer.from(`${head}${deep}`));
    expect(items).toMatchObject([{ reason: 'too-deep' }]);
    expect(facts).toMatchObject({
      hops: 2,
      loopMark: 'task-1',
      messageId: '<a@example.com>',
      from: [{ address: 'b@example.com' }],
    });
    const long = await interpretMail(Buffer.from(`${head}Subject: ${'x'.repeat(200_000)}\r\n\r\n`));
    expect(long.mail).toMatchObject({ hops: 2, loopMark: 'task-1' });
  });

  it('too many parts, too large a header of one part', async () => {
    const parts = Array.from({ length: 300 }, () => '--b\r\n\r\nx').join('\r\n');
    const wide = mail('Content-Type: multipart/mixed; boundary=b', '', parts);
    expect((await interpretMail(wide)).items).toMatchObject([{ reason: 'too-deep' }]);
    const long = mail(`X-Long: ${'x'.repeat(110_000)}`, '', 'x');
    expect((await interpretMail(long)).items).toMatchObject([{ reason: 'too-deep' }]);
  });

  it('multiparts within multiparts beyond the limit', async () => {
    const deep = Array.from(
      { length: 500 },
      (_, at) => `Content-Type: multipart/mixed; boundary="${at}"\r\n\r\n--${at}\r\n`,
    );
    expect((await interpretMail(Buffer.from(deep.join('')))).items).toMatchObject([{ reason: 'too-deep' }]);
  });

  it('answers in messages nested beyond the limit stay letters', async () => {
    let inner = mail('From: b@example.com', 'Content-Type: text/calendar; method=REPLY', '', ...calendar);
    for (let depth = 0; depth < 6; depth++)
      inner = Buffer.concat([mail('Content-Type: message/rfc822', '', ''), inner]);
    expect((await interpretMail(inner)).items).toEqual([{ kind: 'letter' }]);
    const { items, forwarded } = await interpretMail(inner, { limits: { forwards: 6 } });
    expect([items[0]?.kind, forwarded]).toEqual(['answer', true]);
  });

  it('an unreadable attached message leaves the letter around it', async () => {
    const long = `X: ${'x'.repeat(110_000)}`;
    const raw = mail(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: message/rfc822',
      '',
      long,
      '',
      'x',
      '--b--',
    );
    expect((await interpretMail(raw)).items).toEqual([{ kind: 'letter' }]);
  });
});

describe('precedence', () => {
  it('winmail.dat is asked only where no calendar answers', async () => {
    const winmail = fixture('outlook-winmail-declined-hex').toString('latin1');
    const calendar = fixture('outlook-2003-accepted').toString('latin1').split('\r\n\r\n');
    const part = `Content-Type: text/calendar; method=REPLY\r\n\r\n${calendar[1]}`;
    const raw = winmail.replace(/(------_=_NextPart_[^\r]+)--\r\n$/, `$1\r\n${part}\r\n$1--\r\n`);
    expect(summarise(await interpretMail(Buffer.from(raw, 'latin1')))).toEqual([
      'answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Sorry, not this week."',
    ]);
  });

  it.each([
    ['PARTSTAT', 'PARTSTAT=DELEGATED', 'PARTSTAT=ACCEPTED'],
    ['RANGE', 'RECURRENCE-ID;RANGE=THISANDFUTURE', 'RECURRENCE-ID'],
    ['delegate', 'DELEGATED-TO="mailto:c@example.com"', 'DELEGATED-TO="mailto:d@example.com"'],
    ['SEQUENCE', 'SEQUENCE:1', 'SEQUENCE:2'],
  ])('two calendars that differ in %s are no copies of one answer', async (_, one, other) => {
    const text = [
      'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:u\r\nSEQUENCE:1',
      'RECURRENCE-ID;RANGE=THISANDFUTURE:20261122T090000Z',
      'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:c@example.com":mailto:b@example.com',
      'END:VEVENT\r\nEND:VCALENDAR\r\n',
    ].join('\r\n');
    expect(text).toContain(one);
    const parts = (second: string) =>
      mail(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        ...[text, second].map((each) => `--b\r\n\r\n${each}`),
        '--b--',
      );
    expect((await interpretMail(parts(text))).items).toMatchObject([{ kind: 'answer' }]);
    const { items } = await interpretMail(parts(text.replace(one, other)));
    expect(items).toMatchObject([{ kind: 'unusable', reason: 'several-calendars' }]);
  });

  const reply = fixture('exchange-room-accepted').toString('latin1');

  it('an answer counts although the mail calls itself an automatic reply', async () => {
    const raw = Buffer.from(reply.replace('auto-generated', 'auto-replied'), 'latin1');
    expect((await interpretMail(raw)).items[0]?.kind).toBe('answer');
  });

  it('a delivery report stays one although it returns a calendar beside the report', async () => {
    const raw = fixture('postfix-bounce-failed')
      .toString('latin1')
      .replace('Content-Type: message/rfc822', 'Content-Type: text/calendar; method=REPLY');
    expect((await interpretMail(Buffer.from(raw, 'latin1'))).items[0]?.kind).toBe('bounce');
  });

  it('text that happens to stand beside an answer of another client is no comment', async () => {
    const [item] = (await interpretMail(fixture('thunderbird-accepted'))).items;
    expect(item).toMatchObject({ kind: 'answer', comment: null });
  });
});
