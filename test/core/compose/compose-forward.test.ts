import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { composeForward } from '../../../src/core/compose/compose-forward.ts';
import { LOOP_MARK_HEADER } from '../../../src/core/message/read-mail.ts';

const envelope = {
  from: 'calendar@example.com',
  fromName: 'Bob Dupont',
  replyTo: 'bob@example.org',
  to: 'alice@example.com',
  messageId: '<f1@calendar.example.com>',
  date: Date.UTC(2026, 9, 20, 8, 0, 5),
  loopMark: '0192c1',
};

const letter = [
  'Received: from mx.example.org by mx.example.com; Tue, 20 Oct 2026 08:00:00 +0000',
  'DKIM-Signature: v=1; d=example.org; s=a;',
  ' b=abc',
  'Return-Path: <bob@example.org>',
  'From: Bob Dupont <bob@example.org>',
  'To: r1k-7ch4@reply.example.com',
  'Bcc: secret@example.org',
  'Subject: =?utf-8?q?Ein_Gru=C3=9F?=',
  ' und mehr',
  'Message-ID: <b1@example.org>',
  'In-Reply-To: <i1@calendar.example.com>',
  'Disposition-Notification-To: bob@example.org',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=latin1',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Gr\u00fc\u00dfe',
  '--b',
  'Content-Type: application/octet-stream; name=a.bin',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename=a.bin',
  '',
  'AAEC/w==',
  '--b--',
  '',
].join('\r\n');

function forward(raw: string, changes: Partial<typeof envelope> = {}): { raw: string; bytes: Buffer; subject: string } {
  const mail = composeForward({ ...envelope, ...changes, raw: Buffer.from(raw, 'latin1') });
  const bytes = Buffer.from(mail.raw);
  return { raw: bytes.toString('latin1'), bytes, subject: mail.subject };
}

function header(raw: string): string {
  return raw.slice(0, raw.indexOf('\r\n\r\n'));
}

describe('composeForward', () => {
  it('has our own address with the writer’s name in From, and the writer in Reply-To', async () => {
    const { bytes } = forward(letter);
    const mail = await simpleParser(bytes);
    expect(mail.from?.value).toEqual([{ name: 'Bob Dupont', address: 'calendar@example.com' }]);
    expect(mail.replyTo?.value).toEqual([{ name: '', address: 'bob@example.org' }]);
    expect(mail.subject).toBe('Ein Gruß und mehr');
    expect(mail.messageId).toBe('<f1@calendar.example.com>');
    expect(mail.inReplyTo).toBe('<i1@calendar.example.com>');
  });

  it('does not change the bytes of the body', async () => {
    const { raw, bytes } = forward(letter);
    expect(raw.slice(raw.indexOf('\r\n\r\n'))).toBe(letter.slice(letter.indexOf('\r\n\r\n')));
    const mail = await simpleParser(bytes);
    expect(mail.text?.trim()).toBe('Grüße');
    expect(mail.attachments[0]?.content).toEqual(Buffer.from([0, 1, 2, 255]));
  });

  it('removes the other header fields', () => {
    expect(header(forward(letter).raw)).not.toMatch(
      /Received|DKIM|Return-Path|Bcc|Disposition-Notification|reply\.example\.com/,
    );
  });

  it('adds the loop mark and Auto-Submitted', () => {
    expect(header(forward(letter).raw)).toContain(`\r\n${LOOP_MARK_HEADER}: 0192c1`);
    expect(header(forward(letter).raw)).toContain('\r\nAuto-Submitted: auto-forwarded');
  });

  it.each([
    ['no header', '\r\nbody\r\n', 'body\r\n'],
    ['no body', 'Subject: x\r\n', ''],
    ['bare LF', 'Subject: x\nX: y\n\nbody\nmore\n', 'body\nmore\n'],
    ['no bytes', '', ''],
  ])('accepts a letter with %s', (_name, raw, body) => {
    const out = forward(raw).raw;
    expect(out.slice(out.indexOf('\r\n\r\n') + 4)).toBe(body);
    expect(
      header(out)
        .split('\r\n')
        .every((line) => /^(?:[A-Za-z-]+:|[ \t])/.test(line)),
    ).toBe(true);
  });

  it('does not let a name, subject or address add a header field', () => {
    const tricky = 'Subject: a\rBcc: evil@example.net\r\nSubject: second\r\n\r\nx';
    const { raw } = forward(tricky, {
      fromName: 'Eve\r\nBcc: evil@example.net',
      replyTo: 'eve@example.net\r\nBcc: evil@example.net',
    });
    expect(
      header(raw)
        .split('\r\n')
        .filter((line) => /^bcc:/i.test(line)),
    ).toEqual([]);
    expect(header(raw)).not.toMatch(/[^\r]\n|\r[^\n]/);
    expect(raw.match(/^Subject:/gim)).toHaveLength(1);
  });

  it('shows the address of a writer whose name is empty or misleading', async () => {
    for (const fromName of ['', 'ceo@bank.example']) {
      const mail = await simpleParser(forward(letter, { fromName }).bytes);
      expect(mail.from?.value[0]?.name).toBe('bob@example.org');
    }
  });
});
