// A re-read of the copy: answers that a stale copy has overwritten are applied again, at most a few times in a row.
import { because } from '../../../core/reasons.ts';
import { done, record } from '../../queue/plan.ts';
import { entryAbout } from '../../records/records.ts';
import { putBack } from '../put-back.ts';
import type { Handler } from './handler.ts';

const MOST_ROUNDS = 5;

export const verify: Handler<'verify'> = {
  needsCopy: () => true,
  async plan(job, copy, { expand, now }) {
    const { document: loaded, context, owner, uid } = copy;
    if (loaded === null) return { disposition: done };
    const at = now();
    const { document, restored } = await putBack(loaded, context, { organizer: owner, uid }, expand, at);
    if (restored.length === 0) return { disposition: done };
    const round = Math.max(...copy.jobsOf('verify').map(({ body }) => body.round));
    const isLast = round + 1 >= MOST_ROUNDS;
    const why = because('overwritten', { round: round + 1, last: isLast });
    return {
      disposition: done,
      document,
      ledger: restored.map(({ attendeeKey, recurrenceId }) =>
        record(
          entryAbout(job, {
            at,
            verdict: 'applied',
            ...why,
            recurrenceId,
            attendee: attendeeKey,
          }),
        ),
      ),
      reread: isLast ? 'never' : { round: round + 1 },
    };
  },
};
