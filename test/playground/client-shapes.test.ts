// The answers in the formats of mail clients, as our own reader sees them.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientReply, type MailClient, replyAs } from '../../src/playground/client-shapes.ts';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';

const REPLY: ClientReply = {
  from: { name: 'Bob Guest', address: 'bob@example.com' },
  to: 'r1k1-abc@reply.example.com',
  uid: 'planning-1@example.com',
  sequence: 2,
  recurrenceId: null,
  organizer: 'r1k1-abc@reply.example.com',
  summary: 'Planning',
  dtstart: 'DTSTART;TZID=Europe/Berlin:20261122T100000',
  dtend: 'DTEND;TZID=Europe/Berlin:20261122T110000',
  partstat: 'ACCEPTED',
  comment: null,
  date: Date.UTC(2026, 10, 2, 9, 15),
  messageId: '<answer-1@example.com>',
};
const CLIENTS: readonly MailClient[] = ['outlook', 'apple-mail', 'gmail'];
const text = (client: MailClient, fields: Partial<ClientReply> = {}): string =>
  Buffer.from(replyAs(client, { ...REPLY, ...fields })).toString();

describe.each(CLIENTS)('replyAs %s', (client) => {
  it('is read as the same answer', async () => {
    const incoming = await interpretMail(replyAs(client, REPLY));
    expect(incoming.items).toEqual([
      {
        kind: 'answer',
        component: 'VEVENT',
        occurrence: { uid: 'planning-1@example.com', recurrenceId: null },
        range: null,
        attendee: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        organizer: { key: 'r1k1-abc@reply.example.com', asWritten: 'r1k1-abc@reply.example.com' },
        partstat: 'ACCEPTED',
        comment: null,
        delegatedTo: [],
        sequence: 2,
        stampedAt: REPLY.date,
        start: {
          form: 'zoned',
          local: '20261122T100000',
          zone: 'Europe/Berlin',
          instant: Date.UTC(2026, 10, 22, 9),
        },
      },
    ]);
    expect(incoming.mail).toMatchObject({
      from: [{ name: 'Bob Guest', address: 'bob@example.com' }],
      to: [{ address: 'r1k1-abc@reply.example.com' }],
      date: REPLY.date,
      messageId: '<answer-1@example.com>',
    });
  });

  it.each(['ACCEPTED', 'DECLINED', 'TENTATIVE'] as const)(
    'answers %s for one occurrence, with a comment',
    async (partstat) => {
      const recurrenceId = 'RECURRENCE-ID;TZID=Europe/Berlin:20261122T100000';
      const [item] = (
        await interpretMail(replyAs(client, { ...REPLY, partstat, recurrenceId, comment: 'Später, ja?' }))
      ).items;
      expect(item).toMatchObject({
        partstat,
        occurrence: { recurrenceId: '20261122T090000Z' },
        comment: 'Später, ja?',
      });
    },
  );

  it('is the same for the same input', () => expect(text(client)).toBe(text(client)));

  it('has CRLF line ends, lines of at most 998 octets and an ASCII header', () => {
    const mail = text(client, {
      summary: 'Ärger im Büro '.repeat(20),
      comment: 'ß'.repeat(500),
      from: { name: 'Böb', address: 'bob@example.com' },
    });
    expect(mail).not.toMatch(/[^\r]\n|\r[^\n]/);
    for (const line of mail.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThan(998);
    expect(mail.split('\r\n\r\n')[0]).toMatch(/^[\t\r\n -~]*$/);
  });

  it('does not let text of the event add header fields or properties', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        'a',
        'ü',
        '\r\n',
        '\n',
        '\0',
        ';',
        ',',
        ':',
        '"',
        '\\',
        '--',
        'BEGIN:VEVENT',
        'From: x@example.net',
      ),
    });
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (name, summary, comment) => {
        const incoming = await interpretMail(
          replyAs(client, { ...REPLY, from: { name, address: 'bob@example.com' }, summary, comment }),
        );
        expect(incoming.items).toMatchObject([
          { kind: 'answer', partstat: 'ACCEPTED', attendee: { key: 'bob@example.com' } },
        ]);
        expect(incoming.mail.fromFields).toBe(1);
        expect(incoming.mail.from.map(({ address }) => address)).toEqual(['bob@example.com']);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the format of each client', () => {
  it('Outlook: folds with tabs and writes the comment as text', () => {
    const mail = text('outlook', {
      summary: 'A long summary that has to be folded at the end of the line, and once more',
    });
    expect(mail).toMatch(/\r\n\t[^\r]*\r\nTRANSP/);
    expect(mail).toContain('X-Mailer: Microsoft Outlook 16.0');
  });
  it('Apple Mail: attaches a calendar without a method', () => {
    expect(text('apple-mail')).toMatch(
      /filename=iCal-20261102-091500\.ics\r\nContent-Type: text\/calendar;\r\n\tx-unix-mode=0644;/,
    );
  });
  it('Gmail: is auto-generated and contains the calendar twice', () => {
    expect(text('gmail')).toMatch(
      /Sender: Google Calendar <calendar-notification@google\.com>\r\nAuto-Submitted: auto-generated/,
    );
    expect(text('gmail')).toMatch(/method=REPLY[^]*application\/ics; name="invite\.ics"/);
  });
});
