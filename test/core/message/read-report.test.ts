import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';
import {
  isAbuseReport,
  readAddress,
  readDeliveryReport,
  readMessageId,
  readRecipients,
} from '../../../src/core/message/read-report.ts';
import { longText } from '../../harness/long-text.ts';

const report = (type: string, ...parts: string[]) =>
  readMail(
    Buffer.from(
      [`Content-Type: ${type}; boundary=b`, '', ...parts.flatMap((part) => ['--b', part]), '--b--'].join('\r\n'),
    ),
    MAIL_LIMITS,
  );
const status = (...lines: string[]): string =>
  ['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx', '', ...lines].join('\r\n');
const bounce = { kind: 'bounce', status: null, diagnostic: null, originalMessageId: null };

describe('readDeliveryReport', () => {
  const prose = 'Content-Type: message/delivery-status\r\n\r\nYour mail could not be delivered.\r\n\r\nWe are sorry.';
  const bob = ['Final-Recipient: rfc822; bob@example.com', 'Action: failed', 'Status: 5.1.1'];
  it.each([
    ['the first is prose', [prose, status(...bob)]],
    ['the last is prose', [status(...bob), prose]],
    ['several are prose', [prose, prose, prose, status(...bob)]],
    ['the first has no recipient', [status('Action: failed'), status(...bob)]],
    ['the first has only the fields of the message', [status('Arrival-Date: today'), status(...bob)]],
  ])('reads every delivery-status part: %s', (_, parts) => {
    const read = readDeliveryReport(report('multipart/report', ...parts));
    expect(read).toEqual([{ ...bounce, action: 'failed', recipient: 'bob@example.com', status: '5.1.1' }]);
  });

  it('returns null if all delivery-status parts are prose', () => {
    expect(readDeliveryReport(report('multipart/report', prose, prose))).toBeNull();
  });

  it('returns a bounce for each recipient, with the Message-ID of the returned mail', async () => {
    const mail = await report(
      'multipart/report; report-type=delivery-status',
      status(
        'Final-Recipient: rfc822; bob@example.com',
        'Action: failed',
        'Status: 5.1.1 (bad mailbox)',
        'Diagnostic-Code: smtp; 550 5.1.1',
        '  no such user',
        '',
        'Original-Recipient: rfc822;carol@example.com',
        'Final-Recipient: rfc822;list@example.net',
        'Action: Relayed',
        'Status: 2.0.0',
      ),
      'Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-Id: <a@example.com>',
    );
    expect(readDeliveryReport(mail)).toEqual([
      {
        ...bounce,
        action: 'failed',
        recipient: 'bob@example.com',
        status: '5.1.1',
        diagnostic: '550 5.1.1 no such user',
        originalMessageId: '<a@example.com>',
      },
      {
        ...bounce,
        action: 'relayed',
        recipient: 'carol@example.com',
        status: '2.0.0',
        originalMessageId: '<a@example.com>',
      },
    ]);
  });

  it('finds the report by its part, whatever the type of the mail', async () => {
    const mail = await report('multipart/mixed', status('Final-Recipient: rfc822; bob@example.com', 'Action: failed'));
    expect(readDeliveryReport(mail)).toMatchObject([{ action: 'failed' }]);
  });

  it.each([
    ['Action: failed', 'failed'],
    ['Action: failure', 'failed'],
    ['Action: Failed (5.1.1)', 'failed'],
    ['Action: delayed', 'delayed'],
    ['Action: delivered', 'delivered'],
    ['Action: expanded', 'expanded'],
    ['Status: 5.0.0', 'failed'],
    ['Status: 4.4.7', 'delayed'],
    ['Action: deleted (final recipient unknown)', 'unknown'],
    ['X-Other: y', 'unknown'],
  ])('reads "%s" as %s', (line, action) => {
    expect(readRecipients(`Final-Recipient: rfc822;a@example.com\n${line}\n`, null)).toMatchObject([{ action }]);
  });

  it.each([
    ['rfc822;a@example.com', 'a@example.com'],
    ['RFC822; <a@example.com>', 'a@example.com'],
    ['a@example.com', 'a@example.com'],
    ['utf-8; ä@example.com', 'ä@example.com'],
    ['unknown', null],
  ])('reads the recipient "%s"', (written, recipient) => {
    expect(readRecipients(`Final-Recipient: ${written}\r\nAction: failed`, null)).toMatchObject([{ recipient }]);
  });

  it('returns null if there is no delivery-status part, or it is empty', async () => {
    expect(readDeliveryReport(await report('multipart/report', 'Content-Type: text/plain\r\n\r\nx'))).toBeNull();
    expect(
      readDeliveryReport(await report('multipart/report', 'Content-Type: message/delivery-status\r\n\r\n')),
    ).toBeNull();
  });

  it('limits the number of recipients and the length of the diagnostic', () => {
    const many = readRecipients('Final-Recipient: rfc822;a@example.com\n\n'.repeat(5000), null);
    expect(many).toHaveLength(100);
    const [long] = readRecipients(`Action: failed\nDiagnostic-Code: smtp; ${'x '.repeat(5000)}`, null);
    expect(long?.diagnostic?.length).toBe(500);
  });
});

describe('readAddress', () => {
  it.each([
    ['rfc822;bob@example.com', 'bob@example.com'],
    ['rfc822; "Bob" <bob@example.com> (mailbox full)', 'bob@example.com'],
    ['bob@host@example.com', 'bob@host@example.com'],
    ['@example.com bob@', null],
    [`${'a'.repeat(310)}@example.com`, null],
    [undefined, null],
  ])('reads %j', (value, address) => {
    expect(readAddress(value)).toBe(address);
  });

  it('takes linear time for a long text without an address', () => {
    expect(readAddress(longText('a'))).toBeNull();
  });
});

describe('readMessageId', () => {
  it.each([
    ['Message-ID: <a@b>', '<a@b>'],
    ['Subject: x\r\nMESSAGE-ID:\r\n <a@b>\r\n', '<a@b>'],
    ['X-Message-ID: <a@b>', null],
    ['Message-ID: a@b', null],
  ])('%j', (text, expected) => expect(readMessageId(text)).toBe(expected));
});

describe('isAbuseReport', () => {
  it.each([
    ['multipart/report; report-type=feedback-report', 'Content-Type: text/plain\r\n\r\nx', true],
    ['multipart/report; report-type="Feedback-Report"', 'Content-Type: text/plain\r\n\r\nx', true],
    ['multipart/mixed', 'Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse', true],
    ['multipart/report; report-type=delivery-status', 'Content-Type: text/plain\r\n\r\nfeedback-report', false],
  ])('%s', async (type, part, expected) => expect(isAbuseReport(await report(type, part))).toBe(expected));
});
