// The CalDAV server of the playground, with the tests for real CalDAV servers, accessed as by the gateway.
import { afterEach, expect, it } from 'vitest';
import { openCalendarStore } from '../../src/adapters/caldav/open-calendar-store.ts';
import { type CalendarChange, type EmbeddedCaldav, startEmbeddedCaldav } from '../../src/playground/embedded-caldav.ts';
import { alice, answer, describeStore } from '../adapters/caldav/store-contract.ts';
import { type CalendarServer, type CalendarUser, meeting, requestsTo } from '../harness/calendar-server.ts';
import { fullCount } from '../harness/full-counts.ts';

async function startAsServer(): Promise<CalendarServer> {
  const embedded = await startEmbeddedCaldav();
  const user = (name: string): CalendarUser => {
    const email = `${name}@example.com`;
    embedded.addUser(email);
    return { ...embedded.service, email, calendar: `/calendars/${email}/calendar/` };
  };
  return {
    name: 'the playground',
    url: embedded.url,
    users: { alice: user('alice'), bob: user('bob') },
    service: { ...embedded.service },
    home: '/calendars/{email}/',
    ...requestsTo(embedded.url),
    stop: () => embedded.close(),
  };
}

describeStore('the playground, service account', startAsServer, {
  available: true,
  maxGuests: fullCount(2_000, 500),
  auth: (server) => ({
    kind: 'basic',
    username: server.service?.username ?? '',
    password: server.service?.password ?? '',
  }),
  home: (server) => server.home,
  keepsBytes: true,
  atomicIfMatch: true,
  allowsSameUidTwice: false,
  secondCalendar: null,
});

const running: EmbeddedCaldav[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

async function startEmbedded(): Promise<EmbeddedCaldav> {
  const embedded = await startEmbeddedCaldav();
  running.push(embedded);
  embedded.addUser('alice@example.com');
  return embedded;
}

it('accepts the gateway by its API key and discovery, and notifies of its writes', async () => {
  const embedded = await startEmbedded();
  const changes: CalendarChange[] = [];
  embedded.onChange((change) => changes.push(change));
  const text = meeting({ uid: 'one', organizer: 'alice@example.com', attendees: [{ email: 'guest@remote.test' }] });
  const href = embedded.putEvent('alice@example.com', 'one', text);
  const store = openCalendarStore({ url: embedded.url, auth: { kind: 'api-key', key: embedded.apiKey }, home: null });
  const found = await store.find(alice, 'one', null);
  if (found.kind !== 'found') throw new Error(found.kind);
  const accepted = answer(text, 'guest@remote.test', 'ACCEPTED');
  expect(await store.write(alice, found.event, accepted)).toMatchObject({ kind: 'written' });
  expect(embedded.getEvent('alice@example.com', 'one')).toEqual({ href, text: accepted });
  expect(changes.map((change) => change.text)).toEqual([text, accepted]);
  await store.close();
});

it('refuses requests without the key, and unknown users with it', async () => {
  const embedded = await startEmbedded();
  embedded.addUser('bob@example.com');
  const asked = (headers: Record<string, string>, path = 'calendars/alice%40example.com/calendar/') =>
    fetch(new URL(path, embedded.url), { method: 'PROPFIND', headers: { depth: '0', ...headers } });
  const key = { 'x-api-key': embedded.apiKey };
  expect((await asked({})).status).toBe(401);
  expect((await asked({ 'x-api-key': 'guess', 'x-forwarded-user': 'alice@example.com' })).status).toBe(401);
  expect((await asked({ ...key, 'x-forwarded-user': 'carol@example.com' })).status).toBe(401);
  expect((await asked({ ...key, 'x-forwarded-user': 'bob@example.com' })).status).toBe(401);
  expect((await asked({ ...key, 'x-forwarded-user': 'alice@example.com' })).status).toBe(207);
});
