// In: the jobs of a lane and the error that their handler threw; out: the plans for them. A job is put back with
// back-off: for five days after a temporary failure, for two days after a permanent failure of the CalDAV server, and
// for a few attempts after any other failure. Then it is held for the operator.
import { DAY, HOUR } from '../../core/ical/local-time.ts';
import { GatewayError } from '../../core/errors.ts';
import { because } from '../../core/reasons.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import type { QueueName, Task } from '../ports/spool.ts';
import type { Log } from '../ports/log.ts';
import { describeTask, entryAbout, type Job, type NewRecord } from '../records/records.ts';
import type { Plan, PlannedTask } from './plan.ts';

export interface FailureOptions {
  readonly queue: QueueName;
  readonly log: Log;
  readonly now: () => number;
  readonly backOff: BackOff;
  /** Returns further records to add when a job is held for the operator. */
  readonly onHeld?: (job: Job) => NewRecord[];
}

/** The delay before a retry, in ms: `first`, then doubled each time up to `longest`. */
export interface BackOff {
  readonly first: number;
  readonly longest: number;
}

/** The minimum number of attempts before a job is held for the operator. */
const MIN_ATTEMPTS = 5;
/**
 * A CalDAV server often refuses only until it is repaired: a proxy's maintenance page is a 404, a redirect or HTML. An
 * outage of a day must not use up the retries.
 */
const CALDAV_RETRY_MS = 2 * DAY;
/** For temporary failures, such as outages: longer than a long weekend, and as long as mail servers retry. */
const TEMPORARY_RETRY_MS = 5 * DAY;
/**
 * The longest delay before a retry, even if Retry-After of a CalDAV server is longer. Longer waits, such as for a quota
 * or a summary of questions (`ask-owner.ts`), are checked every hour. So a due time further ahead means that the clock
 * was set back.
 */
export const MAX_WAIT_MS = HOUR;
/** Prefix of the reason for which a job that failed too often is held. */
export const FAILED_PREFIX = 'failed: ';

export function afterFailure(options: FailureOptions, jobs: readonly Job[], error: unknown): PlannedTask[] {
  const { now, backOff, onHeld } = options;
  const temporary = error instanceof GatewayError && error.temporary;
  const text = redactSignatures(error instanceof Error ? error.message : String(error));
  const code = error instanceof GatewayError ? error.code : 'internal';
  const at = now();
  const retryMs = temporary ? TEMPORARY_RETRY_MS : code.startsWith('caldav-') ? CALDAV_RETRY_MS : 0;
  // Require a minimum number of attempts as well as age: an approved task is old before its first attempt, and a clock
  // may jump.
  const isExhausted = ({ attempts, createdAt }: Task): boolean =>
    attempts + 1 >= MIN_ATTEMPTS && attempts * backOff.longest >= retryMs && at - createdAt >= retryMs;
  const exhausted = jobs.filter(({ task }) => isExhausted(task));
  const retried = jobs.filter(({ task }) => !isExhausted(task));
  logFailure(options, { exhausted, retried, temporary, code, text, error });
  const { retryAfterMs, backEnd } = error instanceof GatewayError ? error : { retryAfterMs: null, backEnd: null };
  const hold = (job: Job): Plan => {
    const { id, attempts } = job.task;
    const why = because(code, { error: text, tries: attempts + 1 });
    return {
      disposition: { kind: 'hold', reason: `${FAILED_PREFIX}${code}`, key: `operator:${id}` },
      add: onHeld?.(job) ?? [],
      ledger: [entryAbout(job, { at, verdict: 'held', ...why })],
    };
  };
  const retry = (job: Job): Plan => {
    const { attempts } = job.task;
    const dueAt = at + Math.min(Math.max(retryAfterMs ?? 0, retryDelay(backOff, attempts)), MAX_WAIT_MS);
    const why = because(code, { error: text, tries: null });
    return {
      disposition: { kind: 'retry', dueAt, error: text, waitsFor: backEnd },
      ledger: attempts === 0 ? [entryAbout(job, { at, verdict: 'retried', ...why })] : [],
    };
  };
  return jobs.map((job) => ({ id: job.task.id, plan: isExhausted(job.task) ? hold(job) : retry(job) }));
}

interface Failure {
  readonly exhausted: readonly Job[];
  readonly retried: readonly Job[];
  readonly temporary: boolean;
  readonly code: string;
  readonly text: string;
  readonly error: unknown;
}

/** Logs one line per failure, without a stack. Repeated temporary failures are logged at level debug. */
function logFailure({ queue, log }: FailureOptions, failure: Failure): void {
  const { exhausted, retried, temporary, code, text, error } = failure;
  const facts = { queue, code, error: text };
  if (exhausted.length > 0) log.error({ ...facts, tasks: namesOf(exhausted) }, 'task failed, held for operator');
  const repeated = retried.every(({ task: { attempts } }) => attempts > 0);
  const level = temporary ? (repeated ? 'debug' : 'warn') : 'error';
  if (retried.length > 0) log[level]({ ...facts, tasks: namesOf(retried) }, 'task failed, will retry');
  if (!(error instanceof GatewayError)) log.debug({ queue, err: error }, 'unexpected error');
}

const MAX_NAMED = 10;

/** For example `01J… (answer of bob@example.com)`. */
function namesOf(jobs: readonly Job[]): string[] {
  const named = jobs.slice(0, MAX_NAMED).map(({ task }) => `${task.id} (${describeTask(task).text})`);
  return jobs.length > MAX_NAMED ? [...named, `and ${jobs.length - MAX_NAMED} more`] : named;
}

function retryDelay(backOff: BackOff, attempts: number): number {
  return Math.min(backOff.first * 2 ** Math.min(attempts, 30), backOff.longest);
}
