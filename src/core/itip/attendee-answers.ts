// Finds the answers that an attendee has given by changing their own copy of an event (RFC 6638 §3.2.2). In: the copy before
// and after the change; out: a PARTSTAT per occurrence. A deleted occurrence is declined. It refuses (omits) an answer for an
// occurrence that is cancelled.
import { componentFor, componentsOf, type EventDocument, partstatOf } from '../ical/event-document.ts';
import { scheduleOf } from './normal-form.ts';
import type { CalendarAddress, Partstat } from '../ical/types.ts';

/**
 * Returns the answers by recurrenceId, null for the event itself. The map is empty if there is no answer to send. With
 * `forced`, it also has the answers that have not changed.
 */
export function answersOf(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
  forced: boolean,
): ReadonlyMap<string | null, Partstat> {
  const answers = new Map<string | null, Partstat>();
  const previousPartstat = (id: string | null) => (before && partstatOf(before, attendee, id)) ?? 'NEEDS-ACTION';
  for (const component of componentsOf(after)) {
    const partstat = component.partstatOf(attendee);
    if (partstat === null || component.cancelled || after?.master?.cancelled) continue;
    const id = component.recurrenceId ?? (before && after ? lostRecurrenceId(before, after) : null);
    if (id === undefined) return new Map();
    // An attendee who was invited to single occurrences does not answer for the series.
    if (before && isInvited(before, attendee) && partstatOf(before, attendee, id) === null) continue;
    if (forced || partstat !== previousPartstat(id)) answers.set(id, partstat);
  }
  for (const id of deletedFrom(before, after, attendee)) {
    const wasCancelled = before !== null && componentFor(before, id)?.cancelled === true;
    if (!wasCancelled && previousPartstat(id) !== 'DECLINED') answers.set(id, 'DECLINED');
  }
  return answers;
}

/**
 * Returns the recurrenceId of a component that has none. Some clients drop the RECURRENCE-ID of an occurrence if they do not
 * have its series; the component is then the occurrence that is missing. Null: it is the event itself. Undefined: unknown.
 */
function lostRecurrenceId(before: EventDocument, after: EventDocument): string | null | undefined {
  if (before.master) return null;
  const kept = new Set(after.overrides.map((each) => each.recurrenceId));
  const missing = before.overrides.filter((each) => !kept.has(each.recurrenceId));
  const sameStart = missing.find((each) => each.start?.local === after.master?.start?.local);
  return (sameStart ?? (before.overrides.length === 1 ? missing[0] : undefined))?.recurrenceId;
}

/** Returns the occurrences that are in `before` and no longer in `after`. */
function deletedFrom(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
): (string | null)[] {
  if (!after) {
    if (!before || before.master?.cancelled) return [];
    const invited = componentsOf(before).filter((each) => each.invites(attendee));
    return invited.map((each) => each.recurrenceId);
  }
  const newlyExcluded = excludedFrom(after).filter((id) => !before || !excludedFrom(before).includes(id));
  const declinable = newlyExcluded.filter((id) => partstatOf(before ?? after, attendee, id) !== null);
  if (after.master) return declinable;
  const remaining = new Set(after.overrides.map((each) => each.recurrenceId));
  const deleted = before?.overrides.filter((each) => each.invites(attendee) && !remaining.has(each.recurrenceId)) ?? [];
  return deleted.map((each) => each.recurrenceId);
}

function excludedFrom({ master }: EventDocument): readonly string[] {
  return master ? scheduleOf(master).excluded : [];
}

function isInvited(document: EventDocument, attendee: CalendarAddress): boolean {
  return componentsOf(document).some((each) => each.invites(attendee));
}
