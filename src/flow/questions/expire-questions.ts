// Proposals and delegates that the organizer never decided about. Leaving them is an answer too: they end when their link
// does, instead of waiting for ever. Answers from unproven senders are no part of this: those wait.
import type { Spool } from '../ports/spool.ts';
import { originOf, subjectOf } from '../records/task-subject.ts';
import { LINK_MS } from './decision-link.ts';
import { entryAbout } from '../records/records.ts';

const MOST_AT_ONCE = 500;

type HeldTasks = Pick<Spool, 'heldBefore' | 'drop'>;

/** How many ended. */
export async function endUnanswered(spool: HeldTasks, now: number): Promise<number> {
  const tasks = await spool.heldBefore(['proposal', 'delegation'], now - LINK_MS, MOST_AT_ONCE);
  if (tasks.length === 0) return 0;
  const facts = { at: now, verdict: 'ignored', reason: 'undecided', detail: 'The organizer let it be.' } as const;
  const ended = await spool.drop(
    tasks.map(({ id }) => id),
    tasks.map((task) => ({
      kind: 'entry',
      entry: entryAbout(originOf(task), task.id, { ...facts, ...subjectOf(task) }),
    })),
  );
  return ended.length;
}
