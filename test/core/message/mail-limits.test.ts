// interpretMail enforces each limit: it reads a mail that is exactly at the limit, and refuses one that exceeds it by one.
import { describe, expect, it } from 'vitest';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { MAIL_LIMITS, type MailLimits } from '../../../src/core/message/mail-limits.ts';

const CALENDAR =
  'BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:u\nATTENDEE;PARTSTAT=ACCEPTED:b@example.com\nEND:VEVENT\nEND:VCALENDAR\n';
const PART = `Content-Type: text/calendar\n\n${CALENDAR}`;
const MIXED = 'Content-Type: multipart/mixed; boundary=b\n';
const MAIL = `${MIXED}\n--b\n${PART}--b--\n`;
const FORWARD = `Content-Type: message/rfc822\n\n${MAIL}`;

const kind = async (mail: string, limits: Partial<MailLimits>): Promise<string | undefined> =>
  (await interpretMail(Buffer.from(mail), { limits })).items[0]?.kind;

describe('MAIL_LIMITS', () => {
  it.each<[keyof MailLimits, string, number, string]>([
    ['octets', MAIL, MAIL.length, 'unusable'],
    ['headerOctets', MAIL, MIXED.length + 'Content-Type: text/calendar\n'.length, 'unusable'],
    ['partHeaderOctets', MAIL, MIXED.length, 'unusable'],
    ['parts', MAIL, 2, 'unusable'],
    ['depth', MAIL, 1, 'unusable'],
    ['dashedLines', MAIL, 2, 'unusable'],
    ['calendarOctets', MAIL, CALENDAR.length - 1, 'unusable'],
    ['forwards', FORWARD, 1, 'letter'],
  ])('%s', async (name, mail, size, kindBeyond) => {
    expect(await kind(mail, { [name]: size })).toBe('answer');
    expect(await kind(mail, { [name]: size - 1 })).toBe(kindBeyond);
    expect(MAIL_LIMITS[name]).toBeGreaterThan(size);
  });

  it('textLength', async () => {
    const { mail } = await interpretMail(Buffer.from('A: b\n\n12345'), { limits: { textLength: 4 } });
    expect(mail.text).toBe('1234');
  });
});
