// Mail scanners follow every link many times, with GET and HEAD. These requests change neither calendar nor ledger and
// add no task. LINKS sets the number of requests.
import { simpleParser } from 'mailparser';
import { Agent, request } from 'undici';
import { expect, it } from 'vitest';
import { decideHeld, readDecision } from '../../../src/flow/questions/decide-held.ts';
import { receiveCallback } from '../../../src/flow/inbound/receive.ts';
import { answerRsvp, showRsvp } from '../../../src/flow/inbound/show-rsvp.ts';
import { openHttp } from '../../../src/doors/web/open-http.ts';
import { openLog } from '../../../src/app/log.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { alice, bob, openFlowKit } from '../flow-kit.ts';

const COUNT = Number(process.env['LINKS'] ?? fullCount(1_500, 300));
const uid = 'planning@example.com';
const text = meeting({ uid, organizer: alice.asWritten, attendees: [{ email: bob.asWritten }] });

it(`${COUNT} GETs and HEADs of the links in a mail change nothing`, async () => {
  const kit = await openFlowKit();
  const rsvp = { ...kit, store: kit.calendar };
  const http = await openHttp({
    host: '127.0.0.1',
    port: 0,
    displayTimezone: 'UTC',
    useCases: {
      receiveCallback: async (callback) => void (await receiveCallback(kit, callback)),
      showRsvp: (claims) => showRsvp(rsvp, claims),
      answerRsvp: (claims, answer) => answerRsvp(rsvp, claims, answer),
      readDecision: (claims) => readDecision(kit, claims),
      decideHeld: (claims, choice) => decideHeld(kit, claims, choice),
      ready: async () => ({ ok: true, checks: {} }),
    },
    ring: kit.ring,
    templates: kit.templates,
    inboundApiKey: null,
    appUrl: kit.appUrl,
    now: kit.now,
    log: openLog('silent'),
  });
  kit.calendar.put(uid, text);
  await kit.invite(text, bob);
  await kit.settle();
  const mail = await simpleParser(Buffer.from(kit.mails[0]?.raw ?? ''));
  const links = [...String(mail.html).matchAll(/href="https:\/\/calendar\.example\.com(\/rsvp\/[^"]*)"/g)].map(
    ([, link]) => (link ?? '').replaceAll('&amp;', '&'),
  );
  expect(links.length).toBeGreaterThanOrEqual(3);
  const before = JSON.stringify([
    await kit.spool.status(),
    await kit.ledger.recent(1_000),
    kit.calendar.text(uid),
    kit.mails.length,
  ]);

  const agent = new Agent({ connections: 16 });
  const statuses = new Map<number, number>();
  let next = 0;
  async function follow(): Promise<void> {
    while (next < COUNT) {
      const at = next++;
      const method = at % 2 === 0 ? 'GET' : 'HEAD';
      const { statusCode, body } = await request(`http://127.0.0.1:${http.address.port}${links[at % links.length]}`, {
        method,
        dispatcher: agent,
      });
      await body.dump({ limit: 1_000_000 });
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: 16 }, follow));
  await agent.close();

  expect([...statuses]).toEqual([[200, COUNT]]);
  await kit.settle();
  expect(kit.calendar.writes).toBe(0);
  expect(
    JSON.stringify([
      await kit.spool.status(),
      await kit.ledger.recent(1_000),
      kit.calendar.text(uid),
      kit.mails.length,
    ]),
  ).toBe(before);
  await http.close(0);
  await kit.close();
}, 3_600_000);
