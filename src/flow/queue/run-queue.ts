// Runs one queue: claims lanes with due tasks, parses their records, passes the jobs of each lane to the handler and
// commits the plans. Several lanes run concurrently, so that a slow server or event delays no other. Leases are renewed
// while the handler runs. If the handler throws, `after-failure.ts` decides what happens to the jobs.
import { within } from '../../core/within.ts';
import type { Batch, Lease, QueueName, Spool } from '../ports/spool.ts';
import type { Log } from '../ports/log.ts';
import type { Job, KindIn } from '../records/records.ts';
import { afterFailure, type FailureOptions, MAX_WAIT_MS } from './after-failure.ts';
import type { Outcomes } from './outcomes.ts';
import { changesOf, type Effects, type LaneHandler, type LanePlan } from './plan.ts';
import { readBatch } from './read-batch.ts';

export interface RunQueueOptions<Q extends QueueName> extends FailureOptions {
  readonly queue: Q;
  readonly spool: Spool;
  /** Processes jobs of one lane. */
  readonly handle: LaneHandler<KindIn<Q>>;
  /** Returns further effects to commit when the handler throws. */
  readonly onFailed?: (jobs: readonly Job[], error: unknown) => Promise<Effects>;
  readonly makeId: (now: number) => string;
  readonly outcomes: Outcomes;
  readonly log: Log;
  /** How many lanes may run at the same time. */
  readonly lanes: number;
  /** How many tasks of one lane a batch may contain. */
  readonly perLane: number;
}

export interface RunningQueue {
  /** Claims no more lanes and waits for the running ones, at most `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** Another process takes over the lanes of a dead process after this time. */
const LEASE_MS = 10_000;
/** Several times per lease, so that a busy process does not lose its leases. */
const RENEW_MS = 2_500;
const IDLE_POLL_MS = 30_000;
/** After a failure of the database. */
const RETRY_POLL_MS = 1_000;

export function runQueue<Q extends QueueName>(options: RunQueueOptions<Q>): RunningQueue {
  const { queue, spool, log, now } = options;
  const running = new Map<Run, Promise<void>>();
  let stopped = false;
  let polling = false;
  let pollAgain = false;
  let lastClaim: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function poll(): Promise<void> {
    if (stopped) return;
    if (polling) {
      pollAgain = true;
      return;
    }
    polling = true;
    try {
      do {
        pollAgain = false;
        const free = options.lanes - running.size;
        if (free <= 0) break;
        const { perLane } = options;
        const times = { leaseMs: LEASE_MS, longestWaitMs: MAX_WAIT_MS, now: now() };
        const claim = spool.claim(queue, { lanes: free, perLane, ...times });
        lastClaim = claim;
        const batches = (await claim).filter(({ lease }) => !renewRun(lease));
        if (stopped) return await release(batches);
        for (const batch of batches) start(batch);
        if (batches.length === free) pollAgain = true;
      } while (pollAgain && !stopped);
      await pollWhenDue();
    } catch (error) {
      log.error({ queue, err: error }, 'spool cannot be read, will retry');
      pollIn(RETRY_POLL_MS);
    } finally {
      polling = false;
    }
    // Tasks became due while the next due time was read.
    if (pollAgain) void poll();
  }

  async function pollWhenDue(): Promise<void> {
    if (running.size >= options.lanes) return;
    const due = await spool.nextDue(queue);
    const waitMs = due === null ? IDLE_POLL_MS : due - now();
    pollIn(waitMs > MAX_WAIT_MS ? 5 : Math.min(Math.max(waitMs, 5), IDLE_POLL_MS));
  }

  function pollIn(delayMs: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void poll(), delayMs);
  }

  function start(batch: Batch): void {
    const run = { lease: batch.lease, isCommitting: false };
    const done = runLane(options, batch, run).finally(() => {
      running.delete(run);
      void poll();
    });
    running.set(run, done);
  }

  /**
   * Gives a new lease to the run of its lane and returns whether there is such a run: after a clock jump this process
   * may claim a lane that it is still running. A second run would send the same mail again.
   */
  function renewRun(lease: Lease): boolean {
    const run = [...running.keys()].find((each) => !each.isCommitting && each.lease.lane === lease.lane);
    if (run !== undefined) run.lease = lease;
    return run !== undefined;
  }

  /** Frees lanes without processing them: a mail sent after the stop could not be recorded and would be sent again. */
  async function release(batches: readonly Batch[]): Promise<void> {
    await Promise.all(batches.map(({ lease }) => spool.commit(lease, {})));
  }

  async function drain(): Promise<void> {
    await Promise.allSettled([lastClaim]);
    await Promise.allSettled(running.values());
  }

  const unsubscribe = spool.onWork(queue, () => void poll());
  void poll();

  return {
    async stop(drainMs) {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
      await within(AbortSignal.timeout(drainMs), drain(), () => undefined);
    },
  };
}

/** The run of one lane. */
interface Run {
  /** Replaced when this process claims the lane again. */
  lease: Lease;
  /** Set before the commit. A later claim of the lane contains new tasks, which this run has not processed. */
  isCommitting: boolean;
}

async function runLane<Q extends QueueName>(options: RunQueueOptions<Q>, batch: Batch, run: Run): Promise<void> {
  const { queue, spool, outcomes, log, now, handle } = options;
  const renewal = setInterval(() => {
    spool
      .renew(run.lease, LEASE_MS, now())
      .catch((error: unknown) => log.warn({ queue, err: error }, 'lease could not be renewed'));
  }, RENEW_MS);
  try {
    const { jobs, others } = readBatch(batch, now());
    const { planned, more = {} }: LanePlan =
      jobs.length === 0
        ? { planned: [] }
        : await handle(jobs as readonly Job<KindIn<Q>>[]).catch(async (error: unknown) => ({
            planned: afterFailure(options, jobs, error),
            more: (await options.onFailed?.(jobs, error)) ?? {},
          }));
    const changes = changesOf({ planned: [...planned, ...others], more }, options);
    run.isCommitting = true;
    if (await spool.commit(run.lease, changes)) outcomes.publish(changes.ledger ?? []);
    else log.warn({ queue, tasks: idsOf(batch) }, 'lease lost to another gateway, nothing written');
  } catch (error) {
    // The tasks become due again when the lease expires.
    log.error({ queue, tasks: idsOf(batch), err: error }, 'result could not be recorded, tasks will be repeated');
  } finally {
    clearInterval(renewal);
  }
}

function idsOf({ tasks }: Batch): string[] {
  return tasks.map(({ id }) => id);
}
