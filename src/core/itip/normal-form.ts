// What a component says, whatever its notation: an EventComponent comes in, values that can be compared go out. Left out
// is what no recipient is told, and what changes without anything having changed: DTSTAMP, PARTSTAT, the order of lines,
// parts with their default value.
import { unescapeText } from '../ical/content-lines.ts';
import type { EventComponent } from '../ical/event-component.ts';
import type { EventDocument } from '../ical/event-document.ts';
import { endAfter } from '../ical/duration.ts';
import { parseLocal } from '../ical/local-time.ts';
import { occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { ownLines } from '../ical/read-components.ts';
import { ruleKey } from '../ical/read-rule.ts';
import { readTime } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';

export interface Schedule {
  readonly start: CalendarTime | null;
  /** Exclusive; null where nothing says it. */
  readonly end: CalendarTime | null;
  /** Milliseconds from start to end: exact where the zone is known, else of the wall clock. */
  readonly duration: number;
  /** Sorted, without what is the default. */
  readonly rules: readonly string[];
  /** RDATE and EXDATE as recurrenceIds (a PERIOD with its end), sorted. */
  readonly added: readonly string[];
  readonly excluded: readonly string[];
}

export interface NormalComponent {
  readonly recurrenceId: string | null;
  readonly sequence: number;
  readonly schedule: Schedule;
  readonly organizer: string | null;
  /** Address keys, and what each is invited as. */
  readonly guests: ReadonlyMap<string, string>;
  /** All other properties that are told, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

const NOT_TOLD = new Set(
  'UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE RECURRENCE-ID ORGANIZER ATTENDEE REQUEST-STATUS'.split(' '),
);
const OF_THE_SCHEDULE = new Set('DTSTART DTEND DUE DURATION RRULE RDATE EXDATE EXRULE'.split(' '));
/** Of the properties outside of the RFCs only those that a reader sees: the others are clients' notes to themselves. */
const SEEN = new Set('X-ALT-DESC X-GOOGLE-CONFERENCE X-MICROSOFT-SKYPETEAMSMEETINGURL'.split(' '));
const DEFAULTS = new Set('STATUS:CONFIRMED TRANSP:OPAQUE CLASS:PUBLIC PRIORITY:0'.split(' '));

const known = new WeakMap<EventComponent, NormalComponent>();

/** Made once: a change of an event with 2,000 guests is compared 2,000 times. */
export function normalComponent(component: EventComponent, vtimezones: readonly string[]): NormalComponent {
  const normal = known.get(component) ?? makeNormal(component, vtimezones);
  known.set(component, normal);
  return normal;
}

function makeNormal(component: EventComponent, vtimezones: readonly string[]): NormalComponent {
  const texts = new Map<string, string[]>();
  for (const { name, value } of ownLines(component)) {
    if (NOT_TOLD.has(name) || OF_THE_SCHEDULE.has(name) || name === '') continue;
    if (name.startsWith('X-') && !SEEN.has(name)) continue;
    const text = unescapeText(value).replace(/\r\n?/g, '\n').trim();
    if (text === '' || DEFAULTS.has(`${name}:${text.toUpperCase()}`)) continue;
    const said = texts.get(name);
    if (said) said.push(text);
    else texts.set(name, [text]);
  }
  return {
    recurrenceId: component.recurrenceId,
    sequence: component.sequence,
    schedule: scheduleOf(component, vtimezones),
    organizer: component.organizer?.address.key ?? null,
    guests: new Map(component.attendees.map(({ address, line }) => [address.key, roleOf(line.param('ROLE'))])),
    texts: new Map([...texts].map(([name, values]) => [name, values.sort().join('\n')])),
  };
}

/** RFC 5545 §3.2.16: REQ-PARTICIPANT where missing. */
function roleOf(role: string | null): string {
  return role?.trim().toUpperCase() || 'REQ-PARTICIPANT';
}

export function scheduleOf(component: EventComponent, vtimezones: readonly string[]): Schedule {
  const { start } = component;
  const end = endOf(component, vtimezones);
  return {
    start,
    end,
    duration: lengthOf(start, end),
    rules: component
      .properties('RRULE')
      .map((line) => ruleKey(line.value))
      .sort(),
    added: datesOf(component, 'RDATE', vtimezones),
    excluded: datesOf(component, 'EXDATE', vtimezones),
  };
}

/** Milliseconds from start to end; 0 where nothing says it. */
export function durationOf(component: EventComponent, vtimezones: readonly string[]): number {
  return lengthOf(component.start, endOf(component, vtimezones));
}

function lengthOf(start: CalendarTime | null, end: CalendarTime | null): number {
  return start && end ? millis(end) - millis(start) : 0;
}

/** DTEND, DUE, or what DURATION makes of the start; a date without either ends after its day (RFC 5545 §3.6.1). */
export function endOf(component: EventComponent, vtimezones: readonly string[]): CalendarTime | null {
  const { start } = component;
  const written = timeOf(component.property('DTEND') ?? component.property('DUE'), vtimezones);
  if (written || !start) return written;
  const end = endAfter(start, component.property('DURATION')?.value ?? '', vtimezones);
  return end ?? (start.form === 'date' ? endAfter(start, 'P1D', vtimezones) : null);
}

/** Comparable within one event. */
function millis(time: CalendarTime): number {
  return time.instant ?? parseLocal(time.local) ?? 0;
}

function datesOf(component: EventComponent, name: 'RDATE' | 'EXDATE', vtimezones: readonly string[]): string[] {
  const dates = component.properties(name).flatMap((line) =>
    line.value.split(',').map((value) => {
      const [start = '', end] = value.trim().split('/', 2);
      const time = readTime(start, { tzid: line.param('TZID'), valueType: line.param('VALUE') }, vtimezones);
      return `${time ? occurrenceIdOf(time) : start}${end === undefined ? '' : `/${end}`}`;
    }),
  );
  return [...new Set(dates)].sort();
}

/**
 * The components of a calendar, master first, without overrides that say what the master says anyway: those that
 * answers to one instance have left behind.
 */
export function normalComponents(document: EventDocument): NormalComponent[] {
  const { master, overrides, vtimezones } = document;
  const told = master && normalComponent(master, vtimezones);
  const others = overrides.map((override) => normalComponent(override, vtimezones));
  const different = others.filter((override) => !told || !isInstanceOf(told, override));
  different.sort((a, b) => ((a.recurrenceId ?? '') < (b.recurrenceId ?? '') ? -1 : 1));
  return told ? [told, ...different] : different;
}

function isInstanceOf(master: NormalComponent, override: NormalComponent): boolean {
  const { start, duration } = override.schedule;
  return (
    start !== null &&
    occurrenceIdOf(start) === override.recurrenceId &&
    duration === master.schedule.duration &&
    override.organizer === master.organizer &&
    sameMap(override.guests, master.guests) &&
    sameMap(override.texts, master.texts)
  );
}

export function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/**
 * Equal where two schedules are. A series keeps its zone: from the next DST change on, the same first instant elsewhere
 * is another schedule.
 */
export function scheduleKey({ start, duration, rules, added, excluded }: Schedule): readonly unknown[] {
  const zone = rules.length > 0 ? (start?.zone ?? null) : null;
  return [start && occurrenceIdOf(start), zone, duration, rules, added, excluded];
}
