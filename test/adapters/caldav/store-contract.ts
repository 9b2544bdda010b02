// The tests that the calendar store passes on every CalDAV server. In: a started server and its quirks; out: vitest cases.
// Each server has its own test file that calls this, so that a missing program skips only one server.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CalDavAuth } from '../../../src/adapters/caldav/authorize.ts';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import type { CalendarStore } from '../../../src/flow/ports/calendar-store.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import type { CalendarAddress, StoredEvent } from '../../../src/core/ical/types.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';

export interface ServerQuirks {
  /** True if its programs are installed; otherwise its tests are skipped. */
  readonly available: boolean;
  /** Credentials that may write everybody's calendars. */
  readonly auth: (server: CalendarServer) => CalDavAuth;
  readonly home: (server: CalendarServer) => string | null;
  /** Stores our bytes unchanged, except for line ends. */
  readonly keepsBytes: boolean;
  /**
   * Of several concurrent writers, exactly one succeeds. Without it updates are lost, and the re-read after a PUT finds
   * that.
   */
  readonly atomicIfMatch: boolean;
  /** Accepts a second event with the same UID in another calendar. */
  readonly allowsSameUidTwice: boolean;
  /** The path where MKCALENDAR creates a second calendar; null if the server has no MKCALENDAR. */
  readonly secondCalendar: string | null;
  /** Guests of the largest meeting that it stores quickly; 2,000 by default. */
  readonly maxGuests?: number;
  /** Creates a missing object although the PUT has an If-Match. */
  readonly recreatesDeleted?: boolean;
}

export const alice = address('alice@example.com');
export const bob = address('bob@example.com');

export function address(text: string): CalendarAddress {
  const read = calendarAddress(text);
  if (read === null) throw new Error(`${text} is not a mail address`);
  return read;
}

/** Returns the text with that attendee's PARTSTAT set: a small version of the gateway's edit. */
export function answer(text: string, email: string, partstat: string): string {
  const unfolded = text.replace(/\r?\n[ \t]/g, '');
  const line = new RegExp(`^(ATTENDEE[^\\r\\n]*)PARTSTAT=[A-Z-]+([^\\r\\n]*:mailto:${email})`, 'im');
  return unfolded.replace(line, `$1PARTSTAT=${partstat}$2`);
}

export function partstatOf(text: string, email: string): string | null {
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const line = lines.find((one) => one.startsWith('ATTENDEE') && one.toLowerCase().includes(email));
  return /PARTSTAT=([A-Z-]+)/.exec(line ?? '')?.[1] ?? null;
}

export function describeStore(name: string, start: () => Promise<CalendarServer>, quirks: ServerQuirks): void {
  describe.skipIf(!quirks.available)(`the calendar store on ${name}`, () => {
    let server: CalendarServer;
    let store: CalendarStore;

    beforeAll(async () => {
      server = await start();
      store = openCalendarStore({ url: server.url, auth: quirks.auth(server), home: quirks.home(server) });
    });
    afterAll(async () => {
      await store?.close();
      await server?.stop();
    });

    async function put(uid: string, options: { path?: string; organizer?: string; emails?: readonly string[] } = {}) {
      const path = options.path ?? `${server.users.alice.calendar}${uid}.ics`;
      const attendees = (options.emails ?? ['guest@remote.test']).map((email) => ({ email }));
      const text = meeting({ uid, organizer: options.organizer ?? 'alice@example.com', attendees });
      await server.putEvent(server.users.alice, path, text);
      return { path, text };
    }

    async function find(uid: string, knownHref: string | null = null): Promise<StoredEvent> {
      const found = await store.find(alice, uid, knownHref);
      if (found.kind !== 'found') throw new Error(`${uid}: ${found.kind}`);
      return found.event;
    }

    it('finds an event by its UID, and returns the same text as a plain GET', async () => {
      const uid = randomUUID();
      const { path } = await put(uid);
      const event = await find(uid);
      expect(decodeURIComponent(event.href)).toBe(path);
      const plain = await server.getEvent(server.users.alice, path);
      expect(event.text).toBe(plain?.text);
      expect(event.etag).toMatch(/^"/);
    });

    it('finds an event whose file name does not contain its UID', async () => {
      const uid = `a&b<c>"${randomUUID()}`;
      const path = `${server.users.alice.calendar}x-${randomUUID()}.ics`;
      await put(uid, { path });
      expect(decodeURIComponent((await find(uid)).href)).toBe(path);
    });

    it('finds a UID that would change the path', async () => {
      const uid = `../${randomUUID()}/x`;
      await put(uid, { path: `${server.users.alice.calendar}x-${randomUUID()}.ics` });
      expect((await find(uid)).text).toContain(uid);
    });

    const { maxGuests = 2_000, recreatesDeleted = false } = quirks;
    it(`finds and writes a meeting with ${maxGuests} guests`, async () => {
      const uid = randomUUID();
      const emails = Array.from({ length: maxGuests }, (_, index) => `guest${index}x@remote.test`);
      const one = `guest${maxGuests - 50}x@remote.test`;
      const path = `${server.users.alice.calendar}x-${uid}.ics`;
      // With SCHEDULE-AGENT=SERVER, Cyrus would mail all guests during the PUT.
      const attendees = emails.map((email) => ({ email, params: ';SCHEDULE-AGENT=CLIENT' }));
      await server.putEvent(server.users.alice, path, meeting({ uid, organizer: 'alice@example.com', attendees }));
      const event = await find(uid);
      expect((await store.write(alice, event, answer(event.text, one, 'DECLINED'))).kind).toBe('written');
      const after = (await server.getEvent(server.users.alice, path))?.text ?? '';
      const answered = emails.filter((email) => partstatOf(after, email) !== 'NEEDS-ACTION');
      expect(answered).toEqual([one]);
    }, 60_000);

    it('finds an event at the known href, and one that is no longer there', async () => {
      const uid = randomUUID();
      const { path } = await put(uid);
      const { href } = await find(uid);
      expect((await find(uid, href)).href).toBe(href);
      expect(decodeURIComponent((await find(uid, `${server.users.alice.calendar}gone.ics`)).href)).toBe(path);
    });

    it('does not find an event whose UID merely contains the UID', async () => {
      const uid = randomUUID();
      await put(`${uid}-longer`);
      expect(await store.find(alice, uid, null)).toEqual({ kind: 'none' });
      expect(await store.find(alice, uid.slice(0, 8), null)).toEqual({ kind: 'none' });
    });

    it("finds neither another organizer's event nor one that does not exist", async () => {
      const uid = randomUUID();
      await put(uid, { organizer: 'carol@example.com' });
      expect(await store.find(alice, uid, null)).toEqual({ kind: 'none' });
      expect(await store.find(alice, randomUUID(), null)).toEqual({ kind: 'none' });
    });

    it("does not search other people's calendars", async () => {
      const uid = randomUUID();
      await put(uid);
      expect(await store.find(bob, uid, null)).toEqual({ kind: 'none' });
    });

    it('writes one change, and nothing else in the event changes', async () => {
      const uid = randomUUID();
      const { path, text } = await put(uid, { emails: ['guest@remote.test', 'other@remote.test'] });
      const event = await find(uid);
      const result = await store.write(alice, event, answer(event.text, 'guest@remote.test', 'ACCEPTED'));
      expect(result.kind).toBe('written');
      const after = (await server.getEvent(server.users.alice, path))?.text ?? '';
      expect(partstatOf(after, 'guest@remote.test')).toBe('ACCEPTED');
      expect(partstatOf(after, 'other@remote.test')).toBe('NEEDS-ACTION');
      if (quirks.keepsBytes) expect(after).toBe(answer(text, 'guest@remote.test', 'ACCEPTED'));
      if (result.kind === 'written' && result.etag !== null) {
        expect(result.etag).toBe((await find(uid)).etag);
      }
    });

    it('returns a conflict if another client wrote first', async () => {
      const uid = randomUUID();
      const { path, text } = await put(uid);
      const stale = await find(uid);
      await server.putEvent(server.users.alice, path, text.replace('SUMMARY:Planning', 'SUMMARY:Planning again'));
      expect(await store.write(alice, stale, answer(stale.text, 'guest@remote.test', 'ACCEPTED'))).toEqual({
        kind: 'conflict',
      });
      const after = await server.getEvent(server.users.alice, path);
      expect(after?.text).toContain('Planning again');
    });

    it(`${recreatesDeleted ? 'cannot avoid recreating' : 'does not recreate'} a deleted event`, async () => {
      const uid = randomUUID();
      const { path } = await put(uid);
      const event = await find(uid);
      await server.deleteEvent(server.users.alice, path);
      const { kind } = await store.write(alice, event, answer(event.text, 'guest@remote.test', 'ACCEPTED'));
      if (recreatesDeleted) {
        expect(kind).toBe('written');
        return;
      }
      expect(['gone', 'conflict']).toContain(kind);
      expect(await server.getEvent(server.users.alice, path)).toBeNull();
      expect(await store.find(alice, uid, event.href)).toEqual({ kind: 'none' });
    });

    const calendar = quirks.secondCalendar;
    if (calendar !== null) {
      it('finds an event in a calendar created since the last search, and both copies of an event', async () => {
        const uid = randomUUID();
        expect((await store.find(alice, uid, null)).kind).toBe('none');
        await server.makeCalendar(server.users.alice, calendar);
        await put(uid, { path: `${calendar}${uid}.ics` });
        expect(decodeURIComponent((await find(uid)).href)).toBe(`${calendar}${uid}.ics`);
        if (!quirks.allowsSameUidTwice) return;
        await put(uid);
        const both = await store.find(alice, uid, null);
        expect(both.kind === 'ambiguous' ? both.hrefs.length : 0).toBe(2);
      });
    }

    it('keeps the answers of 16 concurrent writers that reload after a conflict', async () => {
      const uid = randomUUID();
      const emails = Array.from({ length: 16 }, (_, index) => `guest${index}x@remote.test`);
      const { path } = await put(uid, { emails });
      const kept = async (): Promise<string[]> => {
        const text = (await server.getEvent(server.users.alice, path))?.text ?? '';
        return emails.filter((email) => partstatOf(text, email) === 'ACCEPTED');
      };
      await Promise.all(emails.map((email) => acceptFor(email, uid)));
      if (quirks.atomicIfMatch) expect(await kept()).toEqual(emails);
      // As the gateway does: re-read after a while, and apply again the answers that were overwritten.
      for (let round = 0; round < 5 && (await kept()).length < emails.length; round++) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const done = await kept();
        for (const email of emails.filter((one) => !done.includes(one))) await acceptFor(email, uid);
      }
      expect(await kept()).toEqual(emails);
    }, 60_000);

    /**
     * Loads, edits and writes until the write succeeds. It retries after a server error, which concurrent writes may
     * cause.
     */
    async function acceptFor(email: string, uid: string): Promise<void> {
      for (let attempt = 0; attempt < 100; attempt++) {
        const event = await find(uid);
        const result = await store
          .write(alice, event, answer(event.text, email, 'ACCEPTED'))
          .catch((error: unknown) => {
            if (error instanceof Error && 'temporary' in error && error.temporary === true) return { kind: 'conflict' };
            throw error;
          });
        if (result.kind === 'written') return;
        await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40));
      }
      throw new Error(`the answer of ${email} was not written in 100 attempts`);
    }
  });
}
