// Proposals and delegations that the organizer never decided about end when their link expires. Answers of unproven senders
// keep waiting.
import { because } from '../../core/reasons.ts';
import type { Spool } from '../ports/spool.ts';
import { record } from '../queue/plan.ts';
import { entryAboutTask } from '../records/records.ts';
import { LINK_MS } from './decision-link.ts';

const MOST_AT_ONCE = 500;

/** Returns how many ended. */
export async function expireQuestions(spool: Pick<Spool, 'heldBefore' | 'drop'>, now: number): Promise<number> {
  const tasks = await spool.heldBefore(['proposal', 'delegation'], now - LINK_MS, MOST_AT_ONCE);
  if (tasks.length === 0) return 0;
  const facts = { at: now, verdict: 'ignored', ...because('undecided') } as const;
  const expired = await spool.drop(
    tasks.map(({ id }) => id),
    tasks.map((task) => record(entryAboutTask(task, facts))),
  );
  return expired.length;
}
