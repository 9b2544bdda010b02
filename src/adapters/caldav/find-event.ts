// Looking for one event in an organizer's calendars. In: calendars, UID, organizer; out: the event as stored, none, or the
// several places where it is. It refuses to be sure of "none" while a calendar could not be asked.
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import { report, textOf } from './ask-dav.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { conventionalUrl, sameUrl } from './event-url.ts';
import type { Calendar } from './find-calendars.ts';
import { loadEvent } from './load-event.ts';
import { isEventOf } from './is-event-of.ts';
import type { HttpClient } from './send-request.ts';
import type { FoundEvent } from '../../flow/ports/calendar-store.ts';

interface Wanted {
  readonly uid: string;
  readonly organizer: CalendarAddress;
}

interface Hit {
  readonly event: StoredEvent;
  readonly own: boolean;
}

/** The event at that URL, null where something else or nothing is there. */
export async function loadIfWanted(
  http: HttpClient,
  access: Access,
  url: string,
  { uid, organizer }: Wanted,
): Promise<StoredEvent | null> {
  const event = await loadEvent(http, url, access.headers);
  return event !== null && isEventOf(event.text, uid, organizer) ? event : null;
}

/** By the name that most servers and clients give it, which costs a GET per calendar; then by a query for the UID. */
export async function findEvent(
  http: HttpClient,
  access: Access,
  calendars: readonly Calendar[],
  wanted: Wanted,
): Promise<FoundEvent> {
  const named = choose(
    await overCalendars(calendars, (calendar) => loadByName(http, access, calendar, wanted), isPermanent),
  );
  if (named.kind !== 'none') return named;
  return choose(
    await overCalendars(
      calendars,
      (calendar) => query(http, access, calendar, wanted),
      () => false,
    ),
  );
}

/** Hits in all calendars. A calendar that fails spoils the search only where nothing was found elsewhere. */
async function overCalendars(
  calendars: readonly Calendar[],
  look: (calendar: Calendar) => Promise<Hit[]>,
  ignore: (error: unknown) => boolean,
): Promise<Hit[]> {
  const settled = await Promise.allSettled(calendars.map(look));
  const hits = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = settled.find((result) => result.status === 'rejected' && !ignore(result.reason));
  if (hits.length === 0 && failed?.status === 'rejected') throw failed.reason;
  return hits;
}

/** A server that does not like the name has no event of that name. */
function isPermanent(error: unknown): boolean {
  return error instanceof CalDavError && error.code === 'caldav-refused' && !error.temporary;
}

/** With calendars shared among colleagues an attendee's copy may lie beside the organizer's own: the own one counts. */
function choose(hits: readonly Hit[]): FoundEvent {
  const distinct = [...new Map(hits.map((hit) => [hit.event.href, hit])).values()];
  const own = distinct.filter((hit) => hit.own);
  const [only, ...others] = own.length > 0 ? own : distinct;
  if (only === undefined) return { kind: 'none' };
  if (others.length === 0) return { kind: 'found', event: only.event };
  return { kind: 'ambiguous', hrefs: [only, ...others].map((hit) => hit.event.href) };
}

async function loadByName(http: HttpClient, access: Access, calendar: Calendar, wanted: Wanted): Promise<Hit[]> {
  const url = conventionalUrl(calendar.url, wanted.uid);
  const event = url === null ? null : await loadIfWanted(http, access, url, wanted);
  return event === null ? [] : [{ event, own: calendar.own }];
}

async function query(http: HttpClient, access: Access, calendar: Calendar, wanted: Wanted): Promise<Hit[]> {
  const urls: string[] = [];
  for (const component of calendar.components)
    urls.push(...(await queryComponent(http, access, calendar, component, wanted)));
  const events = await Promise.all([...new Set(urls)].map((url) => loadIfWanted(http, access, url, wanted)));
  return events.flatMap((event) => (event === null ? [] : [{ event, own: calendar.own }]));
}

/**
 * RFC 4791 §7.8. calendar-data is asked for to sort out the hits whose UID merely contains ours; servers that leave it
 * out are asked for each hit.
 */
async function queryComponent(
  http: HttpClient,
  access: Access,
  calendar: Calendar,
  component: string,
  wanted: Wanted,
): Promise<string[]> {
  const answer = await report(
    http,
    calendar.url,
    access.headers,
    'c:calendar-query',
    calendarQuery(component, wanted.uid),
    '1',
  );
  if (answer.kind === 'refused') {
    // Asked for to-dos although it does not say that it takes them, a calendar may refuse the very filter.
    const noTodos = component === 'VTODO' && isPermanent(answer.error);
    if (answer.error.status === 404 || answer.error.status === 410 || noTodos) return [];
    throw answer.error;
  }
  return answer.resources.flatMap(({ url, status, props }) => {
    const text = textOf(props['calendarData']);
    const other = text !== '' && !isEventOf(text, wanted.uid, wanted.organizer);
    return status >= 400 || other || sameUrl(url, calendar.url) ? [] : [url];
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
