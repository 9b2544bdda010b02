// What an attendee's own copy of an event says now that it did not say before (RFC 6638 §3.2.2): their stored text before
// and after comes in, a PARTSTAT per occurrence goes out. An occurrence they deleted is one they decline; what does not
// take place any more needs no answer.
import { componentFor, componentsOf, type EventDocument, partstatOf } from '../ical/event-document.ts';
import { scheduleOf } from './normal-form.ts';
import type { CalendarAddress, Partstat } from '../ical/types.ts';

/** By recurrenceId, null for the event itself; empty where nothing is to be answered. `forced`: what has not changed too. */
export function answersOf(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
  forced: boolean,
): ReadonlyMap<string | null, Partstat> {
  const answers = new Map<string | null, Partstat>();
  const said = (id: string | null) => (before && partstatOf(before, attendee, id)) ?? 'NEEDS-ACTION';
  for (const component of componentsOf(after)) {
    const partstat = component.partstatOf(attendee);
    if (partstat === null || component.cancelled || after?.master?.cancelled) continue;
    const id = component.recurrenceId ?? (before && after ? lostRecurrenceId(before, after) : null);
    if (id === undefined) return new Map();
    // Who was invited to single occurrences does not answer for the series.
    if (before && isInvited(before, attendee) && partstatOf(before, attendee, id) === null) continue;
    if (forced || partstat !== said(id)) answers.set(id, partstat);
  }
  for (const id of deletedFrom(before, after, attendee)) {
    const wasCancelled = before !== null && componentFor(before, id)?.cancelled === true;
    if (!wasCancelled && said(id) !== 'DECLINED') answers.set(id, 'DECLINED');
  }
  return answers;
}

/**
 * Clients lose the RECURRENCE-ID of an occurrence whose series they never saw: what then looks like the event is the one
 * that is missing. Null: it is the event; undefined: nobody can tell which occurrence it is.
 */
function lostRecurrenceId(before: EventDocument, after: EventDocument): string | null | undefined {
  if (before.master) return null;
  const kept = new Set(after.overrides.map((each) => each.recurrenceId));
  const missing = before.overrides.filter((each) => !kept.has(each.recurrenceId));
  const sameStart = missing.find((each) => each.start?.local === after.master?.start?.local);
  return (sameStart ?? (before.overrides.length === 1 ? missing[0] : undefined))?.recurrenceId;
}

/** The occurrences that they had and no longer have. */
function deletedFrom(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
): (string | null)[] {
  if (!after) {
    if (!before || before.master?.cancelled) return [];
    const mine = componentsOf(before).filter((each) => each.invites(attendee));
    return mine.map((each) => each.recurrenceId);
  }
  const gone = excludedFrom(after).filter((id) => !before || !excludedFrom(before).includes(id));
  const declinable = gone.filter((id) => partstatOf(before ?? after, attendee, id) !== null);
  if (after.master) return declinable;
  const left = new Set(after.overrides.map((each) => each.recurrenceId));
  const had = before?.overrides.filter((each) => each.invites(attendee) && !left.has(each.recurrenceId)) ?? [];
  return had.map((each) => each.recurrenceId);
}

function excludedFrom({ master }: EventDocument): readonly string[] {
  return master ? scheduleOf(master).excluded : [];
}

function isInvited(document: EventDocument, attendee: CalendarAddress): boolean {
  return componentsOf(document).some((each) => each.invites(attendee));
}
