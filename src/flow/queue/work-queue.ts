// Works one queue: claims lanes with due tasks, hands each lane to the handler, commits what it answers. Several lanes
// at once, so that a slow server or event holds nobody else; a lane's lease is renewed while its handler runs.
// A temporary failure puts the lane's tasks back with back-off, for days; what fails for longer, or otherwise, is kept (held)
// for the operator, never lost.
import { GatewayError } from '../../core/errors.ts';
import { within } from '../../core/within.ts';
import type { Log } from '../ports/log.ts';
import { hideSigned } from '../../core/signing/hide-signed.ts';
import type { Batch, Changes, Lease, LedgerWrite, NewTask, QueueName, Spool, Task } from '../ports/spool.ts';
import { originOf, subjectOf } from '../records/task-subject.ts';
import { entryAbout } from '../records/records.ts';
import type { Outcomes } from './outcomes.ts';

export interface QueueWorkOptions {
  readonly queue: QueueName;
  readonly spool: Spool;
  readonly handle: (batch: Batch) => Promise<Changes>;
  readonly outcomes: Outcomes;
  readonly log: Log;
  readonly now: () => number;
  /** Lanes worked at the same time. */
  readonly lanes: number;
  readonly perLane: number;
  /** First and longest delay of a retry, ms; it doubles in between. */
  readonly backOff: { readonly first: number; readonly longest: number };
  /** What else is to be done about a task that is given up. */
  readonly afterGivingUp?: (task: Task, now: number) => NewTask[];
}

export interface QueueWork {
  /** Claims no more and waits for what is under way, at most `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** Work of a dead process is taken over after this; renewed often enough that a busy one keeps its own. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_500;
/** Tasks that fail for reasons that time should not heal are tried this often before a person must look. */
const UNEXPECTED_TRIES = 5;
/**
 * What a CalDAV server says is another's fault, and passes when it is mended: a proxy's maintenance page is a 404, a
 * redirect or HTML. So those are tried for longer than the day that a server may be away.
 */
const CALDAV_PATIENCE_MS = 2 * 86_400_000;
/** What is said to pass, as an outage does: over a long weekend, and as long as mail servers try. */
const TEMPORARY_PATIENCE_MS = 5 * 86_400_000;
/**
 * Nothing waits longer for its next try: a CalDAV server's Retry-After. What takes longer, as a quota or a mail about many
 * questions (`tell-held.ts`), is looked at each hour.
 * So a due time that lies further ahead shows that the clock has been set back.
 */
const LONGEST_WAIT_MS = 3_600_000;
const IDLE_CHECK_MS = 30_000;
/** Begins the reason for which the gateway holds what it could not do. */
export const FAILED = 'failed: ';

export function workQueue(options: QueueWorkOptions): QueueWork {
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
        const batches = (await claim).filter(({ lease }) => !goesOn(lease));
        if (stopped) return await giveBack(batches);
        for (const batch of batches) start(batch);
        if (batches.length === free) again = true;
      } while (again && !stopped);
      await sleepUntilDue();
    } catch (error) {
      log.error({ queue, err: error }, 'the spool cannot be read; trying again');
      wakeIn(1_000);
    } finally {
      claiming = false;
    }
    // Work that was announced while the queue was asked for its next due time.
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

  /** A clock that jumps ends our own leases: what is under way goes on under the new one, or its mail would go out twice. */
  function goesOn(lease: Lease): boolean {
    const work = [...running.keys()].find((each) => !each.isOver && each.lease.lane === lease.lane);
    if (work !== undefined) work.lease = lease;
    return work !== undefined;
  }

  /** Unworked: a mail that went out now could not be recorded any more, and would go out again. */
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
      await within(AbortSignal.timeout(drainMs), drain(), () => undefined);
    },
  };
}

/** A lane that is being worked, under the lease that counts. */
interface Work {
  lease: Lease;
  /** It is being committed: a claim from now on may bring the lane anew. */
  isOver: boolean;
}

async function workLane(options: QueueWorkOptions, batch: Batch, work: Work): Promise<void> {
  const { spool, outcomes, log, now } = options;
  const renewal = setInterval(() => {
    spool
      .renew(work.lease, LEASE_MS, now())
      .catch((error: unknown) => log.warn({ err: error, queue: options.queue }, 'a lease could not be renewed'));
  }, RENEW_MS);
  try {
    const changes = await options.handle(batch).catch((error: unknown) => afterFailure(options, batch, error));
    work.isOver = true;
    if (await spool.commit(work.lease, changes)) outcomes.tell(changes.ledger ?? []);
    else
      log.warn(
        { queue: options.queue, tasks: batch.tasks.length },
        'another gateway took this work over; nothing was written',
      );
  } catch (error) {
    // The lease runs out and the tasks come back: the spool could not be written, so nothing else can be done.
    log.error({ queue: options.queue, err: error }, 'what was done could not be recorded; it will be done again');
  } finally {
    clearInterval(renewal);
  }
}

function afterFailure(options: QueueWorkOptions, batch: Batch, error: unknown): Changes {
  const temporary = error instanceof GatewayError && error.temporary;
  const text = hideSigned(error instanceof Error ? error.message : String(error));
  const code = error instanceof GatewayError ? error.code : 'internal';
  const at = options.now();
  const patience = temporary ? TEMPORARY_PATIENCE_MS : code.startsWith('caldav-') ? CALDAV_PATIENCE_MS : 0;
  // By its tries, too: what waited for a person's word is old before it is first tried, and a clock may jump.
  const hopeless = ({ attempts, createdAt }: Task): boolean =>
    attempts + 1 >= UNEXPECTED_TRIES && attempts * options.backOff.longest >= patience && at - createdAt >= patience;
  const hold = batch.tasks.filter(hopeless);
  const said = { queue: options.queue, tasks: batch.tasks.length, err: error };
  if (hold.length > 0)
    options.log.error({ ...said, held: hold.map(({ id }) => id) }, 'given up: it waits for the operator');
  // Once: a server that is away for a day would fill the log.
  else if (temporary && batch.tasks.every(({ attempts }) => attempts > 0)) options.log.debug(said, 'not done yet');
  else options.log[temporary ? 'warn' : 'error'](said, 'not done yet');
  const { waitMs, waitsFor } = wishOf(error);
  const ledger: LedgerWrite[] = batch.tasks
    .filter((task) => hopeless(task) || task.attempts === 0)
    .map((task) => ({
      kind: 'entry',
      entry: entryAbout(originOf(task), task.id, {
        ...subjectOf(task),
        at,
        verdict: hopeless(task) ? 'held' : 'retried',
        reason: code,
        detail: hopeless(task)
          ? `It failed ${task.attempts + 1} times and waits for the operator: ${text}`
          : `It will be tried again: ${text}`,
      }),
    }));
  return {
    retry: batch.tasks
      .filter((task) => !hopeless(task))
      .map((task) => ({
        id: task.id,
        dueAt: at + Math.min(Math.max(waitMs, retryDelay(options.backOff, task.attempts)), LONGEST_WAIT_MS),
        error: text,
        waitsFor,
      })),
    hold: hold.map(({ id }) => ({ id, reason: `${FAILED}${code}`, key: `operator:${id}` })),
    add: hold.flatMap((task) => options.afterGivingUp?.(task, at) ?? []),
    ledger,
  };
}

/** How long whoever failed wants to be left alone, and who is away, where the error says so. */
function wishOf(error: unknown): { waitMs: number; waitsFor: string | null } {
  const { retryAfterMs, backEnd } = (error instanceof GatewayError ? error : {}) as Partial<Record<string, unknown>>;
  return {
    waitMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0,
    waitsFor: typeof backEnd === 'string' ? backEnd : null,
  };
}

/** `first`, then twice as long each time, at most `longest`; all in ms. */
export function retryDelay(backOff: { readonly first: number; readonly longest: number }, attempts: number): number {
  return Math.min(backOff.first * 2 ** Math.min(attempts, 30), backOff.longest);
}
