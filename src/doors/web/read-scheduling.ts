// A posted calendar in, the facts that a callback is checked by out: METHODs, UIDs, who is in it. Refuses what is not
// one whole VCALENDAR. A calendar of 2,000 attendees is posted 2,000 times, once for each: the last few are remembered.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { type ContentLine, splitLines } from '../../core/ical/content-lines.ts';
import { remember } from '../../core/ical/memoize-text.ts';

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
export function readScheduling(calendar: string): Scheduling | null {
  const facts = {
    methods: [] as string[],
    uids: new Set<string>(),
    organizers: new Set<string>(),
    attendees: new Set<string>(),
  };
  const open: string[] = [];
  let calendars = 0;
  for (const line of splitLines(calendar)) {
    const { name } = line;
    if (name === 'BEGIN') {
      const component = line.value.trim().toUpperCase();
      if (open.length === 0 && (component !== 'VCALENDAR' || calendars++ > 0)) return null;
      open.push(component);
    } else if (name === 'END') {
      if (open.pop() !== line.value.trim().toUpperCase()) return null;
    } else if (open.length === 0) {
      if (line.text.trim() !== '') return null;
    } else if (open.length === 1) {
      if (name === 'METHOD') facts.methods.push(line.value.trim().toUpperCase());
    } else if (open.length === 2 && (open[1] === 'VEVENT' || open[1] === 'VTODO')) {
      if (name === 'UID') facts.uids.add(line.value);
      else if (name === 'ORGANIZER') addAddresses(facts.organizers, line);
      else if (name === 'ATTENDEE') addAddresses(facts.attendees, line);
    }
  }
  return calendars === 1 && open.length === 0 ? facts : null;
}

function addAddresses(keys: Set<string>, line: ContentLine): void {
  for (const written of [line.value, line.param('EMAIL')]) {
    const address = written === null ? null : calendarAddress(written);
    if (address !== null) keys.add(address.key);
  }
}
