// The calendar store on Debian's Radicale: a service account with a path template, and a proxy header with the user.
import { describe, expect, it } from 'vitest';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { startRadicale } from './radicale.ts';
import { address, alice, describeStore } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

const available = !lacks('radicale');

describeStore('Radicale, service account', startRadicale, {
  available,
  auth: () => ({ kind: 'basic', username: 'svc', password: 'svcpw' }),
  home: (server) => server.home,
  keepsBytes: false,
  atomicIfMatch: true,
  allowsSameUidTwice: true,
  secondCalendar: '/alice@example.com/second/',
});

describe.skipIf(!available)('access to Radicale', () => {
  it('discovers the calendars of the user in the proxy header', async () => {
    const server = await startRadicale('remote-user');
    const store = openCalendarStore({
      url: server.url,
      auth: { kind: 'remote-user', header: 'X-Remote-User' },
      home: null,
    });
    try {
      expect(await store.find(alice, 'nothing-here', null)).toEqual({ kind: 'none' });
    } finally {
      await store.close();
      await server.stop();
    }
  });

  it('reports a wrong password as temporary, and a home that it cannot find as a missing setting', async () => {
    const server = await startRadicale();
    const open = (password: string, home: string | null) =>
      openCalendarStore({ url: server.url, auth: { kind: 'basic', username: 'svc', password }, home });
    const wrong = open('no', '/{email}/');
    const homeless = open('svcpw', null);
    const right = open('svcpw', '/{email}/');
    try {
      const uid = 'one';
      await server.putEvent(
        server.users.alice,
        `${server.users.alice.calendar}one.ics`,
        meeting({ uid, organizer: 'alice@example.com', attendees: [{ email: 'guest@remote.test' }] }),
      );
      await expect(wrong.find(alice, uid, null)).rejects.toMatchObject({
        code: 'caldav-unauthorized',
        temporary: true,
      });
      await expect(homeless.find(alice, uid, null)).rejects.toThrow(/CALDAV_HOME/);
      await expect(homeless.find(alice, uid, null)).rejects.toBeInstanceOf(GatewayError);
      expect((await right.find(alice, uid, null)).kind).toBe('found');
      expect(await right.find(address('nobody@example.com'), uid, null)).toEqual({ kind: 'none' });
    } finally {
      await Promise.all([wrong.close(), homeless.close(), right.close()]);
      await server.stop();
    }
  });
});
