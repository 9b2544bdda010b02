// Kills gateways with SIGKILL, one on SQLite and several on one PostgreSQL. `npm run test:full` and `npm run crash` do it
// for longer.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import { startNxdomainResolver } from '../../../src/playground/nxdomain-resolver.ts';
import { OWN_DOMAIN, provenFrom, settingsFor } from '../../bench/bench-kit.ts';
import { startSwallowing } from '../../bench/black-hole.ts';
import { deliver } from '../../bench/deliver.ts';
import { startPostgres } from '../database/start-postgres.ts';
import { answerMail } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { startCatcher } from '../../harness/catcher.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { type BuiltGateway, buildGateway, startGatewayProcess } from '../../harness/gateway-process.ts';
import { lacks } from '../requirements.ts';
import { runCrashes } from './crash-run.ts';
import { findFaults, writesTo } from './model.ts';

let built: BuiltGateway;
beforeAll(() => {
  built = buildGateway();
});
afterAll(() => built?.remove());

describe('a gateway killed at any moment', () => {
  it('loses nothing that it acknowledged and applies nothing twice', { timeout: 3_600_000 }, async () => {
    const [kills, leastWrites] = [fullCount(100, 10), fullCount(2_000, 200)];
    const seen = await runCrashes({ built, kills, leastWrites, postgres: null, rhythm: { mostTaken: 60 } });
    console.log(`killed ${seen.kills} times, ${writesTo(seen.histories)} writes`);
    expect(findFaults(seen)).toEqual([]);
    expect(writesTo(seen.histories)).toBeGreaterThanOrEqual(leastWrites);
    expect(seen.answers.length).toBeGreaterThan(48);
    expect(seen.changes.length).toBeGreaterThan(24);
  });
});

describe.skipIf(lacks('postgres'))('four gateways on one PostgreSQL, one of them killed every second', () => {
  it('take over each other’s work, in order, without repeating it', { timeout: 3_600_000 }, async () => {
    const server = await startPostgres({ durable: false });
    const postgres = { url: server.url, gateways: 4 };
    const options = { built, kills: fullCount(100, 15), postgres, rhythm: { everyMs: 1_000 } };
    const seen = await runCrashes(options).finally(() => server.stop());
    expect(findFaults(seen)).toEqual([]);
    expect(seen.answers.length).toBeGreaterThan(48);
  });
});

describe.skipIf(lacks('postgres'))('the work of a gateway that died', () => {
  it('is taken over by another gateway within seconds; a gateway that still runs keeps it, even if its CalDAV server is slow', async () => {
    const [server, hole, caldav, relay, noDns] = await Promise.all([
      startPostgres({ durable: false }),
      startSwallowing(),
      startEmbeddedCaldav(),
      startCatcher(),
      startNxdomainResolver(),
    ]);
    onTestFinished(async () => void (await Promise.all([server, relay].map((each) => each.stop()))));
    onTestFinished(async () => void (await Promise.all([hole, caldav, noDns].map((each) => each.close()))));
    const [organizer, attendee, uid] = ['alice@example.com', 'guest@remote.test', 'slow@example.com'];
    caldav.addUser(organizer);
    caldav.putEvent(organizer, uid, meeting({ uid, organizer, attendees: [{ email: attendee }] }));
    const isAnswered = (): boolean => caldav.getEvent(organizer, uid)?.text.includes('PARTSTAT=ACCEPTED') === true;
    const where = { databaseUrl: server.url, smtpUrl: relay.smtpUrl, dns: noDns.address };
    const settings = { ...settingsFor(where), ...OWN_DOMAIN, CALDAV_OUTBOUND_API_KEY: caldav.apiKey };

    const first = await startGatewayProcess(built, { ...settings, CALDAV_URL: hole.url });
    onTestFinished(() => first.kill());
    const raw = provenFrom(attendee, answerMail({ attendee, organizer, uid, partstat: 'ACCEPTED' }));
    await deliver(first.smtpPort, [{ from: attendee, to: organizer, raw }], 1);
    await expect.poll(() => hole.bytes(), { timeout: 20_000 }).toBeGreaterThan(0);
    const longerThanALease = sleep(12_000);
    const second = await startGatewayProcess(built, { ...settings, CALDAV_URL: caldav.url });
    onTestFinished(() => second.kill());
    await longerThanALease;
    expect(isAnswered()).toBe(false);

    await first.kill();
    const died = Date.now();
    await expect.poll(isAnswered, { timeout: 40_000 }).toBe(true);
    console.log(`taken over within ${Date.now() - died} ms`);
    expect(Date.now() - died).toBeLessThan(20_000);
  }, 120_000);
});
