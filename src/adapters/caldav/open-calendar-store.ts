// The CalendarStore over CalDAV. In: where the server is and how we may act there; out: `find` and `write` of organizers'
// events. It refuses to write what it has no strong ETag for, and takes nothing but 200, 201 and 204 for written.
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import { GatewayError } from '../../core/errors.ts';
import { resolveWithin } from './ask-dav.ts';
import { type Access, type CalDavAuth, openAuthorization } from './authorize.ts';
import { BREAKER, openBreaker } from './breaker.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, checkHomeTemplate, sameUrl } from './event-url.ts';
import { openCalendarFinder } from './find-calendars.ts';
import { findEvent, loadIfWanted } from './find-event.ts';
import { judgeRefusals } from './unauthorized-policy.ts';
import { type HttpClient, openHttpClient } from './send-request.ts';
import type { BreakerState, CalendarStore } from '../../flow/ports/calendar-store.ts';
import { writeEvent } from './write-event.ts';

export interface CalendarStoreOptions {
  readonly url: string;
  readonly auth: CalDavAuth;
  /** Path template with {email}, {localpart} or {domain}; null: the server is asked (discovery). */
  readonly home: string | null;
  /** For one request, with its answer. */
  readonly timeoutMs?: number;
  /** The largest answer we take. */
  readonly maxBytes?: number;
  /** Hears of back ends (origins) that are no longer asked, and of those that are again. */
  readonly onBreaker?: (origin: string, state: BreakerState) => void;
}

/** Throws `config-invalid` for settings that cannot work. Nothing is asked of the server before it is needed. */
export function openCalendarStore(options: CalendarStoreOptions): CalendarStore {
  const { url, auth, home, timeoutMs = 30_000, maxBytes = 16 * 1024 * 1024 } = options;
  if (!URL.canParse(url)) throw new GatewayError('config-invalid', `${url} is no URL`);
  if (home !== null) checkHomeTemplate(home);
  const authorize = openAuthorization(url, auth);
  const http = openHttpClient({ timeoutMs, maxBytes });
  const { onBreaker } = options;
  const breaker = judgeRefusals(openBreaker({ ...BREAKER, ...(onBreaker && { onChange: onBreaker }) }), Date.now);
  const calendars = openCalendarFinder(http, home);

  async function find(access: Access, organizer: CalendarAddress, uid: string, knownHref: string | null) {
    const known = knownHref === null ? null : await loadKnown(http, access, knownHref, { uid, organizer });
    if (known !== null) return { kind: 'found', event: known } as const;
    const list = await calendars.list(access, organizer, false);
    const found = await findEvent(http, access, list.calendars, { uid, organizer });
    if (found.kind !== 'none' || !list.remembered) return found;
    const fresh = await calendars.list(access, organizer, true);
    const made = fresh.calendars.filter((one) => !list.calendars.some((other) => sameUrl(one.url, other.url)));
    return findEvent(http, access, made, { uid, organizer });
  }

  return {
    async find(organizer, uid, knownHref) {
      // No calendar text holds such a UID, and no XML could ask for it.
      if (/\p{Cc}/u.test(uid)) return { kind: 'none' };
      const access = authorize(organizer);
      return breaker(new URL(access.url).origin, () => find(access, organizer, uid, knownHref));
    },

    async write(organizer, event, text) {
      const access = authorize(organizer);
      const target = hrefUrl(access, event.href);
      return breaker(new URL(target).origin, () => writeEvent(http, target, access.headers, event, text));
    },

    close: () => http.close(),
  };
}

/** What the ledger remembers may lie anywhere by now, or be refused: then the event is looked for. */
async function loadKnown(
  http: HttpClient,
  access: Access,
  href: string,
  wanted: { uid: string; organizer: CalendarAddress },
): Promise<StoredEvent | null> {
  try {
    return await loadIfWanted(http, access, hrefUrl(access, href), wanted);
  } catch (error) {
    if (error instanceof CalDavError && error.code === 'caldav-refused' && !error.temporary) return null;
    throw error;
  }
}

function hrefUrl(access: Access, href: string): string {
  const url = resolveWithin(asCollection(access.url), href);
  if (url === null) throw new CalDavError('caldav-refused', `${href} is not on ${access.url}`);
  return url;
}
