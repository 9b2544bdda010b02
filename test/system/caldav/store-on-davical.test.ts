// The calendar store on Debian's DAViCal, whose If-Match is not atomic, so two concurrent writers may both succeed. The
// service account is an administrator; the home is found by path template and by a principal search.
import { describe, expect, it } from 'vitest';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { startDavical } from './davical.ts';
import { alice, describeStore } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

const quirks = {
  available: !lacks('davical'),
  auth: () => ({ kind: 'basic', username: 'svc@example.com', password: 'svcpw' }) as const,
  keepsBytes: true,
  atomicIfMatch: false,
  allowsSameUidTwice: true,
  secondCalendar: '/caldav.php/alice@example.com/second/',
};

describeStore('DAViCal, administrator, path template', () => startDavical(false), {
  ...quirks,
  home: ({ home }) => home,
});
describeStore('DAViCal with auto-schedule, principal search', () => startDavical(true), {
  ...quirks,
  // It adds SCHEDULE-STATUS to stored events.
  keepsBytes: false,
  home: () => null,
});

describe.skipIf(!quirks.available)('DAViCal', () => {
  it('fails to store an override that has attendees, unless auto-schedule is off', async () => {
    for (const autoSchedule of [true, false]) {
      const server = await startDavical(autoSchedule);
      const store = openCalendarStore({ url: server.url, auth: quirks.auth(), home: server.home });
      const path = `${server.users.alice.calendar}series.ics`;
      const attendees = [{ email: 'bob@example.com' }, { email: 'guest@remote.test' }];
      const series = { uid: 'series', organizer: 'alice@example.com', attendees };
      const text = meeting({ ...series, extra: ['RRULE:FREQ=DAILY;COUNT=5'] });
      await server.putEvent(server.users.alice, path, text);
      const found = await store.find(alice, 'series', null);
      if (found.kind !== 'found') throw new Error(found.kind);
      const override = meeting({ ...series, extra: ['RECURRENCE-ID:20270303T100000Z'] });
      const both = found.event.text.replace(
        /END:VCALENDAR\s*$/,
        `${/BEGIN:VEVENT[\s\S]*END:VCALENDAR\s*$/.exec(override)?.[0] ?? ''}`,
      );
      const written = store.write(alice, found.event, both);
      if (autoSchedule)
        await expect(written).rejects.toMatchObject({ code: 'caldav-refused', temporary: true, status: 500 });
      else expect((await written).kind).toBe('written');
      await store.close();
      await server.stop();
    }
  });
});
