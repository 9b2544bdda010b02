// Converts a component to a normal form for comparison. In: an EventComponent; out: values that are equal for the same content
// in any notation. It omits private and volatile properties, such as DTSTAMP and PARTSTAT, the order of lines, and default
// values. It refuses nothing.
import { unescapeText } from '../ical/content-lines.ts';
import type { EventComponent, ListedDate } from '../ical/event-component.ts';
import type { EventDocument } from '../ical/event-document.ts';
import { durationOf, occurrenceIdOf, type Span } from '../ical/occurrence-id.ts';
import { lengthAt } from '../ical/occurrence-span.ts';
import { ownLines } from '../ical/read-components.ts';
import { ruleKey } from '../ical/read-rule.ts';
import { SCHEDULE_PROPERTIES } from '../ical/series.ts';

export interface RecurrenceRules {
  /** RRULE values as keys (`ruleKey`), sorted. */
  readonly rules: readonly string[];
  /** RDATE and EXDATE as recurrenceIds, sorted. A PERIOD includes its end. */
  readonly added: readonly string[];
  readonly excluded: readonly string[];
}

/** Its end is exclusive. */
export interface Schedule extends Span, RecurrenceRules {}

export interface NormalComponent {
  readonly recurrenceId: string | null;
  readonly schedule: Schedule;
  readonly organizer: string | null;
  /** The ROLE of each guest, by address key. */
  readonly guests: ReadonlyMap<string, string>;
  /** The values of all other properties, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

const IGNORED = new Set(
  'UID DTSTAMP CREATED LAST-MODIFIED SEQUENCE RECURRENCE-ID ORGANIZER ATTENDEE REQUEST-STATUS'.split(' '),
);
/** Properties for the organizer's own use. Clients may change them and nothing else. */
const ORGANIZERS_OWN = new Set('CATEGORIES COLOR TRANSP PRIORITY'.split(' '));
/** The X- properties that a reader sees. Others are internal data of clients. */
const VISIBLE_EXTENSIONS = new Set('X-ALT-DESC X-GOOGLE-CONFERENCE X-MICROSOFT-SKYPETEAMSMEETINGURL'.split(' '));
const DEFAULTS = new Set(['STATUS:CONFIRMED', 'CLASS:PUBLIC']);

const normalCache = new WeakMap<EventComponent, NormalComponent>();

/** Cached, because a change of an event with 2,000 guests is compared 2,000 times. */
export function normalComponent(component: EventComponent): NormalComponent {
  const normal = normalCache.get(component) ?? normalize(component);
  normalCache.set(component, normal);
  return normal;
}

function normalize(component: EventComponent): NormalComponent {
  const texts = new Map<string, string[]>();
  for (const { name, value } of ownLines(component)) {
    if (IGNORED.has(name) || ORGANIZERS_OWN.has(name) || SCHEDULE_PROPERTIES.includes(name) || name === '') continue;
    if (name.startsWith('X-') && !VISIBLE_EXTENSIONS.has(name)) continue;
    const text = unescapeText(value).replace(/\r\n?/g, '\n').trim();
    if (text === '' || DEFAULTS.has(`${name}:${text.toUpperCase()}`)) continue;
    const values = texts.get(name);
    if (values) values.push(text);
    else texts.set(name, [text]);
  }
  return {
    recurrenceId: component.recurrenceId,
    schedule: scheduleOf(component),
    organizer: component.organizer?.address.key ?? null,
    guests: new Map(component.attendees.map(({ address, line }) => [address.key, roleOf(line.param('ROLE'))])),
    texts: new Map([...texts].map(([name, values]) => [name, values.sort().join('\n')])),
  };
}

/** RFC 5545 §3.2.16: the default is REQ-PARTICIPANT. */
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
    if (time === null) return written;
    return end === null ? occurrenceIdOf(time) : `${occurrenceIdOf(time)}/${occurrenceIdOf(end)}`;
  });
  return [...new Set(keys)].sort();
}

/**
 * Returns the components of a calendar, master first. Omits overrides that equal the instance of the master; answers to single
 * instances create such overrides.
 */
export function normalComponents(document: EventDocument): NormalComponent[] {
  const { master, overrides } = document;
  const others = overrides.map(normalComponent);
  const different = others.filter((override) => !master || !isInstanceOf(master, override));
  different.sort((a, b) => ((a.recurrenceId ?? '') < (b.recurrenceId ?? '') ? -1 : 1));
  return master ? [normalComponent(master), ...different] : different;
}

function isInstanceOf(master: EventComponent, override: NormalComponent): boolean {
  const { recurrenceId, schedule } = override;
  const series = normalComponent(master);
  return (
    schedule.start !== null &&
    recurrenceId !== null &&
    occurrenceIdOf(schedule.start) === recurrenceId &&
    durationOf(schedule) === lengthAt(master, recurrenceId) &&
    override.organizer === series.organizer &&
    sameMap(override.guests, series.guests) &&
    sameMap(override.texts, series.texts)
  );
}

export function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/**
 * Returns a key that is equal for equal schedules. The key of a series contains its zone, because the same start in another
 * zone is another time after the next DST change.
 */
export function scheduleKey({ start, end, rules, added, excluded }: Schedule): readonly unknown[] {
  const zone = rules.length > 0 ? (start?.zone ?? null) : null;
  return [start && occurrenceIdOf(start), zone, durationOf({ start, end }), rules, added, excluded];
}
