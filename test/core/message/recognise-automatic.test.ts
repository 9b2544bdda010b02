import { describe, expect, it } from 'vitest';
import { MAIL_LIMITS } from '../../../src/core/message/mail-limits.ts';
import { readMail } from '../../../src/core/message/read-mail.ts';
import { isAutomatic } from '../../../src/core/message/recognise-automatic.ts';

describe('isAutomatic', () => {
  it.each([
    ['Auto-Submitted: auto-replied', true],
    ['Auto-Submitted: auto-replied (vacation)', true],
    ['Auto-Submitted: auto-generated', true],
    ['Auto-Submitted: no', false],
    ['X-Autoreply: yes', true],
    ['X-Autorespond: Invitation', true],
    ['Precedence: auto_reply', true],
    ['Precedence: bulk', false],
    ['Precedence: bulk\nSubject: Out of Office: Re: Planning', true],
    ['Precedence: list\nSubject: Re: Planning', false],
    ['Delivered-To: Autoresponder', true],
    ['X-POST-MessageClass: 9; Autoresponder', true],
    ['X-MS-Exchange-Inbox-Rules-Loop: bob@example.com', true],
    ['X-Auto-Response-Suppress: All\nSubject: Automatic reply: Planning', true],
    ['X-Auto-Response-Suppress: All\nSubject: Automatische Antwort: Planung', true],
    ['X-Auto-Response-Suppress: All\nSubject: Re: Planning', false],
    ['Subject: Out of office budget', false],
    ['Content-Type: multipart/report; report-type=disposition-notification; boundary=b', true],
    ['From: MAILER-DAEMON@example.com', true],
    ['From: bob@example.com\nSubject: Re: Planning', false],
  ])('%j', async (head, expected) => {
    expect(isAutomatic(await readMail(Buffer.from(`${head}\n\ntext`), MAIL_LIMITS))).toBe(expected);
  });
});
