// CalDAV and the relay become unavailable and return: acknowledged messages wait and arrive.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCaldav, type EmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import { answerMail } from '../../harness/answers.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { startCatcher } from '../../harness/catcher.ts';
import { type Loop, readInvitation, startLoop } from '../../harness/loop.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { sendWithSwaks } from './swaks.ts';
import { startGate, type Gate } from '../../harness/gate.ts';
import { lacks } from '../requirements.ts';

const organizer = 'alice@example.com';
const bob = 'bob@remote.test';

describe.skipIf(lacks('swaks'))('outages', () => {
  let caldav: EmbeddedCaldav;
  let gate: Gate;
  let loop: Loop;
  let relayPort: number;

  beforeAll(async () => {
    caldav = await startEmbeddedCaldav();
    caldav.addUser(organizer);
    gate = await startGate(Number(new URL(caldav.url).port));
    relayPort = await freePort();
    const server = {
      url: `http://127.0.0.1:${gate.port}/`,
      service: caldav.service,
      home: '/calendars/{email}/',
    } as CalendarServer;
    loop = await startLoop(server, { SMTP_URL: `smtp://127.0.0.1:${relayPort}` });
  });
  afterAll(async () => {
    await loop?.stop();
    await gate?.close();
    await caldav?.close();
  });

  it('submits mails when the relay returns, and applies answers when the calendar server returns', async () => {
    const uid = 'outage@example.com';
    const text = meeting({ uid, organizer, attendees: [{ email: bob }] });
    caldav.putEvent(organizer, uid, text);
    expect(await loop.callback({ sender: organizer, recipient: bob, method: 'REQUEST', calendar: text })).toBe(200);
    expect(await loop.entry(uid, 'retried').catch(() => loop.entry(bob, 'retried'))).toMatchObject({
      reason: 'smtp-unreachable',
    });
    const relay = await startCatcher({ port: relayPort });
    const mail = await relay.waitFor(({ to }) => to[0] === bob, 45_000);
    const { organizer: to } = await readInvitation(mail);

    await gate.shut();
    const sent = await sendWithSwaks({
      port: loop.smtpPort,
      from: bob,
      to,
      raw: answerMail({ attendee: bob, organizer: to, uid, partstat: 'ACCEPTED' }),
    });
    expect(sent.status).toBe(0);
    expect(await loop.entry(uid, 'retried')).toBeDefined();
    expect(caldav.getEvent(organizer, uid)?.text).not.toContain('ACCEPTED');
    await gate.open();
    await waitFor(
      'the answer in the event',
      async () => caldav.getEvent(organizer, uid)?.text.includes('PARTSTAT=ACCEPTED') === true,
      20_000,
    );
    await loop.entry(uid, 'applied');
    await relay.stop();
  }, 90_000);
});
