// Reads the facts that a callback is checked against. In: a posted calendar; out: its METHODs, UIDs, organizers and
// attendees. It refuses a text that is not one complete VCALENDAR. A server posts the calendar of an event with 2,000
// attendees 2,000 times, so the results for the latest texts are memoized.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines } from '../../core/ical/content-lines.ts';
import { isEvent } from '../../core/ical/event-component.ts';
import { memoizeText } from '../../core/ical/memoize-text.ts';
import { lacksMailAddress } from '../../core/itip/name-organizer.ts';
import { componentsIn, ownLines, readComponents, wholeCalendar } from '../../core/ical/read-components.ts';

export interface Scheduling {
  /** Every METHOD, upper case. */
  readonly methods: readonly string[];
  /** The UIDs of its VEVENTs and VTODOs. */
  readonly uids: ReadonlySet<string>;
  /** CalendarAddress keys of ORGANIZER and ATTENDEE in VEVENTs and VTODOs, including their EMAIL parameters. */
  readonly organizers: ReadonlySet<string>;
  /** Whether there is an ORGANIZER and none has a mail address, but for example a principal path. */
  readonly organizerLacksAddress: boolean;
  readonly attendees: ReadonlySet<string>;
}

export type ReadScheduling = (calendar: string) => Scheduling | null;

/** Returns `readScheduling`, memoized for the latest texts. */
export function makeSchedulingReader(): ReadScheduling {
  return memoizeText(readScheduling);
}

/** Returns null if the text is not one complete VCALENDAR. */
export function readScheduling(text: string): Scheduling | null {
  const calendar = wholeCalendar(readComponents(splitLines(text), 'VCALENDAR'));
  if (typeof calendar === 'string') return null;
  const methods = ownLines(calendar).filter(({ name }) => name === 'METHOD');
  const lines = componentsIn(calendar).filter(isEvent).flatMap(ownLines);
  const organizers = lines.filter(({ name }) => name === 'ORGANIZER');
  return {
    methods: methods.map(({ value }) => value.trim().toUpperCase()),
    uids: new Set(lines.filter(({ name }) => name === 'UID').map(({ value }) => value)),
    organizers: addressKeys(organizers),
    organizerLacksAddress: organizers.length > 0 && organizers.every(lacksMailAddress),
    attendees: addressKeys(lines.filter(({ name }) => name === 'ATTENDEE')),
  };
}

function addressKeys(lines: readonly ContentLine[]): Set<string> {
  const written = lines.flatMap((line) => [line.value, line.param('EMAIL') ?? '']);
  return new Set(written.flatMap((text) => calendarAddress(text)?.key ?? []));
}
