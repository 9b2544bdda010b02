import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { LOOP_MARK_HEADER, readMail } from '../../../src/core/message/read-mail.ts';
import { longText } from '../../harness/long-text.ts';

const read = (...lines: string[]) => readMail(Buffer.from(lines.join('\r\n')), MAIL_LIMITS);

describe('readMail', () => {
  it('returns the parts with the values of their headers, and their content as octets', () => {
    const { parts, facts } = read(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Gr=FC=DFe',
      '--b',
      'Content-Type: Text/Calendar; method=REPLY; charset=iso-8859-1; name="x.ics"',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('Grüße', 'latin1').toString('base64'),
      '--b--',
    );
    expect(facts.text).toBe('Grüße');
    const [, calendar] = parts;
    expect(calendar).toMatchObject({
      type: 'text/calendar',
      method: 'REPLY',
      charset: 'iso-8859-1',
      filename: 'x.ics',
      number: '2',
      parentType: 'multipart/mixed',
    });
    expect(calendar?.content(100)).toEqual(Buffer.from('Grüße', 'latin1'));
    expect(calendar?.content(2)).toEqual(Buffer.from('Gr'));
  });

  it('returns an attached message as one part', () => {
    const { parts } = read('Content-Type: message/rfc822', '', 'Subject: inner', '', 'text');
    expect(parts.map(({ type, content }) => [type, content(100).toString()])).toEqual([
      ['message/rfc822', 'Subject: inner\r\n\r\ntext'],
    ]);
  });

  it.each([
    ['Message-ID: <a@example.com>', '<a@example.com>'],
    ['Message-ID: a@example.com', '<a@example.com>'],
    ['Message-ID: <a@example.com> (added by mx)', '<a@example.com>'],
    ['Message-ID: two words', null],
    [`Message-ID: <${'a'.repeat(501)}>`, null],
    ['Subject: x', null],
  ])('%s', (line, expected) => expect(read(line, '', '').facts.messageId).toBe(expected));

  it('reads addresses: groups, encoded words, folded fields', () => {
    const { facts } = read(
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

  it('counts Received fields and reads the loop mark', () => {
    const { facts } = read('Received: from a', 'Received: from b', `${LOOP_MARK_HEADER}: task-1`, '', '');
    expect([facts.hops, facts.loopMark]).toEqual([2, 'task-1']);
  });

  it('joins inline text parts, ignores attachments, and uses HTML only if there is no text part', () => {
    const { facts } = read(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      'one',
      '--b',
      'Content-Disposition: attachment',
      '',
      'attached',
      '--b',
      'Content-Type: text/html',
      '',
      '<p>html</p>',
      '--b',
      '',
      'two',
      '--b--',
    );
    expect(facts.text).toBe('one\ntwo');
    const html = '<style>p{}</style><script>x()</script><p>a&nbsp;&lt;b&gt;</p>c<br><div>d</div>e<!-- f -->';
    expect(read('Content-Type: text/html', '', html).facts.text).toBe('a <b>\n\nc\nd\ne');
  });

  it('limits the length of the text, also of HTML', () => {
    const limits = { ...MAIL_LIMITS, textLength: 100 };
    expect(readMail(Buffer.from(`\r\n\r\n${'x'.repeat(1000)}`), limits).facts.text).toHaveLength(100);
    const html = readMail(Buffer.from(`Content-Type: text/html\r\n\r\n${'<b>x'.repeat(100_000)}`), limits);
    expect(html.facts.text).toHaveLength(25);
  });

  it.each(['<', '<div>', '<a b=c ', '&amp;lt;', '<!--', '<style>', '</p', '<a b="', ' \n '])(
    'converts HTML with many %j in linear time',
    (piece) => {
      const raw = Buffer.from(`Content-Type: text/html\r\n\r\n${longText(piece)}`);
      expect(readMail(raw, MAIL_LIMITS).facts.text.length).toBeLessThanOrEqual(MAIL_LIMITS.textLength);
    },
  );
});
