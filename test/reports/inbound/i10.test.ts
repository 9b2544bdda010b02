// I10: S/MIME clients send a signed mail as CMS SignedData. It is opened and read like multipart/signed.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { ENVELOPED_DATA, signedData } from '../../core/message/write-signed-data.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { replyTo } from '../mailed-calendar.ts';

const uid = 'planning-1@example.com';
const calendar = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');

const event = calendar(
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20270101T120000Z',
  'DTSTART:20270202T100000Z',
  'DTEND:20270202T110000Z',
  `ORGANIZER:mailto:${alice.asWritten}`,
  `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}`,
  'END:VEVENT',
);
const reply = calendar(
  'METHOD:REPLY',
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20270110T120000Z',
  `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`,
  'END:VEVENT',
);
const alternative = [
  'Content-Type: multipart/alternative; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain',
  '',
  'Yes.',
  '--a',
  'Content-Type: text/calendar; method=REPLY',
  '',
  `${reply}--a--`,
  '',
].join('\r\n');
const signedType = 'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m';

function part(data: Uint8Array, type = signedType): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(data).toString('base64')}\r\n`;
}

function mail(to: string, entity: string | Uint8Array): Buffer {
  const head = `From: ${bob.asWritten}\r\nTo: ${to}\r\nDate: Sun, 10 Jan 2027 12:01:00 +0000\r\nMIME-Version: 1.0\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(entity)]);
}

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
  kit.calendar.put(uid, event);
  await kit.invite(event, bob);
  await kit.settle();
  kit.mails.length = 0;
  kit.clock.now += 60_000;
});
afterEach(() => kit.close());

async function send(entity: string | Uint8Array): Promise<string | null> {
  const to = replyTo(kit, bob);
  await kit.mail(mail(to, entity), to, bob.asWritten);
  await kit.settle();
  return partstatOf(parseEvent(kit.calendar.text(uid)), bob, null);
}

describe('I10: an answer in CMS SignedData', () => {
  const binary = Buffer.concat([
    Buffer.from(`Content-Type: ${signedType}\r\nContent-Transfer-Encoding: binary\r\n\r\n`),
    signedData(alternative),
  ]);
  const cases: { why: string; entity: string | Uint8Array }[] = [
    { why: 'DER', entity: part(signedData(alternative)) },
    { why: 'BER with the content in pieces', entity: part(signedData(alternative, { pieces: 100 })) },
    { why: 'pieces in pieces', entity: part(signedData(alternative, { pieces: 100, levels: 2 })) },
    { why: 'x-pkcs7-mime', entity: part(signedData(alternative), 'application/x-pkcs7-mime; smime-type=signed-data') },
    { why: 'without smime-type', entity: part(signedData(alternative), 'application/pkcs7-mime; name="smime.p7m"') },
    { why: 'octet-stream', entity: part(signedData(alternative), 'application/octet-stream; name="smime.p7m"') },
    { why: 'binary', entity: binary },
    { why: 'a calendar only', entity: part(signedData(`Content-Type: text/calendar; method=REPLY\r\n\r\n${reply}`)) },
    { why: 'signed twice', entity: part(signedData(part(signedData(alternative, { pieces: 50 })))) },
    {
      why: 'in a mailing list’s multipart',
      entity: `Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n${part(signedData(alternative))}--m\r\n\r\n-- \r\nlist\r\n--m--\r\n`,
    },
  ];
  it.each(cases)('counts: $why', async ({ entity }) => {
    expect(await send(entity)).toBe('ACCEPTED');
  });

  it.each([
    ['enveloped data', part(signedData(alternative, { type: ENVELOPED_DATA }), 'application/pkcs7-mime')],
    ['enveloped data by its name', part(signedData(alternative), 'application/pkcs7-mime; smime-type=enveloped-data')],
    ['data that is broken', part(signedData(alternative).subarray(0, 200))],
    ['data that is too large', part(signedData(`${alternative}${'x'.repeat(200_000)}`))],
  ])('stays a letter, which is forwarded: %s', async (_, entity) => {
    expect(await send(entity)).toBe('NEEDS-ACTION');
    expect(await kit.mailsTo(alice)).toHaveLength(1);
    expect((await kit.ledger.recent(9)).map(({ reason }) => reason)).toContain('letter');
  });

  it('one limit applies to all opened data of a mail, even if it is nested or attached', async () => {
    const padded = (inner: string): string => part(signedData(`${inner}${' '.repeat(50_000)}`));
    const { items } = await interpretMail(mail('alice@example.com', padded(padded(padded(alternative)))));
    expect(items).toEqual([{ kind: 'letter' }]);
    const attached = `Content-Type: message/rfc822\r\n\r\n${mail('a@example.com', padded(alternative)).toString()}`;
    const several = ['', attached, attached, attached].join('\r\n--m\r\n');
    const outer = `Content-Type: multipart/mixed; boundary=m\r\n${several}\r\n--m\r\n${padded('\r\nx')}\r\n--m\r\n${padded('\r\nx')}\r\n--m--\r\n`;
    expect((await interpretMail(mail('alice@example.com', outer))).items).toEqual([{ kind: 'letter' }]);
  });

  it.each(['outlook-signed-data', 'notes-signed-data-in-pieces'])('counts as written by OpenSSL: %s', async (name) => {
    const { items } = await interpretMail(readFileSync(new URL(`../../../fixtures/mail/${name}.eml`, import.meta.url)));
    expect(items).toMatchObject([{ kind: 'answer', partstat: 'ACCEPTED', comment: 'See you there' }]);
  });
});
