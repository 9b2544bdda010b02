// A notice that has waited for its digest. `process-copy.ts` mails all notices of the batch together.
import { done } from '../../queue/plan.ts';
import type { Handler } from './handler.ts';

export const notice: Handler<'notice'> = {
  attendees: () => [],
  needsCopy: () => 'for-notice',
  plan: ({ body }) => ({ disposition: done, notices: [body.notice], when: 'now' }),
};
