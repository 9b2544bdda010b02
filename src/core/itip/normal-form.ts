// What a component says, whatever its notation: an EventComponent comes in, values that can be compared go out. Left out
// is what no recipient is told, and what changes without anything having changed: DTSTAMP, PARTSTAT, the order of lines,
// parts with their default value.
import { unescapeText } from '../ical/content-lines.ts';
import type { EventComponent, ListedDate } from '../ical/event-component.ts';
import type { EventDocument } from '../ical/event-document.ts';
import { durationOf, occurrenceIdOf, type Span } from '../ical/occurrence-id.ts';
import { ownLines } from '../ical/read-components.ts';
import { ruleKey } from '../ical/read-rule.ts';

export interface RecurrenceRules {
  /** RRULE values as keys (`ruleKey`), sorted. */
  readonly rules: readonly string[];
  /** RDATE and EXDATE as recurrenceIds (a PERIOD with its end), sorted. */
  readonly added: readonly string[];
  readonly excluded: readonly string[];
}

/** Its end is exclusive. */
export interface Schedule extends Span, RecurrenceRules {}

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
export function normalComponent(component: EventComponent): NormalComponent {
  const normal = known.get(component) ?? makeNormal(component);
  known.set(component, normal);
  return normal;
}

function makeNormal(component: EventComponent): NormalComponent {
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
    schedule: scheduleOf(component),
    organizer: component.organizer?.address.key ?? null,
    guests: new Map(component.attendees.map(({ address, line }) => [address.key, roleOf(line.param('ROLE'))])),
    texts: new Map([...texts].map(([name, values]) => [name, values.sort().join('\n')])),
  };
}

/** RFC 5545 §3.2.16: REQ-PARTICIPANT where missing. */
function roleOf(role: string | null): string {
  return role?.trim().toUpperCase() || 'REQ-PARTICIPANT';
}

export function scheduleOf(component: EventComponent): Schedule {
  return {
    start: component.start,
    end: component.end,
    rules: component
      .properties('RRULE')
      .map((line) => ruleKey(line.value))
      .sort(),
    added: dateKeys(component.dates('RDATE')),
    excluded: dateKeys(component.dates('EXDATE')),
  };
}

function dateKeys(dates: readonly ListedDate[]): string[] {
  const keys = dates.map(({ written, time, end }) => {
    const start = time ? occurrenceIdOf(time) : written;
    return end === null ? start : `${start}/${end}`;
  });
  return [...new Set(keys)].sort();
}

/**
 * The components of a calendar, master first, without overrides that say what the master says anyway: those that
 * answers to one instance have left behind.
 */
export function normalComponents(document: EventDocument): NormalComponent[] {
  const { master, overrides } = document;
  const told = master && normalComponent(master);
  const others = overrides.map(normalComponent);
  const different = others.filter((override) => !told || !isInstanceOf(told, override));
  different.sort((a, b) => ((a.recurrenceId ?? '') < (b.recurrenceId ?? '') ? -1 : 1));
  return told ? [told, ...different] : different;
}

function isInstanceOf(master: NormalComponent, override: NormalComponent): boolean {
  const { start } = override.schedule;
  return (
    start !== null &&
    occurrenceIdOf(start) === override.recurrenceId &&
    durationOf(override.schedule) === durationOf(master.schedule) &&
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
export function scheduleKey({ start, end, rules, added, excluded }: Schedule): readonly unknown[] {
  const zone = rules.length > 0 ? (start?.zone ?? null) : null;
  return [start && occurrenceIdOf(start), zone, durationOf({ start, end }), rules, added, excluded];
}
