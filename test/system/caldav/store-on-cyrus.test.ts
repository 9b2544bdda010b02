// The calendar store on Debian's Cyrus IMAP, which returns calendar-data in CDATA sections and no ETag after a PUT.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { startCyrus } from './cyrus.ts';
import { alice, describeStore } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

const quirks = {
  available: !lacks('cyrus'),
  keepsBytes: false,
  atomicIfMatch: true,
  allowsSameUidTwice: false,
  secondCalendar: '/dav/calendars/user/alice@example.com/second/',
};

const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
const file = join(folder, 'accounts.json');
afterAll(() => rmSync(folder, { recursive: true }));
describeStore('Cyrus, accounts of the organizers', () => startCyrus(), {
  ...quirks,
  home: () => null,
  auth: ({ users }) => {
    const accounts = Object.values(users).map(({ email, username, password }) => [email, { username, password }]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(accounts)));
    return { kind: 'accounts', file };
  },
});

async function startBehindProxy(): Promise<CalendarServer> {
  const server = await startCyrus();
  return { ...server, url: server.proxyUrl };
}

describeStore('Cyrus, service account that impersonates the organizer', startBehindProxy, {
  ...quirks,
  home: ({ home }) => home,
  auth: () => ({ kind: 'remote-user', header: 'Authorize-As', username: 'svc', password: 'svcpw' }),
});

describe.skipIf(!quirks.available)('Cyrus', () => {
  it('hides the event from a user without rights: it is not visible, and a write fails', async () => {
    const server = await startCyrus();
    const auth = { kind: 'basic', username: server.users.bob.username, password: server.users.bob.password } as const;
    const store = openCalendarStore({ url: server.url, auth, home: server.home });
    const path = `${server.users.alice.calendar}one.ics`;
    const text = meeting({ uid: 'one', organizer: 'alice@example.com', attendees: [{ email: 'guest@remote.test' }] });
    await server.putEvent(server.users.alice, path, text);
    const { etag = null } = (await server.getEvent(server.users.alice, path)) ?? {};
    expect(await store.find(alice, 'one', path)).toEqual({ kind: 'not-visible', href: path });
    const event = { href: path, etag, text, lastModified: null };
    await expect(store.write(alice, event, text)).rejects.toMatchObject({ code: 'caldav-refused' });
    await store.close();
    await server.stop();
  });
});
