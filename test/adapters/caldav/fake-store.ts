// Opens a calendar store on a fake server that holds one event of alice. In: the server's options; out: store and server,
// which are stopped after the test.
import { onTestFinished } from 'vitest';
import type { CalDavAuth } from '../../../src/adapters/caldav/authorize.ts';
import { type CalendarStoreOptions, openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import type { CalendarStore } from '../../../src/flow/ports/calendar-store.ts';
import type { StoredEvent } from '../../../src/core/ical/types.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { type FakeResponse, type FakeCaldav, type FakeOptions, startFakeCaldav } from './fake-caldav.ts';
import { alice, answer } from './store-contract.ts';

export const home = '/calendars/alice@example.com/';
export const text = meeting({
  uid: 'one',
  organizer: 'alice@example.com',
  attendees: [{ email: 'guest@remote.test' }],
});
export const accepted = answer(text, 'guest@remote.test', 'ACCEPTED');

export interface Started {
  readonly server: FakeCaldav;
  readonly store: CalendarStore;
  find(uid?: string): Promise<StoredEvent>;
}

export async function start(options: FakeOptions = {}, settings: Partial<CalendarStoreOptions> = {}): Promise<Started> {
  const server = await startFakeCaldav(options);
  const auth: CalDavAuth = { kind: 'api-key', key: 'k' };
  const store = openCalendarStore({ url: server.url, auth, home: null, timeoutMs: 2_000, ...settings });
  onTestFinished(async () => {
    await store.close();
    await server.stop();
  });
  server.objects.set(`${home}default/one.ics`, text);
  const find = async (uid = 'one'): Promise<StoredEvent> => {
    const found = await store.find(alice, uid, null);
    if (found.kind !== 'found') throw new Error(found.kind);
    return found.event;
  };
  return { server, store, find };
}

/** Options for a server that sends this response to one method, and works normally otherwise. */
export function respondingTo(method: string, response: FakeResponse | 'hang' | 'cut'): FakeOptions {
  return { intercept: (request) => (request.method === method ? response : undefined) };
}
