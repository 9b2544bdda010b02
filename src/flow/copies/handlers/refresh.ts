// A REFRESH (RFC 5546 §3.2.6): the last mail to the attendee is sent again.
import { because } from '../../../core/reasons.ts';
import { done, record } from '../../queue/plan.ts';
import { entryAbout, recordTask } from '../../records/records.ts';
import type { Handler } from './handler.ts';

export const refresh: Handler<'refresh'> = {
  needsCopy: () => false,
  plan(job, { owner, context }, { makeId, now }) {
    const { attendee, origin } = job.body;
    const at = now();
    const last = context.mailings.findLast(({ recipientKey }) => recipientKey === attendee.key);
    if (last === undefined) {
      const why = because('not-invited', { who: attendee.asWritten, neverMailed: true });
      const entry = entryAbout(job, { at, verdict: 'refused', ...why });
      return { disposition: done, ledger: [record(entry)] };
    }
    const { method, calendar } = last;
    const message = {
      kind: 'schedule-message',
      origin,
      from: owner,
      to: attendee,
      method,
      calendar,
      again: true,
    } as const;
    const why = because('refresh', { who: attendee.asWritten });
    return {
      disposition: done,
      add: [recordTask(message, { id: makeId(at), createdAt: at })],
      ledger: [record(entryAbout(job, { at, verdict: 'recorded', ...why }))],
    };
  },
};
