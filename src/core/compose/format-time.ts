// In: a start and an end as the calendar has them, the reader's language and display time zone. Out: the times in words:
// the event's own zone first, the reader's after it where the clock shows something else there; ends of whole days
// inclusive. Refuses nothing: what cannot be read is left out.
import { DAY, parseLocal } from '../ical/local-time.ts';
import { toLocal } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';
import { plainLine } from './plain-text.ts';
import type { Language, Templates } from './types.ts';

export interface Reader {
  readonly language: Language;
  /** IANA name. */
  readonly timezone: string;
}

type Options = Intl.DateTimeFormatOptions;

const FULL_DATE: Options = { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' };
const CLOCK: Options = { hour: 'numeric', minute: '2-digit' };
const SHORT_DATE: Options = { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric' };
const LONG_DATE: Options = { year: 'numeric', month: 'long', day: 'numeric' };

/** To make a formatter costs a thousand times what it costs to use it; languages × shapes × zones are few. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** A formatter of local milliseconds (or of instants, with a zone). A tag that is no language is English. */
export function dateFormatter(language: Language, options: Options, zone = 'UTC'): Intl.DateTimeFormat {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(localeOf(language), { ...options, timeZone: zone });
  if (formatters.size >= 500) formatters.clear();
  formatters.set(key, made);
  return made;
}

/** The tag itself, canonical; English for what is none. */
export function localeOf(language: Language): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

function isZone(zone: string): boolean {
  try {
    dateFormatter('en', { hour: 'numeric' }, zone);
    return true;
  } catch {
    return false;
  }
}

/** U+202F and U+2009, which Intl puts before AM and around dashes, are boxes in old mail programs. */
function plainSpaces(text: string): string {
  return text.replace(/[\u00A0\u2009\u202F]/g, ' ');
}

function format(language: Language, options: Options, local: number): string {
  return plainSpaces(dateFormatter(language, options).format(local));
}

function formatRange(language: Language, options: Options, start: number, end: number): string {
  return plainSpaces(dateFormatter(language, options).formatRange(start, end));
}

/** `Central European Time`; the name as the calendar has it where the platform knows no better. */
function zoneLabel(zone: string, instant: number | null, language: Language): string {
  if (/^(?:UTC|GMT|Z|Etc\/(?:UTC|GMT|Zulu|Universal))$/i.test(zone)) return 'UTC';
  if (instant === null || !isZone(zone)) return plainLine(zone, 60);
  const parts = dateFormatter(language, { timeZoneName: 'longGeneric' }, zone).formatToParts(instant);
  return plainSpaces(parts.find((part) => part.type === 'timeZoneName')?.value ?? zone);
}

/** The same moment on another zone's clock. */
function moveTo(time: CalendarTime, zone: string): CalendarTime {
  if (time.instant === null || !isZone(zone)) return time;
  return { ...time, local: toLocal(time.instant, zone), zone };
}

/** UTC is how servers store a time, not where anybody lives: such times are shown in the reader's zone. */
function shownIn(time: CalendarTime, reader: Reader): CalendarTime {
  return time.zone === 'UTC' ? moveTo(time, reader.timezone) : time;
}

function withZone(text: string, time: CalendarTime, reader: Reader, templates: Templates): string {
  if (time.form === 'floating') return templates.message(reader.language, 'mail.time.floating', { time: text });
  const zone = zoneLabel(time.zone ?? 'UTC', time.instant, reader.language);
  return templates.message(reader.language, 'mail.time.zone', { time: text, zone });
}

function describeDays(start: number, end: number | null, reader: Reader, templates: Templates): string {
  const last = end === null ? start : end - DAY;
  if (last <= start) {
    const date = format(reader.language, FULL_DATE, start);
    return templates.message(reader.language, 'mail.time.allDay', { date });
  }
  const dates = formatRange(reader.language, FULL_DATE, start, last);
  return templates.message(reader.language, 'mail.time.days', { dates });
}

function describeClock(start: CalendarTime, end: CalendarTime | null, reader: Reader, templates: Templates): string {
  const options = { ...FULL_DATE, ...CLOCK };
  const from = parseLocal(start.local) ?? 0;
  const until = end === null ? null : parseLocal(end.local);
  if (end === null || until === null || end.local === start.local) {
    return withZone(format(reader.language, options, from), start, reader, templates);
  }
  if (end.zone === start.zone && end.form === start.form && until > from) {
    return withZone(formatRange(reader.language, options, from, until), start, reader, templates);
  }
  // A flight, or a night on which the clock is put back.
  return templates.message(reader.language, 'mail.time.range', {
    start: withZone(format(reader.language, options, from), start, reader, templates),
    end: withZone(format(reader.language, options, until), end, reader, templates),
  });
}

/** Whether the reader's clock shows another time than the event's own. */
function differs(time: CalendarTime, reader: Reader): boolean {
  return time.form === 'zoned' && reader.timezone !== 'UTC' && moveTo(time, reader.timezone).local !== time.local;
}

/**
 * One line, or two where the reader's zone has another time; `end` is exclusive, as in the calendar. Never empty: an
 * unknown start is said to be unknown.
 */
export function describeWhen(
  start: CalendarTime | null,
  end: CalendarTime | null,
  reader: Reader,
  templates: Templates,
): readonly string[] {
  const from = start === null ? null : parseLocal(start.local);
  if (start === null || from === null) return [templates.message(reader.language, 'mail.time.unknown')];
  if (start.form === 'date') {
    return [describeDays(from, end === null ? null : parseLocal(end.local), reader, templates)];
  }
  const own = shownIn(start, reader);
  const ownEnd = end === null ? null : shownIn(end, reader);
  const lines = [describeClock(own, ownEnd, reader, templates)];
  if (differs(own, reader)) {
    const there = end === null ? null : moveTo(end, reader.timezone);
    lines.push(describeClock(moveTo(start, reader.timezone), there, reader, templates));
  }
  return lines;
}

/** `Tue, Nov 3, 2026, 10:00 AM`: for a subject line. Empty where the start is unknown. */
export function describeStart(start: CalendarTime | null, reader: Reader): string {
  const shown = start === null ? null : shownIn(start, reader);
  const local = shown === null ? null : parseLocal(shown.local);
  if (shown === null || local === null) return '';
  return format(reader.language, shown.form === 'date' ? SHORT_DATE : { ...SHORT_DATE, ...CLOCK }, local);
}

/** `November 3, 2026`: the day of a time in its own zone. */
export function describeDay(time: CalendarTime, reader: Reader): string {
  const local = parseLocal(shownIn(time, reader).local);
  return local === null ? '' : format(reader.language, LONG_DATE, local);
}

/** What the calendar leaf shows: `Nov`, `3`, `Tue`; null where the start is unknown. */
export function describeLeaf(
  start: CalendarTime | null,
  reader: Reader,
): { readonly month: string; readonly day: string; readonly weekday: string } | null {
  const local = start === null ? null : parseLocal(shownIn(start, reader).local);
  if (local === null) return null;
  const bare = (options: Options): string => format(reader.language, options, local).replace(/\.$/, '');
  return {
    month: bare({ month: 'short' }),
    day: String(new Date(local).getUTCDate()),
    weekday: bare({ weekday: 'short' }),
  };
}
