// Compares every fixture with its expected items, and tests the mails that must be `unusable` regardless of their content.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { FIXTURES } from './expected-fixtures.ts';
import { summarise } from './summarise.ts';

const folder = fileURLToPath(new URL('../../../fixtures/mail/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.eml'))
  .map((file) => file.slice(0, -4));
const fixture = (name: string): Buffer => readFileSync(`${folder}${name}.eml`);
const mail = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

describe('fixtures', () => {
  it('are all in the table and number at least 60', () => {
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

  it('contain the addresses of all From fields', async () => {
    const several = (await interpretMail(fixture('shape-several-from'))).mail;
    expect([several.fromFields, several.from.map(({ address }) => address)]).toEqual([
      2,
      ['bob@example.com', 'mallory@example.net'],
    ]);
    const list = (await interpretMail(fixture('shape-from-list'))).mail;
    expect([list.fromFields, list.from.length]).toEqual([1, 2]);
  });

  it('are empty for fields that the mail does not have', async () => {
    const { mail: facts } = await interpretMail(fixture('shape-headers-missing'));
    expect(facts).toMatchObject({ messageId: null, date: null, subject: '', sender: null, replyTo: [], to: [] });
  });

  it('contain the text of an HTML letter', async () => {
    const { mail: facts } = await interpretMail(fixture('letter-html'));
    expect(facts.text).toBe('Dear Alice,\n\nwhich room is it & when?\nBob');
  });
});

describe('a mail that cannot be parsed', () => {
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
    ['no octets', Buffer.alloc(0), ['unusable unparseable-mail: The mail has no header.']],
    ['one octet', Buffer.from([0]), ['unusable unparseable-mail: The mail has no header.']],
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

  it('is unusable if its calendar exceeds the limit', async () => {
    const raw = mail('Content-Type: text/calendar; method=REPLY', '', ...calendar, 'x'.repeat(5000));
    const [item] = (await interpretMail(raw, { limits: { calendarOctets: 4000 } })).items;
    expect(item).toMatchObject({
      kind: 'unusable',
      reason: 'unparseable-calendar',
      detail: 'The calendar exceeds 4000 octets.',
    });
  });

  it('is unusable if it exceeds the size limit, and keeps the facts of its header', async () => {
    const raw = fixture('gmail-accepted');
    const { items, mail: facts } = await interpretMail(raw, { limits: { octets: 100 } });
    expect(items).toEqual([
      { kind: 'unusable', reason: 'too-deep', detail: 'The mail exceeds a limit: it is larger than 100 octets.' },
    ]);
    expect(facts).toMatchObject({ fromFields: 1, text: '' });
  });

  it('keeps the facts for loop detection, whichever limit it exceeds', async () => {
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

  it('is unusable if it has too many parts, or a header of one part is too large', async () => {
    const parts = Array.from({ length: 300 }, () => '--b\r\n\r\nx').join('\r\n');
    const wide = mail('Content-Type: multipart/mixed; boundary=b', '', parts);
    expect((await interpretMail(wide)).items).toMatchObject([{ reason: 'too-deep' }]);
    const long = mail(`X-Long: ${'x'.repeat(110_000)}`, '', 'x');
    expect((await interpretMail(long)).items).toMatchObject([{ reason: 'too-deep' }]);
  });

  it('is unusable if its multiparts are nested too deeply', async () => {
    const deep = Array.from(
      { length: 500 },
      (_, at) => `Content-Type: multipart/mixed; boundary="${at}"\r\n\r\n--${at}\r\n`,
    );
    expect((await interpretMail(Buffer.from(deep.join('')))).items).toMatchObject([{ reason: 'too-deep' }]);
  });

  it('is a letter if more attached messages enclose the answer than the limit allows', async () => {
    let inner = mail('From: b@example.com', 'Content-Type: text/calendar; method=REPLY', '', ...calendar);
    for (let depth = 0; depth < 6; depth++)
      inner = Buffer.concat([mail('Content-Type: message/rfc822', '', ''), inner]);
    expect((await interpretMail(inner)).items).toEqual([{ kind: 'letter' }]);
    const { items, forwarded } = await interpretMail(inner, { limits: { forwards: 6 } });
    expect([items[0]?.kind, forwarded]).toEqual(['answer', true]);
  });

  it('is a letter if only its attached message cannot be parsed', async () => {
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
  it('ignores winmail.dat if a calendar contains an answer', async () => {
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
  ])('treats two calendars that differ in %s as different answers', async (_, one, other) => {
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

  it('returns an answer even if the mail is marked as an automatic reply', async () => {
    const raw = Buffer.from(reply.replace('auto-generated', 'auto-replied'), 'latin1');
    expect((await interpretMail(raw)).items[0]?.kind).toBe('answer');
  });

  it('returns a bounce for a delivery report even if a calendar is attached to it', async () => {
    const raw = fixture('postfix-bounce-failed')
      .toString('latin1')
      .replace('Content-Type: message/rfc822', 'Content-Type: text/calendar; method=REPLY');
    expect((await interpretMail(Buffer.from(raw, 'latin1'))).items[0]?.kind).toBe('bounce');
  });

  it('does not read the text part as a comment for clients that write their own sentence there', async () => {
    const [item] = (await interpretMail(fixture('thunderbird-accepted'))).items;
    expect(item).toMatchObject({ kind: 'answer', comment: null });
  });
});
