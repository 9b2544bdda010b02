// What a recipient was told, as a digest: an iTIP message comes in, a text goes out that is equal where nothing new is
// said. A CalDAV server posts a REQUEST for every attendee whenever we write one attendee's answer: by the fingerprint
// such a storm is known for what it is.
import { createHash } from 'node:crypto';
import { componentFor, type EventDocument, methodOf, parseEvent } from '../ical/event-document.ts';
import { durationOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { type NormalComponent, normalComponents, scheduleKey, scheduleOf } from './normal-form.ts';
import { remember } from '../ical/memoize-text.ts';
import type { CalendarAddress } from '../ical/types.ts';

/** Of more guests the mailed copy lists the recipient and the organizer alone: the others are no news. */
const MAX_LISTED = 100;

/**
 * Digest of what that recipient is told. Not part of it: DTSTAMP, CREATED, LAST-MODIFIED, PARTSTAT, RSVP, SCHEDULE-*,
 * alarms, notation and order, and overrides equal to the instance of the master.
 * @param guestList whether that recipient is told who else is invited
 * @throws GatewayError `calendar-unparseable`
 */
export function fingerprintFor(calendar: string, recipient: CalendarAddress, guestList = true): string {
  const { method, components } = readTold(calendar);
  const told = components.map((component) => [
    component.recurrenceId,
    component.sequence,
    scheduleKey(component.schedule),
    component.organizer,
    guestsToldTo(component, recipient, guestList),
    [...component.texts].sort(),
  ]);
  return digest([method, told]);
}

const readTold = remember((calendar) => {
  const document = parseEvent(calendar);
  return { method: methodOf(document), components: normalComponents(document) };
});

/**
 * Digest of when an event happens (RFC 6638 §3.2.8 calls it scheduling changes): DTSTART, DTEND or DURATION, RRULE,
 * RDATE, EXDATE of the component that says it for that occurrence; null is the event itself.
 * @throws GatewayError `calendar-unparseable`
 */
export function scheduleFingerprint(calendar: string, recurrenceId: string | null): string {
  const document = parseEvent(calendar);
  const component = componentFor(document, recurrenceId) ?? document.overrides[0] ?? null;
  return digest(component && scheduleKey(scheduleOf(component)));
}

/**
 * Digest of when one occurrence happens, or for null the event itself. The same whether the occurrence stands in a component
 * of its own or follows from the series.
 */
export function occurrenceSchedule(document: EventDocument, recurrenceId: string | null): string | null {
  const component = componentFor(document, recurrenceId);
  if (component === null) return null;
  if (recurrenceId === null) return digest(scheduleKey(scheduleOf(component)));
  const { start } = component;
  const own = component.recurrenceId === null || start === null ? recurrenceId : occurrenceIdOf(start);
  return digest([own, durationOf(component)]);
}

function guestsToldTo(
  { guests }: NormalComponent,
  recipient: CalendarAddress,
  guestList: boolean,
): readonly (readonly string[])[] {
  const all = guestList && guests.size <= MAX_LISTED;
  const listed = all ? [...guests] : [...guests].filter(([key]) => key === recipient.key);
  return listed.sort();
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
