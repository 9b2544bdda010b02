// A task in; out: what its body says it is about, so that the ledger and the operator can name work that waits. Pure.
import type { CalendarAddress, OccurrenceKey } from '../../core/ical/types.ts';
import type { Task } from '../ports/spool.ts';
import type { Origin } from './records.ts';

type WithBody = Pick<Task, 'id' | 'body'>;

export function originOf(task: WithBody): Origin {
  const body: { origin?: Origin; peer?: { door?: string } } = JSON.parse(task.body);
  return body.origin ?? { recordId: task.id, door: body.peer?.door ?? 'unknown', messageId: null };
}

/** Whom and what the task is about, as far as its body says: so that `why` finds work that waits, too. */
export function subjectOf(task: WithBody): { organizer: string | null; uid: string | null; attendee: string | null } {
  interface Subject {
    organizer?: CalendarAddress | null;
    attendee?: CalendarAddress | null;
    uid?: string | null;
    occurrence?: OccurrenceKey;
  }
  const body: Subject & { answer?: Subject; sender?: CalendarAddress; recipient?: CalendarAddress } = JSON.parse(
    task.body,
  );
  const about = body.answer ?? body;
  return {
    organizer: (about.organizer ?? body.sender)?.key ?? null,
    uid: about.occurrence?.uid ?? body.uid ?? null,
    attendee: (about.attendee ?? body.recipient)?.key ?? null,
  };
}
