// Compares two states of an event. In: both calendar texts; out: the differences that matter to a reader, with the old and the
// new value: time, place, title, description, recurrence and attendees, of the event or of one occurrence. An occurrence
// without an override is compared as an instance of the series. It refuses text that is not a calendar.
import { parseEvent, type EventDocument } from '../ical/event-document.ts';
import type { EventComponent } from '../ical/event-component.ts';
import { occurrenceIdOf, type Span } from '../ical/occurrence-id.ts';
import { occurrenceSpan } from '../ical/occurrence-span.ts';
import {
  type NormalComponent,
  normalComponent,
  type RecurrenceRules,
  sameMap,
  type Schedule,
  scheduleKey,
} from './normal-form.ts';

/** `recurrenceId` is as in OccurrenceKey, null for the event itself. Texts are unescaped, null if missing. */
export type EventDifference =
  | { readonly kind: 'time'; readonly recurrenceId: string | null; readonly before: Span; readonly after: Span }
  | {
      readonly kind: 'title' | 'place' | 'description' | 'status' | 'other';
      readonly recurrenceId: string | null;
      /** The name of the property, such as `SUMMARY`. */
      readonly property: string;
      readonly before: string | null;
      readonly after: string | null;
    }
  | {
      readonly kind: 'recurrence';
      readonly recurrenceId: null;
      readonly before: RecurrenceRules;
      readonly after: RecurrenceRules;
    }
  | {
      readonly kind: 'attendees';
      readonly recurrenceId: string | null;
      /** Address keys. */
      readonly added: readonly string[];
      readonly removed: readonly string[];
      /** Guests whose ROLE has changed. */
      readonly changed: readonly string[];
    }
  /** The series, or an occurrence that no series contains, exists in only one of the two states. */
  | { readonly kind: 'occurrence'; readonly recurrenceId: string | null; readonly change: 'added' | 'removed' };

const KINDS: Readonly<Record<string, 'title' | 'place' | 'description' | 'status'>> = {
  SUMMARY: 'title',
  LOCATION: 'place',
  DESCRIPTION: 'description',
  'STYLED-DESCRIPTION': 'description',
  'X-ALT-DESC': 'description',
  STATUS: 'status',
};

/**
 * Returns the differences of the master, then those of the occurrences in order.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function whatChanged(previous: string, now: string): EventDifference[] {
  return documentDifferences(parseEvent(previous), parseEvent(now));
}

/** Does the same as `whatChanged` for parsed events. */
export function documentDifferences(previous: EventDocument, now: EventDocument): EventDifference[] {
  const before = readState(previous);
  const after = readState(now);
  const differences: EventDifference[] = [];
  if (before.master && after.master) {
    differences.push(...recurrenceDifference(before.master.schedule, after.master.schedule));
    differences.push(...componentDifferences(before.master, after.master));
  } else if (before.master || after.master) {
    differences.push({ kind: 'occurrence', recurrenceId: null, change: after.master ? 'added' : 'removed' });
  }
  const ids = new Set([...before.overrides.keys(), ...after.overrides.keys()]);
  for (const id of [...ids].sort()) differences.push(...occurrenceDifferences(before, after, id));
  return differences;
}

interface State {
  readonly master: NormalComponent | null;
  readonly series: EventComponent | null;
  readonly overrides: ReadonlyMap<string, NormalComponent>;
}

function readState({ master, overrides }: EventDocument): State {
  return {
    master: master && normalComponent(master),
    series: master,
    overrides: new Map(overrides.map((each) => [each.recurrenceId ?? '', normalComponent(each)])),
  };
}

function occurrenceDifferences(before: State, after: State, id: string): EventDifference[] {
  // If the series has moved, its occurrences have other ids: an old override is gone, a new one is an exception of the new series.
  const moved = before.master !== null && after.master !== null && startOf(before) !== startOf(after);
  if (moved && !(before.overrides.has(id) && after.overrides.has(id))) return exceptionAt(after, id);
  const old = before.overrides.get(id) ?? instanceAt(before, id);
  const current = after.overrides.get(id) ?? instanceAt(after, id);
  if (old && current) return componentDifferences(old, current);
  // An excluded occurrence is already in the difference `recurrence`.
  if (before.master && after.master) return [];
  return [{ kind: 'occurrence', recurrenceId: id, change: old ? 'removed' : 'added' }];
}

/**
 * Returns how the overrides differ from the instances of the series, in order. An override that contains only an answer gives no
 * difference.
 */
export function exceptionsOf(document: EventDocument): EventDifference[] {
  const state = readState(document);
  return [...state.overrides.keys()].sort().flatMap((id) => exceptionAt(state, id));
}

function exceptionAt(state: State, id: string): EventDifference[] {
  const [regular, override] = [instanceAt(state, id), state.overrides.get(id)];
  return regular && override ? componentDifferences(regular, override) : [];
}

function startOf({ master }: State): string | null {
  return master?.schedule.start ? occurrenceIdOf(master.schedule.start) : null;
}

/** Returns the instance of the series, null if it is excluded or there is no series. */
function instanceAt({ master, series }: State, id: string): NormalComponent | null {
  if (!series || !master?.schedule.start || master.schedule.excluded.includes(id)) return null;
  const span = occurrenceSpan(series, id);
  return { ...master, recurrenceId: id, schedule: { ...span, rules: [], added: [], excluded: [] } };
}

function recurrenceDifference(before: Schedule, after: Schedule): EventDifference[] {
  const [old, current] = [rulesOf(before), rulesOf(after)];
  if (JSON.stringify(old) === JSON.stringify(current)) return [];
  return [{ kind: 'recurrence', recurrenceId: null, before: old, after: current }];
}

function rulesOf({ rules, added, excluded }: Schedule): RecurrenceRules {
  return { rules, added, excluded };
}

function componentDifferences(before: NormalComponent, after: NormalComponent): EventDifference[] {
  const { recurrenceId } = after;
  const differences: EventDifference[] = [];
  if (spanKey(before.schedule) !== spanKey(after.schedule)) {
    differences.push({ kind: 'time', recurrenceId, before: spanOf(before), after: spanOf(after) });
  }
  if (!sameMap(before.texts, after.texts)) {
    for (const property of new Set([...before.texts.keys(), ...after.texts.keys()])) {
      const [old, current] = [before.texts.get(property) ?? null, after.texts.get(property) ?? null];
      const kind = KINDS[property] ?? 'other';
      if (old !== current) differences.push({ kind, recurrenceId, property, before: old, after: current });
    }
  }
  if (!sameMap(before.guests, after.guests)) {
    const [were, are] = [before.guests, after.guests];
    differences.push({
      kind: 'attendees',
      recurrenceId,
      added: [...are.keys()].filter((key) => !were.has(key)),
      removed: [...were.keys()].filter((key) => !are.has(key)),
      changed: [...are.keys()].filter((key) => were.has(key) && were.get(key) !== are.get(key)),
    });
  }
  return differences;
}

function spanOf({ schedule: { start, end } }: NormalComponent): Span {
  return { start, end };
}

/** Returns a key of the start, the length and, for a series, the zone, because the DST changes of another zone move its times. */
function spanKey(schedule: Schedule): string {
  return JSON.stringify(scheduleKey(schedule).slice(0, 3));
}
