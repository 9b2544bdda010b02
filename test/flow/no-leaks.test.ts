// The secrets of an attendee (links, reply address, bounce addresses), with which anybody could act as that attendee,
// are only in the attendee's own mails: not in other attendees' mails, in log lines or in quoted responses of a relay.
import { simpleParser } from 'mailparser';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideHeld } from '../../src/flow/questions/decide-held.ts';
import { makeOutcomes } from '../../src/flow/queue/outcomes.ts';
import { redactSignatures } from '../../src/core/signing/redact-signatures.ts';
import { replyAddress } from '../../src/core/signing/reply-address.ts';
import type { CalendarAddress } from '../../src/core/ical/types.ts';
import type { NewEntry } from '../../src/flow/ports/spool.ts';
import { answerMail } from '../harness/answers.ts';
import { meeting } from '../harness/calendar-server.ts';
import { alice, bob, carol, dave, type FlowKit, openFlowKit, REPLY_DOMAIN } from './flow-kit.ts';

const uid = 'planning@example.com';
const attendees = [bob, carol, dave];
const event = (sequence = 0, extra: readonly string[] = []): string =>
  meeting({
    uid,
    organizer: alice.asWritten,
    attendees: attendees.map((each) => ({ email: each.asWritten })),
    sequence,
    extra,
  });

/** The envelope, the bytes and all decoded parts of a mail, as one text. */
async function openMail({ raw, rcptTo, mailFrom }: FlowKit['mails'][number]): Promise<{ to: string; all: string }> {
  const mail = await simpleParser(Buffer.from(raw));
  const attached = mail.attachments.map(({ content }) => content.toString().replace(/\r\n[ \t]/g, ''));
  const decoded = [mail.text, mail.html, mail.subject, ...mail.headerLines.map(({ line }) => line), ...attached];
  return { to: rcptTo, all: [mailFrom, Buffer.from(raw).toString(), ...decoded].join('\n') };
}

describe('an attendee’s secrets', () => {
  let kit: FlowKit;
  let mails: { to: string; all: string }[];
  const secrets = new Map<string, string[]>();
  const replyTo = (attendee: CalendarAddress): string =>
    replyAddress(kit.ring, { organizer: alice, attendee }, REPLY_DOMAIN).address;

  const postToAll = async (calendar: string, method = 'REQUEST'): Promise<void> => {
    for (const attendee of attendees) await kit.invite(calendar, attendee, method);
    await kit.settle();
  };
  const itipMail = (method: string, attendee: CalendarAddress, lines: readonly string[]): Promise<string> => {
    const head = [`From: <${attendee.asWritten}>`, `To: <${replyTo(attendee)}>`, `Message-ID: <${method}@remote.test>`];
    const type = `Content-Type: text/calendar; method=${method}; charset=utf-8`;
    const body = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      `METHOD:${method}`,
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'DTSTAMP:20270110T100000Z',
    ];
    const all = [
      ...head,
      type,
      '',
      ...body,
      `ORGANIZER:mailto:${replyTo(attendee)}`,
      ...lines,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ];
    return kit.mail(Buffer.from(all.join('\r\n')), replyTo(attendee), attendee.asWritten);
  };

  beforeAll(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event());
    await postToAll(event());
    await postToAll(event(1).replaceAll('20270301', '20270302'));
    const answer = { organizer: replyTo(bob), uid, partstat: 'ACCEPTED', date: kit.clock.now, sequence: 1 } as const;
    await kit.mail(answerMail({ ...answer, attendee: bob.asWritten }), replyTo(bob));
    // An answer of another sender in Bob's name, a letter, a REFRESH and a COUNTER.
    await kit.mail(answerMail({ ...answer, attendee: bob.asWritten }), replyTo(bob), 'robert@private.test');
    const letter = [
      `From: <${bob.asWritten}>`,
      `To: <${replyTo(bob)}>`,
      'Message-ID: <l@remote.test>',
      '',
      'Shall I bring cake?',
      '',
    ];
    await kit.mail(Buffer.from(letter.join('\r\n')), replyTo(bob));
    await itipMail('REFRESH', carol, [`ATTENDEE:mailto:${carol.asWritten}`]);
    await itipMail('COUNTER', carol, [
      `ATTENDEE:mailto:${carol.asWritten}`,
      'DTSTART:20270301T140000Z',
      'DTEND:20270301T150000Z',
    ]);
    await kit.settle();
    await decideHeld(kit, await kit.question(), 'decline');
    await kit.settle();
    kit.relay.verdict = ({ rcptTo, mailFrom, raw }) => {
      if (rcptTo !== dave.asWritten) return { kind: 'accepted', response: '250 ok' };
      const [link] =
        /https:\/\/\S+token=[^\s"]+/.exec(
          Buffer.from(raw).toString().replaceAll(/=\r\n/g, '').replaceAll('=3D', '='),
        ) ?? [];
      return { kind: 'refused', status: 550, response: `<${mailFrom}>: no mail with ${link} for <${replyTo(dave)}>` };
    };
    await postToAll(event(2).replaceAll('20270301', '20270303'));
    await postToAll(event(3, ['STATUS:CANCELLED']), 'CANCEL');
    mails = await Promise.all(kit.mails.map(openMail));
    for (const attendee of attendees) {
      const own = mails
        .filter(({ to }) => to === attendee.asWritten)
        .map(({ all }) => all)
        .join('\n');
      const links = [...own.matchAll(/token=([\w.%-]{40,})/g)].map(([, token]) => token ?? '');
      const bounces = [...own.matchAll(/\bb1k1-[a-z2-7]{26}-[a-z2-7]{26}/g)].map(([address]) => address);
      secrets.set(attendee.asWritten, [replyTo(attendee), ...links, ...bounces]);
    }
  });
  afterAll(() => kit.close());

  it('are contained in the mails of this test', () => {
    for (const own of secrets.values()) expect(new Set(own).size).toBeGreaterThan(4);
    expect(mails.length).toBeGreaterThan(12);
  });

  it('are in no other attendee’s mail', () => {
    for (const [attendee, own] of secrets) {
      for (const { to, all } of mails.filter((mail) => mail.to !== attendee && mail.to !== alice.asWritten)) {
        expect(
          own.filter((secret) => all.includes(secret)),
          `of ${attendee} to ${to}`,
        ).toEqual([]);
      }
    }
  });

  it('are not in the organizer’s notices, even if a relay has quoted them', () => {
    const links = [...secrets.values()].flatMap((own) => own.filter((secret) => secret.length > 90));
    const bounces = [...secrets.values()].flatMap((own) => own.filter((secret) => secret.startsWith('b1')));
    for (const { all } of mails.filter(({ to }) => to === alice.asWritten)) {
      expect([...links, ...bounces].some((secret) => all.includes(secret))).toBe(false);
      if (all.includes('no mail with')) expect(all.includes(replyTo(dave))).toBe(false);
    }
    expect(mails.some(({ to, all }) => to === alice.asWritten && all.includes('no mail with'))).toBe(true);
  });

  it('are in no log line and no ledger entry', async () => {
    const lines: string[] = [];
    const sink = { write: (line: string) => void lines.push(line) };
    const log = pino({ hooks: { streamWrite: redactSignatures } }, sink);
    const entries = (await kit.ledger.recent(1_000)) as NewEntry[];
    makeOutcomes(log).publish(entries.map((entry) => ({ kind: 'entry', entry })));
    log.error({ err: new TypeError(`cannot read ${[...secrets.values()].flat().join(', ')}`) }, 'failed');
    expect(lines).toHaveLength(entries.length + 1);
    for (const own of secrets.values()) {
      for (const secret of own) {
        expect(
          lines.some((line) => line.includes(secret)),
          secret.slice(0, 12),
        ).toBe(false);
        expect(JSON.stringify(entries).includes(secret), secret.slice(0, 12)).toBe(false);
      }
    }
  });
});
