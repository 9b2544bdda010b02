// The calendar store on Debian's SOGo, with a superuser as the service account. SOGo gives every calendar the type of an
// outbox as well, lists calendars only to clients with a User-Agent, and counts ETags from the start for each file name.
import { describe, expect, it } from 'vitest';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { startSogo } from './sogo.ts';
import { address, alice, answer, describeStore, partstatOf } from '../../adapters/caldav/store-contract.ts';
import { lacks } from '../requirements.ts';

const quirks = {
  available: !lacks('sogo'),
  auth: () => ({ kind: 'basic', username: 'svc', password: 'svcpw' }) as const,
  home: (server: { readonly home: string }) => server.home,
  keepsBytes: false,
  atomicIfMatch: false,
  allowsSameUidTwice: false,
  secondCalendar: '/SOGo/dav/alice@example.com/Calendar/second/',
  // It takes 20 seconds to store a meeting with 2,000 guests.
  maxGuests: 200,
  recreatesDeleted: true,
};

describeStore('SOGo, superuser', startSogo, quirks);

describe.skipIf(!quirks.available)('SOGo', () => {
  it("rewrites ORGANIZER and SEQUENCE, and the event still counts as the organizer's", async () => {
    const server = await startSogo();
    const store = openCalendarStore({ url: server.url, auth: quirks.auth(), home: server.home });
    const path = `${server.users.alice.calendar}one.ics`;
    const stored = async (): Promise<string> =>
      (await server.getEvent(server.users.alice, path))?.text.replace(/\r?\n[ \t]/g, '') ?? '';
    const attendees = [{ email: 'Alice@Example.com', partstat: 'ACCEPTED' }, { email: 'guest@remote.test' }];
    const text = meeting({ uid: 'one', organizer: 'Alice@Example.com', attendees });
    await server.putEvent(server.users.alice, path, text);
    expect((await stored()).match(/^(?:ORGANIZER|ATTENDEE|SEQUENCE).*$/gm)?.toSorted()).toEqual([
      expect.stringMatching(/^ATTENDEE.*:mailto:guest@remote\.test$/),
      'ORGANIZER;CN=alice@example.com:mailto:alice@example.com',
      'SEQUENCE:0',
    ]);
    const found = await store.find(address('Alice@Example.com'), 'one', null);
    if (found.kind !== 'found') throw new Error(found.kind);
    const accepted = answer(found.event.text, 'guest@remote.test', 'ACCEPTED');
    expect((await store.write(alice, found.event, accepted)).kind).toBe('written');
    expect(await stored()).toContain('SEQUENCE:0');
    const moved = text.replaceAll('20270301T1', '20270302T1').replace('SEQUENCE:0', 'SEQUENCE:1');
    await server.putEvent(server.users.alice, path, moved);
    expect(await stored()).toContain('SEQUENCE:2');
    expect(partstatOf(await stored(), 'guest@remote.test')).toBe('NEEDS-ACTION');
    await store.close();
    await server.stop();
  });
});
