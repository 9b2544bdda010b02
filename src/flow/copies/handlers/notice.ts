// A notice that is due. `process-copy.ts` mails all due notices of the batch together.
import { done } from '../../queue/plan.ts';
import type { Handler } from './handler.ts';

export const notice: Handler<'notice'> = {
  attendees: () => [],
  needsCopy: () => 'for-notice',
  plan: ({ body }) => ({ disposition: done, notices: [body.notice], when: 'now' }),
};
