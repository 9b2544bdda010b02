// One event of no consequence through its whole life on the real server, by the store that the gateway uses. In: a calendar
// of the organizer's; out: a link. Whatever happens, what was made is removed.
import type { Access } from '../../adapters/caldav/authorize.ts';
import { CalDavError } from '../../adapters/caldav/caldav-error.ts';
import { conventionalUrl } from '../../adapters/caldav/event-url.ts';
import type { HttpClient } from '../../adapters/caldav/send-request.ts';
import type { CalendarStore } from '../../flow/ports/calendar-store.ts';
import { GatewayError } from '../../core/errors.ts';
import { formatInstant } from '../../core/ical/local-time.ts';
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import { attention, failed, messageOf, ok } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'event';
const RIGHTS = 'let the gateway read and write events in the organizers’ calendars';

export interface Probe {
  readonly http: HttpClient;
  readonly access: Access;
  readonly store: CalendarStore;
  /** URL of the calendar. */
  readonly calendar: string;
  readonly organizer: CalendarAddress;
  readonly now: number;
}

export async function probeEvent(probe: Probe): Promise<Link> {
  const { http, access, store, calendar, organizer, now } = probe;
  const uid = `imip-gateway-check-${makeIds()(now)}`;
  const url = conventionalUrl(calendar, uid) ?? calendar;
  let link: Link;
  try {
    const answer = await http.send({
      method: 'PUT',
      url,
      headers: { ...access.headers, 'If-None-Match': '*', 'Content-Type': 'text/calendar; charset=utf-8' },
      body: probeText(uid, now, 'made'),
    });
    if (![200, 201, 204].includes(answer.status)) {
      return failed(NAME, `the server answers ${answer.status} to a new event in ${calendar}`, RIGHTS);
    }
    link = await writeTwice(store, organizer, uid);
  } catch (error) {
    link = failed(NAME, messageOf(error), RIGHTS);
  }
  const left = await remove(http, access, url);
  if (left === null || link.status === 'failed') return link;
  return attention(NAME, `${link.said}; the probe event could not be removed: ${left}`, `remove it by hand: ${url}`);
}

/** A change from what was read must be taken; one from the copy before it must not. */
async function writeTwice(store: CalendarStore, organizer: CalendarAddress, uid: string): Promise<Link> {
  const found = await store.find(organizer, uid, null);
  if (found.kind !== 'found') {
    return failed(NAME, 'the server took an event and does not find it again by its UID', 'report this with its name');
  }
  const { event } = found;
  const first = await store.write(organizer, event, changed(event, 'changed'));
  if (first.kind !== 'written') return failed(NAME, `a change of what was just read is answered "${first.kind}"`);
  const second = await store.write(organizer, event, changed(event, 'changed from a stale copy'));
  if (second.kind === 'written') {
    return failed(
      NAME,
      'the server writes over what it does not know to be the same (If-Match is ignored)',
      'look at the proxy before it: it must pass If-Match and ETag on; without them answers get lost',
    );
  }
  return ok(NAME, `an event of ${organizer.asWritten} was made, found, changed under If-Match and removed`);
}

function changed({ text }: StoredEvent, word: string): string {
  return text.replace(/^SUMMARY:.*$/m, `SUMMARY:imip-gateway check (${word})`);
}

/** null where it is gone, else why not. */
async function remove(http: HttpClient, { headers }: Access, url: string): Promise<string | null> {
  try {
    const { status } = await http.send({ method: 'DELETE', url, headers });
    return [200, 204, 404].includes(status) ? null : `HTTP ${status}`;
  } catch (error) {
    return error instanceof CalDavError || error instanceof GatewayError ? error.message : String(error);
  }
}

/** Tomorrow, transparent, without people: RFC 6638 scheduling leaves it alone. */
function probeText(uid: string, now: number, word: string): string {
  const start = now + 86_400_000;
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//imip-gateway//check//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${formatInstant(now)}`,
    `DTSTART:${formatInstant(start)}`,
    `DTEND:${formatInstant(start + 900_000)}`,
    `SUMMARY:imip-gateway check (${word})`,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}
