// A notice that waited for its digest. The worker mails all of one batch together.
import { done } from '../../queue/plan.ts';
import type { Handler } from './handler.ts';

export const notice: Handler<'notice'> = {
  needsCopy: () => false,
  plan: () => ({ disposition: done }),
};
