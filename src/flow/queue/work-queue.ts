// The worker of one queue: claims lanes with due tasks, reads their records, passes each lane's records to the handler and
// commits what it returns. It works several lanes at the same time, so that a slow server or event delays no other, and
// renews each lease while the handler runs. A handler that throws: see `after-failure.ts`.
import type { Batch, Changes, Lease, QueueName, Spool } from '../ports/spool.ts';
import type { Log } from '../ports/log.ts';
import { afterFailure, type FailureOptions, LONGEST_WAIT_MS } from './after-failure.ts';
import type { Outcomes } from './outcomes.ts';
import { changesOf } from './plan.ts';
import { joinChanges, readBatch } from './read-batch.ts';
import type { KindsOf, Job } from '../records/records.ts';

export interface QueueWorkOptions<Q extends QueueName> extends FailureOptions {
  readonly queue: Q;
  readonly spool: Spool;
  /** Works the records of one lane. */
  readonly handle: (records: readonly Job<KindsOf[Q]>[]) => Promise<Changes>;
  readonly outcomes: Outcomes;
  readonly log: Log;
  /** Lanes worked at the same time. */
  readonly lanes: number;
  /** Most tasks of one lane that are handed over together. */
  readonly perLane: number;
}

export interface QueueWork {
  /** Claims no more and waits for the lanes under way, at most `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** The work of a dead process is taken over after this. */
const LEASE_MS = 10_000;
/** Often enough that a busy process keeps its leases. */
const RENEW_MS = 2_500;
const IDLE_CHECK_MS = 30_000;

export function workQueue<Q extends QueueName>(options: QueueWorkOptions<Q>): QueueWork {
  const { queue, spool, log, now } = options;
  const running = new Map<Work, Promise<void>>();
  let stopped = false;
  let claiming = false;
  let again = false;
  let claimed: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    if (stopped) return;
    if (claiming) {
      again = true;
      return;
    }
    claiming = true;
    try {
      do {
        again = false;
        const free = options.lanes - running.size;
        if (free <= 0) break;
        const { perLane } = options;
        const times = { leaseMs: LEASE_MS, longestWaitMs: LONGEST_WAIT_MS, now: now() };
        const claim = spool.claim(queue, { lanes: free, perLane, ...times });
        claimed = claim;
        const batches = (await claim).filter(({ lease }) => !continuesUnder(lease));
        if (stopped) return await giveBack(batches);
        for (const batch of batches) start(batch);
        if (batches.length === free) again = true;
      } while (again && !stopped);
      await sleepUntilDue();
    } catch (error) {
      log.error({ queue, err: error }, 'spool cannot be read, will retry');
      wakeIn(1_000);
    } finally {
      claiming = false;
    }
    // Work was announced while the next due time was read.
    if (again) void look();
  }

  async function sleepUntilDue(): Promise<void> {
    if (running.size >= options.lanes) return;
    const due = await spool.nextDue(queue);
    const waitMs = due === null ? IDLE_CHECK_MS : due - now();
    wakeIn(waitMs > LONGEST_WAIT_MS ? 5 : Math.min(Math.max(waitMs, 5), IDLE_CHECK_MS));
  }

  function wakeIn(delay: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void look(), delay);
  }

  function start(batch: Batch): void {
    const work = { lease: batch.lease, isOver: false };
    const done = workLane(options, batch, work).finally(() => {
      running.delete(work);
      void look();
    });
    running.set(work, done);
  }

  /** After a clock jump our own lease may have ended: the work under way continues under the new one, or its mail would go out twice. */
  function continuesUnder(lease: Lease): boolean {
    const work = [...running.keys()].find((each) => !each.isOver && each.lease.lane === lease.lane);
    if (work !== undefined) work.lease = lease;
    return work !== undefined;
  }

  /** Not worked: a mail sent now could not be recorded any more and would be sent again. */
  async function giveBack(batches: readonly Batch[]): Promise<void> {
    await Promise.all(batches.map(({ lease }) => spool.commit(lease, {})));
  }

  async function drain(): Promise<void> {
    await Promise.allSettled([claimed]);
    await Promise.allSettled(running.values());
  }

  const forget = spool.onWork(queue, () => void look());
  void look();

  return {
    async stop(drainMs) {
      stopped = true;
      clearTimeout(timer);
      forget();
      const patience = new Promise<void>((resolve) => setTimeout(resolve, drainMs).unref());
      await Promise.race([drain(), patience]);
    },
  };
}

/** A lane that is being worked. */
interface Work {
  /** Replaced when the lane is claimed again while it is worked. */
  lease: Lease;
  /** It is being committed: a later claim may return the lane again. */
  isOver: boolean;
}

async function workLane<Q extends QueueName>(options: QueueWorkOptions<Q>, batch: Batch, work: Work): Promise<void> {
  const { queue, spool, outcomes, log, now, handle } = options;
  const renewal = setInterval(() => {
    spool
      .renew(work.lease, LEASE_MS, now())
      .catch((error: unknown) => log.warn({ queue, err: error }, 'lease could not be renewed'));
  }, RENEW_MS);
  try {
    const { records, others } = readBatch(batch, now());
    const worked =
      records.length === 0
        ? {}
        : await handle(records as readonly Job<KindsOf[Q]>[]).catch((error: unknown) =>
            afterFailure(options, records, error),
          );
    const changes = others.length === 0 ? worked : joinChanges(worked, changesOf(others));
    work.isOver = true;
    if (await spool.commit(work.lease, changes)) outcomes.tell(changes.ledger ?? []);
    else log.warn({ queue, tasks: idsOf(batch) }, 'lease lost to another gateway, nothing written');
  } catch (error) {
    // The spool cannot be written. The lease runs out and the tasks come back.
    log.error({ queue, tasks: idsOf(batch), err: error }, 'work could not be recorded, will be repeated');
  } finally {
    clearInterval(renewal);
  }
}

function idsOf({ tasks }: Batch): string[] {
  return tasks.map(({ id }) => id);
}
