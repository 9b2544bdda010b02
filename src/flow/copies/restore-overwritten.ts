// Restores answers that another client has overwritten with a stale copy (row "overwritten" of the decision table);
// If-Match is not atomic on every server. An applied answer that is NEEDS-ACTION again is applied again if the time of
// the occurrence is unchanged and its SEQUENCE is not above that of the answer, or that of the event when the answer
// was applied, whichever is higher.
import { occurrenceSchedule } from '../../core/itip/fingerprint.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { applyDecision } from '../../core/itip/apply.ts';
import { type EventDocument, sequenceOf, partstatOf } from '../../core/ical/event-document.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { AppliedAnswer } from '../../core/itip/types.ts';
import type { CopyContext } from '../ports/spool.ts';
import type { Expand } from '../ports/recurrence.ts';
import { Histories, judgeAnswer } from './judge-answer.ts';

export async function restoreOverwritten(
  document: EventDocument,
  context: CopyContext,
  which: { readonly organizer: CalendarAddress; readonly uid: string },
  expand: Expand,
  now: number,
): Promise<{ document: EventDocument; restored: readonly AppliedAnswer[] }> {
  const restored: AppliedAnswer[] = [];
  let current = document;
  for (const known of context.applied) {
    const attendee = calendarAddress(known.attendeeKey);
    if (attendee === null || !wasOverwritten(current, attendee, known)) continue;
    const histories = new Histories(context);
    histories.remove(known);
    const { partstat, sequence, sentAt, recurrenceId } = known;
    const answer = {
      component: 'VEVENT',
      occurrence: { uid: which.uid, recurrenceId },
      range: null,
      start: null,
      attendee,
      organizer: which.organizer,
      partstat,
      comment: null,
      delegatedTo: [],
      revision: { sequence, sentAt },
      door: 'web',
    } as const;
    const decision = await judgeAnswer(current, answer, histories, expand, now);
    if (decision.verdict !== 'apply') continue;
    current = applyDecision(current, decision);
    restored.push(known);
  }
  return { document: current, restored };
}

function wasOverwritten(document: EventDocument, attendee: CalendarAddress, known: AppliedAnswer): boolean {
  if (known.partstat === 'NEEDS-ACTION') return false;
  if (partstatOf(document, attendee, known.recurrenceId) !== 'NEEDS-ACTION') return false;
  // A client that moves the event at the same SEQUENCE is right to reset the answers, which were given for another
  // time.
  if (known.schedule === null || known.schedule !== occurrenceSchedule(document, known.recurrenceId)) return false;
  if (known.sequence === null) return true;
  return Math.max(known.sequence, known.eventSequence ?? 0) >= sequenceOf(document, known.recurrenceId);
}
