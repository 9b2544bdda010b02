// What becomes of a lane's records when their handler throws. A temporary failure puts them back with back-off, for days;
// what fails for longer, or for another reason, is held for the operator. Nothing is lost.
import { GatewayError } from '../../core/errors.ts';
import { because } from '../../core/reasons.ts';
import { hideSigned } from '../../core/signing/hide-signed.ts';
import type { Changes, LedgerWrite, NewTask, QueueName, Task } from '../ports/spool.ts';
import type { Log } from '../ports/log.ts';
import { describeTask, entryAbout, type Job } from '../records/records.ts';
import { record } from './plan.ts';

export interface FailureOptions {
  readonly queue: QueueName;
  readonly log: Log;
  readonly now: () => number;
  /** First and longest delay of a retry, ms; it doubles in between. */
  readonly backOff: BackOff;
  /** What else follows when a record is held for the operator. */
  readonly afterGivingUp?: (job: Job, now: number) => NewTask[];
}

export interface BackOff {
  readonly first: number;
  readonly longest: number;
}

/** Failures that time does not usually repair are tried this often before a person must look. */
const UNEXPECTED_TRIES = 5;
/**
 * A CalDAV server's refusal often ends when somebody repairs the server: a proxy's maintenance page is a 404, a redirect
 * or HTML. It is tried for longer than the day that a server may be away.
 */
const CALDAV_PATIENCE_MS = 2 * 86_400_000;
/** Temporary failures, such as an outage: over a long weekend, and as long as mail servers try. */
const TEMPORARY_PATIENCE_MS = 5 * 86_400_000;
/**
 * The longest wait for the next try, as a CalDAV server's Retry-After may ask for more. What takes longer, such as a quota
 * or a summary of questions (`ask-owner.ts`), is looked at each hour. A due time further ahead therefore shows that the
 * clock was set back.
 */
export const LONGEST_WAIT_MS = 3_600_000;
/** Begins the reason for which the gateway holds what it could not do. */
export const FAILED = 'failed: ';

export function afterFailure(options: FailureOptions, records: readonly Job[], error: unknown): Changes {
  const { now, backOff, afterGivingUp } = options;
  const temporary = error instanceof GatewayError && error.temporary;
  const text = hideSigned(error instanceof Error ? error.message : String(error));
  const code = error instanceof GatewayError ? error.code : 'internal';
  const at = now();
  const patience = temporary ? TEMPORARY_PATIENCE_MS : code.startsWith('caldav-') ? CALDAV_PATIENCE_MS : 0;
  // Require a minimum number of attempts as well as age: an approved task is old before its first attempt, and a clock may jump.
  const isExhausted = ({ attempts, createdAt }: Task): boolean =>
    attempts + 1 >= UNEXPECTED_TRIES && attempts * backOff.longest >= patience && at - createdAt >= patience;
  const exhausted = records.filter(({ task }) => isExhausted(task));
  const again = records.filter(({ task }) => !isExhausted(task));
  logFailure(options, { exhausted, again, temporary, code, text, error });
  const { waitMs, waitsFor } = retryHint(error);
  return {
    retry: again.map(({ task: { id, attempts } }) => ({
      id,
      dueAt: at + Math.min(Math.max(waitMs, retryDelay(backOff, attempts)), LONGEST_WAIT_MS),
      error: text,
      waitsFor,
    })),
    hold: exhausted.map(({ task: { id } }) => ({ id, reason: `${FAILED}${code}`, key: `operator:${id}` })),
    add: exhausted.flatMap((job) => afterGivingUp?.(job, at) ?? []),
    ledger: [
      ...exhausted.map((job): LedgerWrite => {
        const tries = job.task.attempts + 1;
        return record(entryAbout(job, { at, verdict: 'held', ...because(code, { error: text, tries }) }));
      }),
      ...again
        .filter(({ task }) => task.attempts === 0)
        .map((job): LedgerWrite => {
          const why = because(code, { error: text, tries: null });
          return record(entryAbout(job, { at, verdict: 'retried', ...why }));
        }),
    ],
  };
}

interface Failure {
  readonly exhausted: readonly Job[];
  readonly again: readonly Job[];
  readonly temporary: boolean;
  readonly code: string;
  readonly text: string;
  readonly error: unknown;
}

/** One line per lane and failure, without a stack; later tries of a temporary failure at level debug only. */
function logFailure({ queue, log }: FailureOptions, failure: Failure): void {
  const { exhausted, again, temporary, code, text, error } = failure;
  const facts = { queue, code, error: text };
  if (exhausted.length > 0) log.error({ ...facts, tasks: namesOf(exhausted) }, 'task failed, held for operator');
  const repeated = again.every(({ task: { attempts } }) => attempts > 0);
  const level = temporary ? (repeated ? 'debug' : 'warn') : 'error';
  if (again.length > 0) log[level]({ ...facts, tasks: namesOf(again) }, 'task failed, will retry');
  if (!(error instanceof GatewayError)) log.debug({ queue, err: error }, 'unexpected error');
}

const MOST_NAMED = 10;

/** Such as `01J… (answer of bob@example.com)`. */
function namesOf(records: readonly Job[]): string[] {
  const named = records.slice(0, MOST_NAMED).map(({ task }) => `${task.id} (${describeTask(task).text})`);
  return records.length > MOST_NAMED ? [...named, `and ${records.length - MOST_NAMED} more`] : named;
}

/** How long the server wants to be left alone, and which server is away, where the error says so. */
function retryHint(error: unknown): { waitMs: number; waitsFor: string | null } {
  const { retryAfterMs, backEnd } = (error instanceof GatewayError ? error : {}) as Partial<Record<string, unknown>>;
  return {
    waitMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0,
    waitsFor: typeof backEnd === 'string' ? backEnd : null,
  };
}

/** `first`, then twice as long each time, at most `longest`; all in ms. */
export function retryDelay(backOff: BackOff, attempts: number): number {
  return Math.min(backOff.first * 2 ** Math.min(attempts, 30), backOff.longest);
}
