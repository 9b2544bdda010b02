// Makes an override for one instance of a series (RFC 5545 §3.8.4.4), so that an answer to that instance can be stored. In: the
// master and the instance; out: a copy of the master with the times of the instance and without the recurrence rules. It
// refuses (null) if the master's times cannot be moved to that instance.
import { ContentLine, lineEndOf, makeLine, withName, withValue } from '../ical/content-lines.ts';
import type { EventComponent } from '../ical/event-component.ts';
import { DAY, formatDate, formatInstant, formatLocal } from '../ical/local-time.ts';
import { formatDuration } from '../ical/duration.ts';
import { formOf, millisOf, timeOf } from '../ical/occurrence-id.ts';
import { lengthAt, periodAt } from '../ical/occurrence-span.ts';
import { linesOf, type Part } from '../ical/read-components.ts';
import { RECURRENCE_PROPERTIES } from '../ical/series.ts';
import { localAt, resolveLocal } from '../ical/time-zones.ts';
import type { CalendarTime } from '../ical/types.ts';

/** `recurrenceId` is the start of the instance, in the same form as the master's start. */
export function makeOverride(master: EventComponent, recurrenceId: string): EventComponent | null {
  const { startLine, start, vtimezones } = master;
  if (startLine === null || start === null) return null;
  const moved = moveTo(startLine, start, recurrenceId, vtimezones);
  if (moved === null) return null;
  const length = lengthAt(master, recurrenceId);
  const period = periodAt(master, recurrenceId);
  const duration = period === null ? null : formatDuration(period);
  const hasEnd = ['DTEND', 'DUE', 'DURATION'].some((name) => master.property(name) !== null);
  const addedDuration = duration === null || hasEnd ? [] : [makeLine('DURATION', [], duration, lineEndOf(startLine))];
  const parts = master.parts.flatMap((part): Part[] => {
    if (!(part instanceof ContentLine)) return linesOf([part]).some(isAbsoluteTrigger) ? [] : [part];
    if (part === startLine) return [moved, recurrenceIdLike(moved), ...addedDuration];
    if (part.name === 'DTEND' || part.name === 'DUE') return [moveEnd(part, recurrenceId, length, vtimezones)];
    if (part.name === 'DURATION' && duration !== null) return [withValue(part, duration)];
    return RECURRENCE_PROPERTIES.includes(part.name) ? [] : [part];
  });
  const override = master.withParts(parts);
  return override.recurrenceId === recurrenceId ? override : null;
}

/** Returns the DTSTART line with another start in the same form: a date, in UTC, in its zone, or floating. */
function moveTo(line: ContentLine, start: CalendarTime, id: string, vtimezones: readonly string[]): ContentLine | null {
  const millis = millisOf(id);
  if (Number.isNaN(millis)) return null;
  if (start.form === 'date') return formOf(id) === 'date' ? withValue(line, id) : null;
  if (start.instant === null) return formOf(id) === 'local' ? withValue(line, id) : null;
  return formOf(id) === 'instant' ? writeInstant(line, millis, vtimezones) : null;
}

function moveEnd(line: ContentLine, id: string, length: number, vtimezones: readonly string[]): ContentLine {
  const end = timeOf(line, vtimezones);
  if (end === null) return line;
  const moved = millisOf(id) + length;
  if (end.form === 'date') return withValue(line, formatDate(Math.round(moved / DAY) * DAY));
  return end.instant === null ? withValue(line, formatLocal(moved)) : writeInstant(line, moved, vtimezones);
}

function writeInstant(line: ContentLine, instant: number, vtimezones: readonly string[]): ContentLine {
  const tzid = line.param('TZID');
  if (tzid === null || /z\s*$/i.test(line.value)) return withValue(line, formatInstant(instant));
  const local = localAt(instant, tzid, vtimezones);
  // When clocks are set back, the second of the repeated hours can be written only in UTC (RFC 5545 §3.3.5).
  if (local !== null && resolveLocal(local, tzid, vtimezones) === instant) return withValue(line, local);
  return makeLine(line.name, [], formatInstant(instant), lineEndOf(line));
}

/** RFC 5545 §3.8.4.4: RECURRENCE-ID has the same value type and zone as DTSTART. */
function recurrenceIdLike(start: ContentLine): ContentLine {
  return withName(start, 'RECURRENCE-ID', ['VALUE', 'TZID']);
}

/** An alarm at an absolute time belongs to the series; a copy in the override would go off twice. */
function isAbsoluteTrigger(line: ContentLine): boolean {
  return line.name === 'TRIGGER' && line.param('VALUE')?.toUpperCase() === 'DATE-TIME';
}
