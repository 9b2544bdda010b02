import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../src/message/check-shape.ts';
import { LOOP_MARK_HEADER, readContentType, readMail, readParameter } from '../../src/message/read-mail.ts';

const read = (...lines: string[]) => readMail(Buffer.from(lines.join('\r\n')), MAIL_LIMITS);

describe('readContentType', () => {
  it.each([
    ['text/calendar; method=REPLY; charset=utf-8', 'REPLY', 'utf-8'],
    ['TEXT/Calendar; METHOD="Reply"; CHARSET="UTF-8"', 'Reply', 'UTF-8'],
    ["text/calendar;method='REPLY';charset='utf-8'", 'REPLY', 'utf-8'],
    ['text/calendar method=REPLY charset=utf-8', 'REPLY', 'utf-8'],
    ['text/calendar, method=REPLY, charset=utf-8', 'REPLY', 'utf-8'],
    ['text/calendar;;method = REPLY ;charset=utf-8;', 'REPLY', 'utf-8'],
    ['text/calendar; x-method=REQUEST; method=REPLY', 'REPLY', null],
    ['text/calendar', null, null],
  ])('%s', (value, method, charset) => {
    expect(readContentType(value)).toEqual({ type: 'text/calendar', method, charset });
  });

  it('reads other parameters', () => expect(readParameter('a/b; x="y z"', 'x')).toBe('y'));
});

describe('readMail', () => {
  it('gives parts with their numbers, transfer encoding undone and charset not', async () => {
    const { parts, facts } = await read(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Gr=FC=DFe',
      '--b',
      'Content-Type: text/calendar; method=REPLY; charset=iso-8859-1',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('Grüße', 'latin1').toString('base64'),
      '--b--',
    );
    expect(facts.text).toBe('Grüße');
    expect(parts).toEqual([
      {
        type: 'text/calendar',
        method: 'REPLY',
        charset: 'iso-8859-1',
        filename: '',
        content: Buffer.from('Grüße', 'latin1'),
        number: '2',
        calendarInHeader: false,
      },
    ]);
  });

  it('keeps messages within messages closed', async () => {
    const { parts } = await read('Content-Type: message/rfc822', '', 'Subject: inner', '', 'text');
    expect(parts.map(({ type, content }) => [type, content.toString()])).toEqual([
      ['message/rfc822', 'Subject: inner\r\n\r\ntext'],
    ]);
  });

  it.each([
    ['Mon, 02 Nov 2026 09:15:00 +0000', Date.UTC(2026, 10, 2, 9, 15)],
    ['Mon, 02 Nov 2026 10:15:00 +0100 (CET)', Date.UTC(2026, 10, 2, 9, 15)],
    ['2 Nov 2026 09:15:00 GMT', Date.UTC(2026, 10, 2, 9, 15)],
    ['Mon, 02 Nov 2026 01:15:00 -0800 (PST (Pacific))', Date.UTC(2026, 10, 2, 9, 15)],
    ['Mon, 02 Nov 2026 09:15:00', Date.UTC(2026, 10, 2, 9, 15)],
    ['yesterday', null],
    ['', null],
  ])('Date: %s', async (date, expected) => {
    expect((await read(`Date: ${date}`, '', '')).facts.date).toBe(expected);
  });

  it('reads addresses: groups, encoded words, folded fields', async () => {
    const { facts } = await read(
      'From: =?utf-8?Q?J=C3=B6rg?=',
      ' <joerg@example.com>',
      'To: team: a@example.com, B <b@example.com>;',
      'Sender: secretary@example.com',
      'Reply-To: "J, Ö" <joerg@example.net>',
      '',
      '',
    );
    expect(facts.from).toEqual([{ name: 'Jörg', address: 'joerg@example.com' }]);
    expect(facts.to.map(({ address }) => address)).toEqual(['a@example.com', 'b@example.com']);
    expect(facts.sender?.address).toBe('secretary@example.com');
    expect(facts.replyTo[0]?.address).toBe('joerg@example.net');
  });

  it('counts hops and finds our own mark', async () => {
    const { facts } = await read('Received: from a', 'Received: from b', `${LOOP_MARK_HEADER}: task-1`, '', '');
    expect([facts.hops, facts.loopMark]).toEqual([2, 'task-1']);
  });

  it('refuses what mailparser gives up on', async () => {
    await expect(
      readMail(Buffer.from(`X: ${'x'.repeat(2000)}\r\n\r\n`), { ...MAIL_LIMITS, partHeaderOctets: 1000 }),
    ).rejects.toMatchObject({
      code: 'mail-unparseable',
    });
  });

  it('bounds the text, HTML included', async () => {
    const limits = { ...MAIL_LIMITS, textLength: 100 };
    const plain = await readMail(Buffer.from(`\r\n\r\n${'x'.repeat(1000)}`), limits);
    expect(plain.facts.text).toHaveLength(100);
    const html = await readMail(Buffer.from(`Content-Type: text/html\r\n\r\n${'<b>x'.repeat(100_000)}`), limits);
    expect(html.facts.text).toHaveLength(100);
  });
});
