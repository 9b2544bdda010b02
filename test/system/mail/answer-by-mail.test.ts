// The main path with real programs: invited by callback, answered by mail, visible in Radicale.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerMail, changedLines } from '../../harness/answers.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { type Loop, REPLY_DOMAIN, startLoop } from '../../harness/loop.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { startRadicale } from '../caldav/radicale.ts';
import { lacks } from '../requirements.ts';
import { sendWithSwaks } from './swaks.ts';

const organizer = 'alice@example.com';
const bob = 'bob@remote.test';
const carol = 'carol@remote.test';

describe.skipIf(lacks('radicale', 'swaks'))('an answer by mail reaches the calendar', () => {
  let radicale: CalendarServer;
  let loop: Loop;
  let events = 0;

  beforeAll(async () => {
    radicale = await startRadicale();
    loop = await startLoop(radicale);
  });
  afterAll(async () => {
    await loop?.stop();
    await radicale?.stop();
  });

  async function invite(attendees: readonly string[] = [bob, carol], extra: readonly string[] = []) {
    events += 1;
    const uid = `event-${events}@example.com`;
    const path = `${radicale.users.alice.calendar}${uid}.ics`;
    const text = meeting({ uid, organizer, attendees: attendees.map((email) => ({ email })), extra });
    await radicale.putEvent(radicale.users.alice, path, text);
    const stored = await eventText(path);
    for (const recipient of attendees) {
      expect(await loop.callback({ sender: organizer, recipient, method: 'REQUEST', calendar: text })).toBe(200);
    }
    const invitation = await loop.invitation(attendees[0] ?? '', uid);
    return { uid, path, text, stored, invitation };
  }

  async function eventText(path: string): Promise<string> {
    return (await radicale.getEvent(radicale.users.alice, path))?.text ?? '';
  }

  async function answer(to: string, raw: Uint8Array, from = bob, protocol: 'SMTP' | 'LMTP' = 'SMTP'): Promise<void> {
    const port = protocol === 'SMTP' ? loop.smtpPort : loop.lmtpPort;
    const sent = await sendWithSwaks({ port, from, to, raw, ...(protocol === 'LMTP' && { protocol }) });
    expect(sent.status, sent.dialogue).toBe(0);
  }

  it.each([
    ['outlook', 'ACCEPTED', 'SMTP'],
    ['apple-mail', 'DECLINED', 'SMTP'],
    ['gmail', 'TENTATIVE', 'LMTP'],
  ] as const)('as %s answers %s by %s: one line changes', async (client, partstat, protocol) => {
    const { uid, path, stored, invitation } = await invite();
    expect(invitation.organizer).toMatch(new RegExp(`^r1[a-z0-9]+-[a-z2-7]+-[a-z2-7]+@${REPLY_DOMAIN}$`));
    await answer(
      invitation.organizer,
      answerMail({ client, attendee: bob, organizer: invitation.organizer, uid, partstat }),
      bob,
      protocol,
    );
    const entry = await loop.entry(uid, 'applied');
    expect(entry).toMatchObject({
      attendee: expect.stringContaining(bob),
      reason: 'applied',
      door: protocol.toLowerCase(),
    });
    const changes = changedLines(stored, await eventText(path));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.after).toContain(`PARTSTAT=${partstat}`);
    expect(changes[0]?.after).toContain(bob);
    const notice = await loop.catcher.waitFor(({ to, raw }) => to[0] === organizer && raw.includes(bob));
    expect(notice.raw).toMatch(/^Auto-Submitted: auto-generated/im);
  });

  it('keeps the newest answer in any order of arrival', async () => {
    const { uid, path, invitation } = await invite();
    const now = Date.now();
    const common = { attendee: bob, organizer: invitation.organizer, uid };
    const newer = answerMail({ ...common, partstat: 'DECLINED', date: now });
    await answer(invitation.organizer, newer);
    await loop.entry(uid, 'applied');
    await answer(invitation.organizer, answerMail({ ...common, partstat: 'ACCEPTED', date: now - 60_000 }));
    expect(await loop.entry(uid, 'ignored')).toMatchObject({ reason: 'stale' });
    await answer(invitation.organizer, newer);
    await waitFor('the duplicate', async () =>
      (await loop.gateway.ledger.entries(uid, 50)).some(({ reason }) => reason === 'duplicate'),
    );
    expect(await eventText(path)).toContain('PARTSTAT=DECLINED');
  });

  it('refuses a wrong MAC, a foreign domain and an unknown recipient at RCPT', async () => {
    const { invitation } = await invite();
    const wrong = invitation.organizer.replace(/.(?=@)/, (last) => (last === 'a' ? 'b' : 'a'));
    for (const to of [wrong, `somebody@${REPLY_DOMAIN}`, 'alice@example.com']) {
      const sent = await sendWithSwaks({ port: loop.smtpPort, from: bob, to, raw: 'Subject: x\r\n\r\nx\r\n' });
      expect(sent.status).toBe(24);
      expect(sent.dialogue).toContain('550 5.1.1');
    }
  });

  it('holds an answer in another attendee’s name, and mails the organizer a question', async () => {
    const { uid, path, stored, invitation } = await invite();
    const mallory = 'mallory@elsewhere.test';
    const raw = Buffer.from(answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'DECLINED' }))
      .toString()
      .replace(/^From: .*$/m, `From: <${mallory}>`);
    await answer(invitation.organizer, Buffer.from(raw), mallory);
    expect(await loop.entry(uid, 'held')).toMatchObject({ reason: 'unauthenticated' });
    expect(await eventText(path)).toBe(stored);
    const notice = await loop.catcher.waitFor(({ to, raw: text }) => to[0] === organizer && text.includes('/decide/'));
    expect(notice.raw).toContain(mallory);
  });

  it('applies the organizer’s decision about a held answer once', async () => {
    const { uid, path, invitation } = await invite();
    const alias = 'bob.private@elsewhere.test';
    const raw = Buffer.from(answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'ACCEPTED' }))
      .toString()
      .replace(/^From: .*$/m, `From: <${alias}>`);
    await answer(invitation.organizer, Buffer.from(raw), alias);
    await loop.entry(uid, 'held');
    const notice = await loop.catcher.waitFor(({ to, raw: text }) => to[0] === organizer && text.includes(alias));
    const text = Buffer.from(notice.raw)
      .toString()
      .replace(/=\r?\n/g, '')
      .replaceAll('=3D', '=');
    const link = new URL(/https?:\/\/[^\s"<>]+\/decide\/\?token=[^\s"<>&]+/.exec(text)?.[0] ?? '');
    const shown = await fetch(link);
    expect(await shown.text()).toContain(alias);
    const decide = () =>
      fetch(new URL('/decide/', link), {
        method: 'POST',
        body: new URLSearchParams({ token: link.searchParams.get('token') ?? '', choice: 'alias' }),
        redirect: 'manual',
      });
    expect((await decide()).status).toBe(303);
    await loop.entry(uid, 'applied');
    expect(await eventText(path)).toContain('PARTSTAT=ACCEPTED');
    expect([409, 410, 200]).toContain((await decide()).status);
    // The decision is remembered: the next answer from that address counts without a question.
    const next = await invite();
    const again = Buffer.from(
      answerMail({ attendee: bob, organizer: next.invitation.organizer, uid: next.uid, partstat: 'TENTATIVE' }),
    )
      .toString()
      .replace(/^From: .*$/m, `From: <${alias}>`);
    await answer(next.invitation.organizer, Buffer.from(again), alias);
    expect(await loop.entry(next.uid, 'applied')).toMatchObject({ reason: 'applied' });
  });

  it('holds an answer to an event that is missing or does not list the attendee', async () => {
    const { invitation } = await invite();
    const uid = 'never-heard-of@example.com';
    await answer(
      invitation.organizer,
      answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'ACCEPTED' }),
    );
    expect(await loop.entry(uid, 'held')).toMatchObject({ reason: 'unknown-event' });

    const { uid: other, path } = await invite([carol]);
    await answer(
      invitation.organizer,
      answerMail({ attendee: bob, organizer: invitation.organizer, uid: other, partstat: 'ACCEPTED' }),
    );
    expect(await loop.entry(other, 'held')).toMatchObject({ reason: 'not-invited' });
    expect(await eventText(path)).not.toContain('ACCEPTED');
  });

  it.each([
    ['no calendar', 'Subject: Re: Planning\r\n\r\nI will be late.\r\n', 'forwarded', 'letter'],
    [
      'a calendar that does not parse',
      'Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nnonsense\r\n',
      'refused',
      'no-event',
    ],
    [
      'two calendars',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${['one', 'two'].map((uid) => `--b\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20270101T000000Z\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`).join('')}--b--\r\n`,
      'refused',
      'several-calendars',
    ],
  ])('takes %s, writes nothing and says why', async (_what, rest, verdict, reason) => {
    const { path, stored, invitation } = await invite();
    const messageId = `<${Date.now()}.${reason}@example.com>`;
    await answer(
      invitation.organizer,
      Buffer.from(`From: <${bob}>\r\nTo: <${invitation.organizer}>\r\nMessage-ID: ${messageId}\r\n${rest}`),
    );
    expect(await loop.entry(messageId, verdict)).toMatchObject({ reason });
    expect(await eventText(path)).toBe(stored);
  });

  it('applies an answer when the CalDAV server returns', async () => {
    const { uid, path, invitation } = await invite();
    await radicale.deleteEvent(radicale.users.alice, path);
    await answer(
      invitation.organizer,
      answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'ACCEPTED' }),
    );
    expect(await loop.entry(uid, 'retried')).toMatchObject({ reason: 'unknown-event' });
  });

  it('writes an answer to one instance as an override of the series', async () => {
    const { uid, path, invitation } = await invite([bob], ['RRULE:FREQ=DAILY;COUNT=5']);
    await answer(
      invitation.organizer,
      answerMail({
        attendee: bob,
        organizer: invitation.organizer,
        uid,
        partstat: 'DECLINED',
        recurrenceId: 'RECURRENCE-ID:20270303T100000Z',
      }),
    );
    expect(await loop.entry(uid, 'applied')).toMatchObject({ recurrenceId: '20270303T100000Z' });
    const text = await eventText(path);
    expect(text.match(/BEGIN:VEVENT/g)).toHaveLength(2);
    expect(text).toMatch(/RECURRENCE-ID[^:]*:20270303T100000Z/);
  });

  it('mails nothing for callbacks that our own PUT causes', async () => {
    const { uid, text, invitation } = await invite();
    await answer(
      invitation.organizer,
      answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'ACCEPTED' }),
    );
    await loop.entry(uid, 'applied');
    const before = loop.catcher.mails().filter(({ to }) => to[0] === carol).length;
    const echoed = text
      .replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=ACCEPTED')
      .replace('DTSTAMP:20270101', 'DTSTAMP:20270102');
    expect(await loop.callback({ sender: organizer, recipient: carol, method: 'REQUEST', calendar: echoed })).toBe(200);
    expect(await loop.entry(uid, 'not-mailed')).toMatchObject({ reason: 'nothing-new' });
    expect(loop.catcher.mails().filter(({ to }) => to[0] === carol)).toHaveLength(before);
  });
});
