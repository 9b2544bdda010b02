import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { type MailParts, writeMail } from '../../../src/core/compose/write-mail.ts';

const parts: MailParts = {
  from: { name: 'Alice via Calendar', address: 'calendar@example.com' },
  to: { name: 'Bob', address: 'bob@example.org' },
  replyTo: { name: 'Alice', address: 'alice@example.com' },
  subject: 'Hello',
  messageId: '<1@example.com>',
  references: '<0@example.com>',
  date: Date.UTC(2026, 9, 20, 8, 0, 5),
  text: 'one\ntwo é\n',
  html: '<p>three</p>',
  calendar: { text: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n', method: 'REQUEST' },
};

function text(mail: MailParts): string {
  return Buffer.from(writeMail(mail)).toString('latin1');
}

/** Returns the Content-Types in the order of the MIME tree. */
function tree(raw: string): string[] {
  return [...raw.matchAll(/^Content-Type: ([^\r\n]+)/gim)].map((found) => (found[1] ?? '').replace(/;$/, ''));
}

describe('writeMail', () => {
  it('writes the same bytes for the same parts', () => {
    expect(text(parts)).toBe(text({ ...parts }));
    expect(text({ ...parts, messageId: '<2@example.com>' })).not.toContain(/boundary="([^"]+)"/.exec(text(parts))?.[1]);
  });

  it('builds the tree of an invitation', () => {
    expect(tree(text(parts))).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain; charset=utf-8',
      'text/html; charset=utf-8',
      'text/calendar; charset=utf-8; method=REQUEST',
      'application/ics; name=invite.ics',
    ]);
  });

  it('writes the same bytes into both copies of the calendar', async () => {
    const { attachments } = await simpleParser(Buffer.from(writeMail(parts)));
    expect(attachments.map(({ contentType, filename }) => [contentType, filename])).toEqual([
      ['text/calendar', undefined],
      ['application/ics', 'invite.ics'],
    ]);
    for (const { content } of attachments) expect(content.toString()).toBe(parts.calendar?.text);
  });

  it('only attaches a calendar without a method, and attaches nothing if there is none', () => {
    expect(tree(text({ ...parts, calendar: { text: 'x', method: null } }))).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain; charset=utf-8',
      'text/html; charset=utf-8',
      'application/ics; name=invite.ics',
    ]);
    expect(tree(text({ ...parts, calendar: null }))).toEqual([
      'multipart/alternative',
      'text/plain; charset=utf-8',
      'text/html; charset=utf-8',
    ]);
  });

  it('uses CRLF everywhere, and lines of at most 78 characters', () => {
    const raw = text({ ...parts, text: `${'long '.repeat(2000)}\n.\nFrom x\n` });
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it('writes the date, the references and Auto-Submitted', async () => {
    const mail = await simpleParser(Buffer.from(writeMail(parts)));
    expect(mail.date?.getTime()).toBe(parts.date);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.messageId).toBe('<1@example.com>');
    expect([mail.references, mail.inReplyTo]).toEqual(['<0@example.com>', '<0@example.com>']);
    expect(text(parts)).toContain('\r\nDate: Tue, 20 Oct 2026 08:00:05 +0000\r\n');
    expect(mail.text).toBe('one\ntwo é\n');
  });
});
