// A REFRESH (RFC 5546 §3.2.6): the attendee is mailed the event as it is stored now, or its cancellation.
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

/** What the stored event says to that attendee; null: it does not list the attendee. */
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

/** The attendee was told that the event is off, or that they are no longer invited; that is said again. */
function cancellation(last: Mailing | null): Message | null {
  return last?.method === 'CANCEL' && last.calendar !== '' ? { method: 'CANCEL', calendar: last.calendar } : null;
}
