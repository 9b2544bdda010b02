// The CalendarStore port over CalDAV. In: the server's URL and the credentials; out: a store that finds and writes
// organizers' events. It refuses to write an event without a strong ETag, and regards only 200, 201 and 204 as written.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { GatewayError } from '../../core/errors.ts';
import { resolveWithin } from './dav-query.ts';
import { type Access, type CalDavAuth, openAuthorization } from './authorize.ts';
import { DEFAULT_BREAKER_OPTIONS, openBreaker } from './breaker.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, checkHomeTemplate, sameUrl } from './event-url.ts';
import { type Calendar, openCalendarFinder } from './find-calendars.ts';
import { type EventKey, findEvent, loadIfMatching } from './find-event.ts';
import { withUnauthorizedPolicy } from './unauthorized-policy.ts';
import { type HttpClient, openHttpClient } from './send-request.ts';
import type { Loaded } from './load-event.ts';
import type { BreakerState, CalendarStore, FoundEvent } from '../../flow/ports/calendar-store.ts';
import { writeEvent } from './write-event.ts';

export interface CalendarStoreOptions {
  readonly url: string;
  readonly auth: CalDavAuth;
  /** Path template with {email}, {localpart} or {domain}; null means discovery through the server. */
  readonly home: string | null;
  /** For one request and its response. */
  readonly timeoutMs?: number;
  /** The largest response body that is accepted. */
  readonly maxBytes?: number;
  /** Called when the circuit breaker of a back end (origin) changes its state. */
  readonly onBreaker?: (origin: string, state: BreakerState) => void;
}

/** Throws `config-invalid` for settings that cannot work. Sends no request to the server yet. */
export function openCalendarStore(options: CalendarStoreOptions): CalendarStore {
  const { url, auth, home, timeoutMs = 30_000, maxBytes = 16 * 1024 * 1024 } = options;
  if (!URL.canParse(url)) throw new GatewayError('config-invalid', `${url} is not a URL`);
  if (home !== null) checkHomeTemplate(home);
  const authorize = openAuthorization(url, auth);
  const http = openHttpClient({ timeoutMs, maxBytes });
  const { onBreaker } = options;
  const circuitBreaker = openBreaker({ ...DEFAULT_BREAKER_OPTIONS, ...(onBreaker && { onChange: onBreaker }) });
  const breaker = withUnauthorizedPolicy(circuitBreaker, Date.now);
  const calendars = openCalendarFinder(http, home);

  async function find(access: Access, organizer: CalendarAddress, uid: string, knownHref: string | null) {
    const known = knownHref === null ? null : await loadKnown(http, access, knownHref, { uid, organizer });
    if (known !== null && known !== 'not-visible') return { kind: 'found', event: known } as const;
    const found = await search(access, organizer, uid);
    // The event may have been moved, so the hidden object counts only if no calendar has the event.
    const isHidden = found.kind === 'none' && known === 'not-visible' && knownHref !== null;
    return isHidden ? ({ kind: 'not-visible', href: knownHref } as const) : found;
  }

  async function search(access: Access, organizer: CalendarAddress, uid: string): Promise<FoundEvent> {
    const list = await calendars.list(access, organizer, false);
    const found = await searchIn(access, list.calendars, { uid, organizer });
    if ((found.kind !== 'none' && found.kind !== 'not-visible') || !list.cached) return found;
    const fresh = await calendars.list(access, organizer, true);
    const added = fresh.calendars.filter((one) => !list.calendars.some((other) => sameUrl(one.url, other.url)));
    const foundInAdded = await searchIn(access, added, { uid, organizer });
    return foundInAdded.kind === 'none' ? found : foundInAdded;
  }

  /** The organizer's read-only calendars come last: an answer to an event there cannot be written, and the organizer is told. */
  async function searchIn(access: Access, all: readonly Calendar[], key: EventKey): Promise<FoundEvent> {
    const found = await findEvent(
      http,
      access,
      all.filter(({ writable }) => writable),
      key,
    );
    if (found.kind !== 'none') return found;
    const readOnly = all.filter(({ writable, own }) => !writable && own);
    return findEvent(http, access, readOnly, key).catch((error: unknown): FoundEvent => {
      if (error instanceof CalDavError && error.code === 'caldav-refused') return found;
      throw error;
    });
  }

  return {
    async find(organizer, uid, knownHref) {
      // No calendar text can hold a UID with control characters, and no XML query can contain it.
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

/**
 * Returns null if the known href no longer has the event or is refused; the caller then searches for the event.
 */
async function loadKnown(
  http: HttpClient,
  access: Access,
  href: string,
  key: { uid: string; organizer: CalendarAddress },
): Promise<Loaded> {
  try {
    return await loadIfMatching(http, access, hrefUrl(access, href), key);
  } catch (error) {
    if (error instanceof CalDavError && error.code === 'caldav-refused' && !error.temporary) return null;
    throw error;
  }
}

function hrefUrl(access: Access, href: string): string {
  const url = resolveWithin(asCollection(access.url), href);
  if (url === null) throw new CalDavError('caldav-refused', `the href ${href} is not on ${access.url}`);
  return url;
}
