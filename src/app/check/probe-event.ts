// Creates, finds, changes and deletes an event on the CalDAV server, through the calendar store of the gateway. In: a
// calendar of the organizer; out: whether each step worked, and whether a PUT with an old ETag was refused. The event is
// deleted in any case.
import type { Access } from '../../adapters/caldav/authorize.ts';
import { CalDavError } from '../../adapters/caldav/caldav-error.ts';
import { conventionalUrl } from '../../adapters/caldav/event-url.ts';
import type { HttpClient } from '../../adapters/caldav/send-request.ts';
import type { CalendarStore } from '../../flow/ports/calendar-store.ts';
import { GatewayError } from '../../core/errors.ts';
import { DAY, formatInstant } from '../../core/ical/local-time.ts';
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import { type CheckResult, failed, messageOf, ok, warning } from './check-result.ts';

const NAME = 'event';
const GRANT_ACCESS = 'let the gateway read and write events in the organizers’ calendars';

export interface EventProbe {
  readonly http: HttpClient;
  readonly access: Access;
  readonly store: CalendarStore;
  /** URL of the calendar. */
  readonly calendar: string;
  readonly organizer: CalendarAddress;
  readonly now: number;
}

export async function probeEvent(probe: EventProbe): Promise<CheckResult> {
  const { http, access, store, calendar, organizer, now } = probe;
  const uid = `imip-gateway-check-${makeIds()(now)}`;
  const url = conventionalUrl(calendar, uid) ?? calendar;
  let result: CheckResult;
  try {
    const response = await http.send({
      method: 'PUT',
      url,
      headers: { ...access.headers, 'If-None-Match': '*', 'Content-Type': 'text/calendar; charset=utf-8' },
      body: probeText(uid, now, 'created'),
    });
    if (![200, 201, 204].includes(response.status)) {
      return failed(NAME, `the server answers ${response.status} to a new event in ${calendar}`, GRANT_ACCESS);
    }
    result = await writeTwice(store, organizer, uid);
  } catch (error) {
    result = failed(NAME, messageOf(error), GRANT_ACCESS);
  }
  const fault = await remove(http, access, url);
  if (fault === null || result.status === 'failed') return result;
  const left = `${result.finding}, but the event could not be deleted: ${fault}`;
  return warning(NAME, left, `delete it by hand: ${url}`);
}

/** Changes the event with its current ETag, which must succeed, and then again with the same ETag, which must not. */
async function writeTwice(store: CalendarStore, organizer: CalendarAddress, uid: string): Promise<CheckResult> {
  const found = await store.find(organizer, uid, null);
  if (found.kind !== 'found') {
    const todo = 'report this, with the name and version of the server';
    return failed(NAME, 'the server accepted an event but does not find it by its UID', todo);
  }
  const { event } = found;
  const first = await store.write(organizer, event, changed(event, 'changed'));
  if (first.kind === 'refused') {
    return failed(NAME, `a change is refused: ${first.detail}`);
  }
  if (first.kind !== 'written') return failed(NAME, `a change with the current ETag is answered "${first.kind}"`);
  const second = await store.write(organizer, event, changed(event, 'changed with an old ETag'));
  if (second.kind === 'written') {
    return failed(
      NAME,
      'the server accepts a change with an old ETag (it ignores If-Match)',
      'let the proxy in front of it forward If-Match and ETag; without them, answers get lost',
    );
  }
  return ok(NAME, `an event of ${organizer.asWritten} was created, found, changed with If-Match and deleted`);
}

function changed({ text }: StoredEvent, word: string): string {
  return text.replace(/^SUMMARY:.*$/m, `SUMMARY:imip-gateway check (${word})`);
}

/** Returns null if the event is gone, else the error. */
async function remove(http: HttpClient, { headers }: Access, url: string): Promise<string | null> {
  try {
    const { status } = await http.send({ method: 'DELETE', url, headers });
    return [200, 204, 404].includes(status) ? null : `HTTP ${status}`;
  } catch (error) {
    return error instanceof CalDavError || error instanceof GatewayError ? error.message : String(error);
  }
}

/** A transparent event of tomorrow without organizer and attendees, so that RFC 6638 scheduling does not apply to it. */
function probeText(uid: string, now: number, word: string): string {
  const start = now + DAY;
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
