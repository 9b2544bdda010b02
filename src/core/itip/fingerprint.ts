// Computes fingerprints of iTIP messages. In: a message and its recipient; out: a digest that is equal for messages with the
// same content for that recipient. CalDAV servers post a REQUEST for every attendee whenever we write one attendee's answer;
// the fingerprint shows that these REQUESTs contain nothing new. It refuses text that is not a calendar.
import { createHash } from 'node:crypto';
import { componentFor, type EventDocument, methodOf, parseEvent } from '../ical/event-document.ts';
import { occurrenceIdOf } from '../ical/occurrence-id.ts';
import { lengthAt } from '../ical/occurrence-span.ts';
import { listsAllGuests } from './listed-guests.ts';
import { type NormalComponent, normalComponents, scheduleKey, scheduleOf } from './normal-form.ts';
import { memoizeText } from '../ical/memoize-text.ts';
import type { CalendarAddress } from '../ical/types.ts';

/**
 * Returns a digest of the content for this recipient. It ignores DTSTAMP, CREATED, LAST-MODIFIED, SEQUENCE, PARTSTAT, RSVP,
 * SCHEDULE-*, the organizer's own marks (CATEGORIES, COLOR, TRANSP, PRIORITY), alarms, notation, order, and overrides that
 * equal the instance of the master.
 *
 * @param guestList whether this recipient sees the other guests
 * @throws GatewayError `calendar-unparseable`
 */
export function fingerprintFor(calendar: string, recipient: CalendarAddress, guestList = true): string {
  const { method, components, listsAll } = readNormal(calendar);
  const visible = components.map((component) => [
    component.recurrenceId,
    scheduleKey(component.schedule),
    component.organizer,
    visibleGuests(component, recipient, guestList && listsAll),
    [...component.texts].sort(),
  ]);
  return digest([method, visible]);
}

const readNormal = memoizeText((calendar) => {
  const document = parseEvent(calendar);
  return {
    method: methodOf(document),
    components: normalComponents(document),
    listsAll: listsAllGuests(document),
  };
});

/**
 * Returns a digest of DTSTART, DTEND or DURATION, RRULE, RDATE and EXDATE of the component for this occurrence (null: of the
 * event itself). A change of these properties requires new answers (RFC 6638 §3.2.8).
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function scheduleFingerprint(calendar: string, recurrenceId: string | null): string {
  const document = parseEvent(calendar);
  const component = componentFor(document, recurrenceId) ?? document.overrides[0] ?? null;
  return digest(component && scheduleKey(scheduleOf(component)));
}

/**
 * Returns a digest of the time of one occurrence (null: of the event itself). It is the same whether or not the occurrence has
 * an override.
 */
export function occurrenceSchedule(document: EventDocument, recurrenceId: string | null): string | null {
  const component = componentFor(document, recurrenceId);
  if (component === null) return null;
  if (recurrenceId === null) return digest(scheduleKey(scheduleOf(component)));
  const { start } = component;
  const own = component.recurrenceId === null || start === null ? recurrenceId : occurrenceIdOf(start);
  return digest([own, lengthAt(component, recurrenceId)]);
}

function visibleGuests(
  { guests }: NormalComponent,
  recipient: CalendarAddress,
  listsAll: boolean,
): readonly (readonly string[])[] {
  const listed = listsAll ? [...guests] : [...guests].filter(([key]) => key === recipient.key);
  return listed.sort();
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
