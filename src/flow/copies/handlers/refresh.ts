// In: a REFRESH (RFC 5546 §3.2.6); out: a message to the attendee with the event as it is stored now, or its
// cancellation. It refuses if the event does not exist or does not list the attendee, unless their last mail was a
// CANCEL.
import { componentsOf, type EventDocument } from '../../../core/ical/event-document.ts';
import type { CalendarAddress } from '../../../core/ical/types.ts';
import { cancelFor, requestFor } from '../../../core/itip/schedule-message.ts';
import { because } from '../../../core/reasons.ts';
import type { Mailing } from '../../ports/spool.ts';
import { ended } from '../../queue/plan.ts';
import type { ScheduleMessageRecord } from '../../records/schedule-message.ts';
import type { Handler } from './handler.ts';
import { missingReason, retryWhileMissing } from './missing-copy.ts';

type Message = Pick<ScheduleMessageRecord, 'method' | 'calendar'>;

export const refresh: Handler<'refresh'> = {
  attendees: ({ attendee }) => [attendee.key],
  needsCopy: () => 'required',
  plan(job, copy, { now }) {
    const { attendee, origin } = job.body;
    const { document, context, owner } = copy;
    const at = now();
    const last = context.mailings.findLast(({ recipientKey }) => recipientKey === attendee.key) ?? null;
    const message = (document === null ? null : currentMessage(document, attendee, at)) ?? cancellation(last);
    if (message === null) {
      const retry = document === null ? retryWhileMissing(job, copy, { isExpected: last !== null, at }) : null;
      if (retry !== null) return retry;
      const why =
        document === null ? because(missingReason(copy), {}) : because('not-invited', { who: attendee.asWritten });
      return ended(job, at, 'refused', why);
    }
    return {
      ...ended(job, at, 'recorded', because('refresh', { who: attendee.asWritten })),
      add: [{ body: { kind: 'schedule-message', origin, from: owner, to: attendee, ...message, again: true } }],
    };
  },
};

/** Returns the REQUEST or CANCEL for that attendee from the stored event; null: it does not list the attendee. */
function currentMessage(document: EventDocument, attendee: CalendarAddress, at: number): Message | null {
  const own = componentsOf(document).filter((component) => component.invites(attendee));
  if (own.length === 0) return null;
  const stamp = { now: at, sequence: 0 };
  if (document.master?.cancelled || own.every(({ cancelled }) => cancelled)) {
    const ids = own.map(({ recurrenceId }) => recurrenceId);
    const calendar = cancelFor(document, [attendee], ids, { ...stamp, cancelled: true });
    return { method: 'CANCEL', calendar };
  }
  return { method: 'REQUEST', calendar: requestFor(document, attendee, stamp) };
}

/**
 * Returns the last mail to the attendee, to send it again, if it is a CANCEL whose calendar is still stored; else null.
 */
function cancellation(last: Mailing | null): Message | null {
  return last?.method === 'CANCEL' && last.calendar !== '' ? { method: 'CANCEL', calendar: last.calendar } : null;
}
