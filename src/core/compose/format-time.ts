// Formats times for display. In: a start and an end as in the calendar, the reader's language and time zone; out: the times as
// text, first in the event's zone, then in the reader's zone if the local time differs there. An all-day event ends with its
// last day. It refuses nothing: a time that cannot be parsed is omitted.
import { DAY, parseLocal } from '../ical/local-time.ts';
import { localAt, resolveLocal } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';
import { plainLine } from './plain-text.ts';
import type { Language, Templates } from './types.ts';

/** The person who reads the mail or page. */
export interface Reader {
  readonly language: Language;
  /** The IANA name of the time zone for display. */
  readonly timezone: string;
}

type Options = Intl.DateTimeFormatOptions;

const FULL_DATE: Options = { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' };
const CLOCK: Options = { hour: 'numeric', minute: '2-digit' };
const SHORT_DATE: Options = { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric' };
const LONG_DATE: Options = { year: 'numeric', month: 'long', day: 'numeric' };

/** Cached, because creating a formatter takes a thousand times as long as using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Returns a formatter for local times in milliseconds or, with a zone, for instants. An invalid language becomes English. */
export function dateFormatter(language: Language, options: Options, zone = 'UTC'): Intl.DateTimeFormat {
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(localeOf(language), { ...options, timeZone: zone });
  if (formatters.size >= 500) formatters.clear();
  formatters.set(key, made);
  return made;
}

/** Returns the canonical form of a language tag, `en` if it is invalid. */
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

/** Replaces U+202F and U+2009, which Intl writes before AM and around dashes, and which old mail clients cannot display. */
function plainSpaces(text: string): string {
  return text.replace(/[\u00A0\u2009\u202F]/g, ' ');
}

function format(language: Language, options: Options, local: number): string {
  return plainSpaces(dateFormatter(language, options).format(local));
}

function formatRange(language: Language, options: Options, start: number, end: number): string {
  return plainSpaces(dateFormatter(language, options).formatRange(start, end));
}

/**
 * Returns a name such as `Central European Time`. If the TZID is not a known zone with this offset, its name is useless or wrong
 * (`Customized Time Zone`, `IST`), so the offset according to the calendar is returned instead.
 */
function zoneLabel({ zone, instant, local }: CalendarTime, language: Language): string {
  const name = zone ?? 'UTC';
  if (/^(?:UTC|GMT|Z|Etc\/(?:UTC|GMT|Zulu|Universal))$/i.test(name)) return 'UTC';
  if (instant === null) return plainLine(name, 60);
  if (!isZone(name) || !isTimeOf(name, local, instant)) return describeOffset((parseLocal(local) ?? instant) - instant);
  const parts = dateFormatter(language, { timeZoneName: 'longGeneric' }, name).formatToParts(instant);
  return plainSpaces(parts.find((part) => part.type === 'timeZoneName')?.value ?? name);
}

/** Returns whether the local time is that of the instant in this zone, also in a gap or a repeated hour. */
function isTimeOf(zone: string, local: string, instant: number): boolean {
  return localAt(instant, zone, []) === local || resolveLocal(local, zone, []) === instant;
}

/** Returns text such as `UTC+5:45`. */
function describeOffset(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  return `UTC${offset < 0 ? '-' : '+'}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Returns the same instant with its local time in another zone. */
function inZone(time: CalendarTime, zone: string): CalendarTime {
  const local = time.instant === null ? null : localAt(time.instant, zone, []);
  return local === null ? time : { ...time, local, zone };
}

/** Converts a time in UTC to the reader's zone, because some servers store all times in UTC. */
function inDisplayZone(time: CalendarTime, reader: Reader): CalendarTime {
  return time.zone === 'UTC' ? inZone(time, reader.timezone) : time;
}

function withZone(text: string, time: CalendarTime, reader: Reader, templates: Templates): string {
  if (time.form === 'floating') return templates.message(reader.language, 'mail.time.floating', { time: text });
  const zone = zoneLabel(time, reader.language);
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
  // The zones differ, as for a flight, or the clocks are set back during the event.
  return templates.message(reader.language, 'mail.time.range', {
    start: withZone(format(reader.language, options, from), start, reader, templates),
    end: withZone(format(reader.language, options, until), end, reader, templates),
  });
}

/** Returns whether the local time in the reader's zone differs from the event's. */
function differsForReader(time: CalendarTime, reader: Reader): boolean {
  return time.form === 'zoned' && reader.timezone !== 'UTC' && inZone(time, reader.timezone).local !== time.local;
}

/**
 * Returns one line, or two if the local time differs in the reader's zone. `end` is exclusive, as in the calendar. If the
 * start is unknown, the line states that.
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
  const own = inDisplayZone(start, reader);
  const ownEnd = end === null ? null : inDisplayZone(end, reader);
  const lines = [describeClock(own, ownEnd, reader, templates)];
  if (differsForReader(own, reader)) {
    const readerEnd = end === null ? null : inZone(end, reader.timezone);
    lines.push(describeClock(inZone(start, reader.timezone), readerEnd, reader, templates));
  }
  return lines;
}

/** Returns text for a subject line, such as `Tue, Nov 3, 2026, 10:00 AM`; '' if the start is unknown. */
export function describeStart(start: CalendarTime | null, reader: Reader): string {
  const shown = start === null ? null : inDisplayZone(start, reader);
  const local = shown === null ? null : parseLocal(shown.local);
  if (shown === null || local === null) return '';
  return format(reader.language, shown.form === 'date' ? SHORT_DATE : { ...SHORT_DATE, ...CLOCK }, local);
}

/** Returns the day of a time in its own zone, such as `November 3, 2026`. */
export function describeDay(time: CalendarTime, reader: Reader): string {
  const local = parseLocal(inDisplayZone(time, reader).local);
  return local === null ? '' : format(reader.language, LONG_DATE, local);
}

/** Returns the texts for the picture of a calendar leaf, such as `Nov`, `3` and `Tue`; null if the start is unknown. */
export function describeLeaf(
  start: CalendarTime | null,
  reader: Reader,
): { readonly month: string; readonly day: string; readonly weekday: string } | null {
  const local = start === null ? null : parseLocal(inDisplayZone(start, reader).local);
  if (local === null) return null;
  const bare = (options: Options): string => format(reader.language, options, local).replace(/\.$/, '');
  return {
    month: bare({ month: 'short' }),
    day: String(new Date(local).getUTCDate()),
    weekday: bare({ weekday: 'short' }),
  };
}
