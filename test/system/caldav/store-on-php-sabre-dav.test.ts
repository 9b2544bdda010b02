// The calendar store on Debian's SabreDAV, whose If-Match is not atomic, so two concurrent writers may both succeed: with an
// API key and the organizer's address, as in La Suite, and with each organizer's own account.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { sabreApiKey, startPhpSabreDav } from './php-sabre-dav.ts';
import { describeStore } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

const quirks = {
  available: !lacks('sabredav'),
  home: () => null,
  keepsBytes: true,
  atomicIfMatch: false,
  allowsSameUidTwice: true,
  secondCalendar: '/calendars/alice@example.com/second/',
};
describeStore('php-sabre-dav, API key, discovery', startPhpSabreDav, {
  ...quirks,
  auth: () => ({ kind: 'api-key', key: sabreApiKey }),
});

const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
const file = join(folder, 'accounts.json');
afterAll(() => rmSync(folder, { recursive: true }));
describeStore('php-sabre-dav, accounts of the organizers', startPhpSabreDav, {
  ...quirks,
  auth: ({ users }) => {
    const accounts = Object.values(users).map(({ email, username, password }) => [email, { username, password }]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(accounts)));
    return { kind: 'accounts', file };
  },
});
