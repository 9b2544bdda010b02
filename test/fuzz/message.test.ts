// The mail fuzzer, and mails that are made to cost time or memory.
import { describe, expect, it } from 'vitest';
import { interpretMail } from '../../src/core/message/interpret-mail.ts';
import { fullCount } from '../harness/full-counts.ts';
import { fuzzMessages, makeMail } from './message.ts';

// A new seed each day. A failure names the seed of its mail; `makeMail(seed)` makes the same mail.
const seed = Math.floor(Date.now() / 86_400_000) * 100_000;
const MAILS = fullCount(3_000, 1_000);

describe('damaged mails', () => {
  it('are the same for the same seed', () => expect(makeMail(42)).toEqual(makeMail(42)));

  it('never throw and leave nothing behind', { timeout: 120_000 }, async () => {
    const report = await fuzzMessages(MAILS, seed);
    console.log('test/fuzz/message: seed', seed, report);
    expect(report.heapAfter).toBeLessThan(report.heapBefore + 20);
    // Enough mails must stay readable for the fuzzer to reach the later stages.
    expect(report.kinds['answer']).toBeGreaterThan(MAILS / 10);
    expect(report.kinds['unusable']).toBeGreaterThan(MAILS / 30);
  });
});

const MEGABYTE = 1_000_000;
const ANSWER = [
  'Content-Type: text/calendar; method=REPLY',
  '',
  'BEGIN:VCALENDAR',
  'METHOD:REPLY',
  'BEGIN:VEVENT',
  'UID:u',
  'ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.com',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n');
const mixed = (...parts: string[]): string =>
  `From: b@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;
const base64 = (octets: number, octet = 65): string =>
  `${Buffer.alloc(57, octet).toString('base64')}\r\n`.repeat(octets / 78);
const repeat = (piece: string, octets: number): string => piece.repeat(octets / piece.length);

// At these sizes, a quadratic function takes longer than the time limit of a test.
describe('oversized content takes linear time, and an answer beside it is still read', () => {
  it.each<[string, string, () => string]>([
    [
      '30 MB of attachment',
      'answer',
      () =>
        mixed(
          ANSWER,
          `Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf\r\n\r\n${base64(30 * MEGABYTE)}`,
        ),
    ],
    ['30 MB of line feeds', 'answer', () => mixed(ANSWER, `X: y\r\n\r\n${repeat('\n', 30 * MEGABYTE)}`)],
    [
      '30 MB of quoted-printable',
      'answer',
      () => mixed(ANSWER, `Content-Transfer-Encoding: quoted-printable\r\n\r\n${repeat('=41 ', 30 * MEGABYTE)}`),
    ],
    ['30 MB of dashes', 'answer', () => mixed(ANSWER, `X: y\r\n\r\n${repeat('-', 30 * MEGABYTE)}`)],
    ['lines like boundaries', 'unusable', () => mixed(ANSWER, `X: y\r\n\r\n${repeat('--x\n', 30 * MEGABYTE)}`)],
    ['HTML', 'letter', () => mixed(`Content-Type: text/html\r\n\r\n${repeat('<div>', 10 * MEGABYTE)}`)],
    ['a long To', 'letter', () => `To: ${repeat('a@b, ', 90_000)}\r\n\r\n`],
    ['a header without end', 'unusable', () => `Subject: ${repeat('x', 10 * MEGABYTE)}`],
    ['many headers', 'unusable', () => mixed(...Array.from({ length: 150 }, () => repeat('To: a,b\r\n', 90_000)))],
    [
      'deeply nested multiparts',
      'unusable',
      () => repeat('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n', MEGABYTE),
    ],
    ['a hundred thousand parts', 'unusable', () => mixed(...Array.from({ length: 100_000 }, () => '\r\nx'))],
    [
      'a long calendar',
      'unusable',
      () => mixed(`Content-Type: text/calendar\r\n\r\n${repeat('BEGIN:VEVENT\r\n', 20 * MEGABYTE)}`),
    ],
    [
      'calendars',
      'unusable',
      () =>
        mixed(
          ...Array.from(
            { length: 100 },
            () =>
              `Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\n${repeat('X;A=b:c\r\n', 200_000)}`,
          ),
        ),
    ],
    [
      'attached messages',
      'letter',
      () =>
        mixed(...Array.from({ length: 100 }, () => `Content-Type: message/rfc822\r\n\r\nTo: ${repeat('a,', 90_000)}`)),
    ],
    [
      'line feeds in base64',
      'letter',
      () =>
        mixed(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(20 * MEGABYTE, 10)}`),
    ],
    [
      'a delivery report',
      'bounce',
      () => mixed(`Content-Type: message/delivery-status\r\n\r\n${repeat('Action: failed\n\n', 10 * MEGABYTE)}`),
    ],
    [
      'a recipient without end',
      'bounce',
      () => mixed(`Content-Type: message/delivery-status\r\n\r\n\r\nFinal-Recipient: ${repeat('a', MEGABYTE)}`),
    ],
    [
      'CRs in base64',
      'unusable',
      () => {
        const calendar = Buffer.from(`BEGIN:VCALENDAR\nMETHOD:REPLY\nE${repeat('\r', 900_000)}x\nEND:VCALENDAR\n`);
        return mixed(
          `Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\n${calendar.toString('base64')}`,
        );
      },
    ],
    [
      'winmail.dat',
      'letter',
      () =>
        mixed(
          `Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.concat([Buffer.from('789f3e22010001039006000000a000', 'hex'), Buffer.alloc(MEGABYTE, 0x1f)]).toString('base64')}`,
        ),
    ],
  ])('%s', async (_, kind, make) => {
    const { items } = await interpretMail(Buffer.from(make(), 'latin1'));
    expect(items[0]?.kind).toBe(kind);
  });
});
