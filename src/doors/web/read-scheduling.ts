// A posted calendar in, the facts that a callback is checked by out: METHODs, UIDs, who is in it. Refuses what is not
// one whole VCALENDAR. A calendar of 2,000 attendees is posted 2,000 times, once for each: the last few are remembered.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines } from '../../core/ical/content-lines.ts';
import { isEvent } from '../../core/ical/event-component.ts';
import { remember } from '../../core/ical/memoize-text.ts';
import { componentsIn, ownLines, readComponents, wholeCalendar } from '../../core/ical/read-components.ts';

export interface Scheduling {
  /** Every METHOD, upper case. */
  readonly methods: readonly string[];
  /** The UIDs of its VEVENTs and VTODOs. */
  readonly uids: ReadonlySet<string>;
  /** CalendarAddress keys, of ORGANIZER and ATTENDEE of VEVENTs and VTODOs and their EMAIL parameters. */
  readonly organizers: ReadonlySet<string>;
  readonly attendees: ReadonlySet<string>;
}

export type ReadScheduling = (calendar: string) => Scheduling | null;

/** A reader that remembers the last few; it answers null where the text is not one whole VCALENDAR. */
export function makeSchedulingReader(): ReadScheduling {
  return remember(readScheduling);
}

/** null where the text is not one whole VCALENDAR. */
export function readScheduling(text: string): Scheduling | null {
  const calendar = wholeCalendar(readComponents(splitLines(text), 'VCALENDAR'));
  if (typeof calendar === 'string') return null;
  const methods = ownLines(calendar).filter(({ name }) => name === 'METHOD');
  const lines = componentsIn(calendar).filter(isEvent).flatMap(ownLines);
  return {
    methods: methods.map(({ value }) => value.trim().toUpperCase()),
    uids: new Set(lines.filter(({ name }) => name === 'UID').map(({ value }) => value)),
    organizers: addressKeys(lines.filter(({ name }) => name === 'ORGANIZER')),
    attendees: addressKeys(lines.filter(({ name }) => name === 'ATTENDEE')),
  };
}

function addressKeys(lines: readonly ContentLine[]): Set<string> {
  const written = lines.flatMap((line) => [line.value, line.param('EMAIL') ?? '']);
  return new Set(written.flatMap((text) => calendarAddress(text)?.key ?? []));
}
