// Computes the time of one occurrence of a series. In: the component for the occurrence (the master, or its override) and a
// recurrenceId; out: its start, its end and its length. It refuses nothing: for an invalid id it returns the component's own
// times.
import { endAfter } from './duration.ts';
import type { EventComponent } from './event-component.ts';
import { formatLocal } from './local-time.ts';
import { durationOf, formOf, millisOf, type Span } from './occurrence-id.ts';
import { idOfListed } from './series.ts';
import { localAt, readTime, resolveLocal } from './time-zones.ts';
import type { CalendarTime } from './types.ts';

/** Returns start and end of an occurrence, in the zones of the component's start and end. */
export function occurrenceSpan(component: EventComponent, id: string): Span {
  const { start, end, vtimezones } = component;
  if (start === null || component.recurrenceId !== null || Number.isNaN(millisOf(id))) return { start, end };
  const ends = end !== null || periodAt(component, id) !== null;
  const endId = idAfter(id, lengthAt(component, id));
  return { start: timeAt(id, start, vtimezones), end: ends ? timeAt(endId, end ?? start, vtimezones) : null };
}

/**
 * Returns the milliseconds from the start to the end of an occurrence, 0 if it has no end. An RDATE period has its own length
 * (RFC 5545 §3.8.5.2). Every other occurrence has the nominal DURATION of the event, if there is one, else the exact length of the
 * first occurrence (§3.8.5.3).
 */
export function lengthAt(component: EventComponent, id: string): number {
  const { start, vtimezones } = component;
  if (start === null || component.recurrenceId !== null || Number.isNaN(millisOf(id))) return durationOf(component);
  const period = periodAt(component, id);
  if (period !== null) return period;
  const duration = nominalDuration(component);
  if (duration === null) return durationOf(component);
  const own = timeAt(id, start, vtimezones);
  return durationOf({ start: own, end: endAfter(own, duration, vtimezones) });
}

/** Returns the length of the RDATE period that starts with this occurrence, in milliseconds; null if there is none. */
export function periodAt(master: EventComponent, id: string): number | null {
  const lengths = lengthsOfPeriods.get(master) ?? readPeriods(master);
  lengthsOfPeriods.set(master, lengths);
  return lengths.get(id) ?? null;
}

const lengthsOfPeriods = new WeakMap<EventComponent, ReadonlyMap<string, number>>();

/** Of periods with the same start, the first counts. A task without DTSTART has no length that a period could replace. */
function readPeriods(master: EventComponent): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  if (master.startLine?.name !== 'DTSTART') return lengths;
  for (const { time, end } of master.dates('RDATE')) {
    const length = durationOf({ start: time, end });
    const id = time === null || length <= 0 ? null : idOfListed(master, time);
    if (id !== null && !lengths.has(id)) lengths.set(id, length);
  }
  return lengths;
}

/** Returns a DURATION whose length depends on the start, because days are nominal (RFC 5545 §3.3.6); null if there is none. */
function nominalDuration(component: EventComponent): string | null {
  if (component.endTimeLine !== null) return null;
  const duration = component.property('DURATION')?.value ?? '';
  return /[DW]/i.test(duration) ? duration : null;
}

function idAfter(id: string, length: number): string {
  const local = formatLocal(millisOf(id) + length);
  const form = formOf(id);
  return form === 'instant' ? `${local}Z` : form === 'date' ? local.slice(0, 8) : local;
}

/** Returns the time of an id in the form and zone of `reference`. */
function timeAt(id: string, reference: CalendarTime, vtimezones: readonly string[]): CalendarTime {
  const parsed = readTime(id, {}, []);
  if (parsed === null) return reference;
  const local =
    parsed.instant !== null && reference.zone !== null
      ? localAt(parsed.instant, reference.zone, vtimezones)
      : parsed.local;
  if (local === null) return parsed;
  if (reference.form === 'date') return { ...reference, local: local.slice(0, 8) };
  const instant = reference.zone === null ? null : (parsed.instant ?? resolveLocal(local, reference.zone, vtimezones));
  return { ...reference, local, instant };
}
