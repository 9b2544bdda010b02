// Ends proposals and delegations that are older than the period for which a decision link is valid. Held answers do not
// expire.
import { because } from '../../core/reasons.ts';
import type { Spool } from '../ports/spool.ts';
import { entryAboutTask } from '../records/records.ts';
import { DECISION_LINK_MS } from './decision-link.ts';

const BATCH_SIZE = 500;

/** Ends up to 500 expired tasks; returns how many. */
export async function expireQuestions(spool: Pick<Spool, 'heldBefore' | 'drop'>, now: number): Promise<number> {
  const tasks = await spool.heldBefore(['proposal', 'delegation'], now - DECISION_LINK_MS, BATCH_SIZE);
  if (tasks.length === 0) return 0;
  const facts = { at: now, verdict: 'ignored', ...because('undecided') } as const;
  const expired = await spool.drop(
    tasks.map(({ id }) => id),
    tasks.map((task) => entryAboutTask(task, facts)),
  );
  return expired.length;
}
