// A re-read of the copy: answers that another client has overwritten are applied again, at most five times in a row.
import { because } from '../../../core/reasons.ts';
import { done } from '../../queue/plan.ts';
import { entryAbout } from '../../records/records.ts';
import { restoreOverwritten } from '../restore-overwritten.ts';
import type { Handler } from './handler.ts';

const MAX_ROUNDS = 5;

export const verify: Handler<'verify'> = {
  attendees: () => 'all',
  needsCopy: () => 'required',
  async plan(job, copy, { expand, now }) {
    const { document: loaded, context, owner, uid } = copy;
    if (loaded === null) return { disposition: done };
    const at = now();
    const { document, restored } = await restoreOverwritten(loaded, context, { organizer: owner, uid }, expand, at);
    if (restored.length === 0) return { disposition: done };
    const round = Math.max(...copy.jobsOf('verify').map(({ body }) => body.round));
    const isLast = round + 1 >= MAX_ROUNDS;
    const why = because('overwritten', { round: round + 1, last: isLast });
    return {
      disposition: done,
      document,
      ledger: restored.map(({ attendeeKey, recurrenceId }) =>
        entryAbout(job, {
          at,
          verdict: 'applied',
          ...why,
          recurrenceId,
          attendee: attendeeKey,
        }),
      ),
      reread: isLast ? 'never' : { round: round + 1 },
    };
  },
};
