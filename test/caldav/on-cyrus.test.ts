// The calendar store against Debian's Cyrus IMAP, which gives calendar-data in CDATA sections and no ETag after a PUT.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { CalendarServer } from '../system/calendar-server.ts';
import { hasCyrus, startCyrus } from '../system/cyrus.ts';
import { describeStore } from './store-contract.ts';

const quirks = {
  available: hasCyrus(),
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

describeStore('Cyrus, service account that names the organizer', startBehindProxy, {
  ...quirks,
  home: ({ home }) => home,
  auth: () => ({ kind: 'remote-user', header: 'Authorize-As', username: 'svc', password: 'svcpw' }),
});
