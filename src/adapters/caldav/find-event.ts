// Finds one event in an organizer's calendars. In: calendars, UID, organizer; out: the event as stored, none, the hrefs of
// several, or the href of an object that the server refuses to show. It refuses to return "none" if a calendar could not be
// searched, and throws that calendar's error instead.
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import { report, textOf } from './dav-query.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { conventionalUrl, sameUrl } from './event-url.ts';
import type { Calendar } from './find-calendars.ts';
import { type Loaded, loadEvent } from './load-event.ts';
import { isEventOf } from './is-event-of.ts';
import type { HttpClient } from './send-request.ts';
import type { FoundEvent } from '../../flow/ports/calendar-store.ts';

export interface EventKey {
  readonly uid: string;
  readonly organizer: CalendarAddress;
  /** The other values of ORGANIZER that identify the organizer. */
  readonly principals?: readonly string[];
}

interface Hit {
  readonly event: StoredEvent;
  readonly own: boolean;
}

/** An object that the server refuses to show. */
interface Hidden {
  readonly hidden: string;
}

/** Returns the event at that URL; null if there is nothing, or another event; `not-visible` if the server hides it. */
export async function loadIfMatching(
  http: HttpClient,
  access: Access,
  url: string,
  { uid, organizer, principals }: EventKey,
): Promise<Loaded> {
  const event = await loadEvent(http, url, access.headers);
  if (event === null || event === 'not-visible') return event;
  return isEventOf(event.text, uid, organizer, principals) ? event : null;
}

/** Tries the conventional file name first, with one GET per calendar; then queries each calendar for the UID. */
export async function findEvent(
  http: HttpClient,
  access: Access,
  calendars: readonly Calendar[],
  key: EventKey,
): Promise<FoundEvent> {
  const keyIn = ({ principals }: Calendar): EventKey => ({ ...key, principals });
  const byName = chooseHit(
    await searchAll(calendars, (calendar) => findByName(http, access, calendar, keyIn(calendar)), isPermanent),
  );
  if (byName.kind !== 'none' && byName.kind !== 'not-visible') return byName;
  const byUid = chooseHit(
    await searchAll(
      calendars,
      (calendar) => findByUid(http, access, calendar, keyIn(calendar)),
      () => false,
    ),
  );
  return byUid.kind === 'none' ? byName : byUid;
}

/** Returns the hits in all calendars. Throws a calendar's error only if no other calendar has a hit. */
async function searchAll(
  calendars: readonly Calendar[],
  search: (calendar: Calendar) => Promise<(Hit | Hidden)[]>,
  ignore: (error: unknown) => boolean,
): Promise<(Hit | Hidden)[]> {
  const settled = await Promise.allSettled(calendars.map(search));
  const hits = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = settled.find((result) => result.status === 'rejected' && !ignore(result.reason));
  if (!hits.some(isHit) && failed?.status === 'rejected') throw failed.reason;
  return hits;
}

/** If a server permanently refuses a file name, it has no event with that name. */
function isPermanent(error: unknown): boolean {
  return error instanceof CalDavError && error.code === 'caldav-refused' && !error.temporary;
}

function isHit(found: Hit | Hidden): found is Hit {
  return 'event' in found;
}

/**
 * A calendar that a colleague shares may hold an attendee's copy of the event. Hits in the organizer's own calendars take
 * precedence.
 */
function chooseHit(found: readonly (Hit | Hidden)[]): FoundEvent {
  const distinct = [...new Map(found.filter(isHit).map((hit) => [hit.event.href, hit])).values()];
  const own = distinct.filter((hit) => hit.own);
  const [only, ...others] = own.length > 0 ? own : distinct;
  if (only === undefined) {
    const hidden = found.find((each): each is Hidden => !isHit(each));
    return hidden === undefined ? { kind: 'none' } : { kind: 'not-visible', href: hidden.hidden };
  }
  if (others.length === 0) return { kind: 'found', event: only.event };
  return { kind: 'ambiguous', hrefs: [only, ...others].map((hit) => hit.event.href) };
}

async function findByName(
  http: HttpClient,
  access: Access,
  calendar: Calendar,
  key: EventKey,
): Promise<(Hit | Hidden)[]> {
  const url = conventionalUrl(calendar.url, key.uid);
  return url === null ? [] : hitsOf(url, calendar, await loadIfMatching(http, access, url, key));
}

async function findByUid(
  http: HttpClient,
  access: Access,
  calendar: Calendar,
  key: EventKey,
): Promise<(Hit | Hidden)[]> {
  const urls: string[] = [];
  for (const component of calendar.components)
    urls.push(...(await queryComponent(http, access, calendar, component, key)));
  const found = await Promise.all(
    [...new Set(urls)].map(async (url) => hitsOf(url, calendar, await loadIfMatching(http, access, url, key))),
  );
  return found.flat();
}

function hitsOf(url: string, { own }: Calendar, loaded: Loaded): (Hit | Hidden)[] {
  if (loaded === null) return [];
  return loaded === 'not-visible' ? [{ hidden: new URL(url).pathname }] : [{ event: loaded, own }];
}

/**
 * Returns the URLs of the hits of a calendar-query (RFC 4791 §7.8). The query requests calendar-data to drop hits whose UID
 * merely contains ours. If a server omits it, the caller loads each hit and checks it.
 */
async function queryComponent(
  http: HttpClient,
  access: Access,
  calendar: Calendar,
  component: string,
  key: EventKey,
): Promise<string[]> {
  const result = await report(
    http,
    calendar.url,
    access.headers,
    'c:calendar-query',
    calendarQuery(component, key.uid),
    '1',
  );
  if (result.kind === 'refused') {
    // A calendar that reports no component set may refuse a filter for VTODO.
    const refusesTodos = component === 'VTODO' && isPermanent(result.error);
    if (result.error.status === 404 || result.error.status === 410 || refusesTodos) return [];
    throw result.error;
  }
  return result.resources.flatMap(({ url, status, props }) => {
    const text = textOf(props['calendarData']);
    const isOther = text !== '' && !isEventOf(text, key.uid, key.organizer, key.principals);
    return status >= 400 || isOther || sameUrl(url, calendar.url) ? [] : [url];
  });
}

function calendarQuery(component: string, uid: string): Record<string, unknown> {
  const byUid = {
    _attributes: { name: 'UID' },
    'c:text-match': { _attributes: { collation: 'i;octet' }, _text: uid },
  };
  const inComponent = { _attributes: { name: component }, 'c:prop-filter': byUid };
  return {
    'd:prop': { 'd:getetag': {}, 'c:calendar-data': {} },
    'c:filter': { 'c:comp-filter': { _attributes: { name: 'VCALENDAR' }, 'c:comp-filter': inComponent } },
  };
}
