// Retries a record whose copy cannot be read, because a client may be moving the event between calendars, or a share
// may become visible again. In: the job and its copy; out: the plan to retry, or null after a quarter of an hour. Pure.
import { GatewayError } from '../../../core/errors.ts';
import { because } from '../../../core/reasons.ts';
import type { Plan } from '../../queue/plan.ts';
import { entryAbout, type EventKind, type Job } from '../../records/records.ts';
import type { Copy, MissingReason } from '../copy.ts';

/** A quarter of an hour, counted in attempts, because the clock may be set forward. */
const RETRY_MS = 20_000;
const MAX_ATTEMPTS = 45;

/** Returns why there is no event. Throws if the copy was loaded, or was not needed. */
export function missingReason({ stored }: Copy): MissingReason {
  if (stored.kind === 'missing') return stored.reason;
  throw new GatewayError('internal', `the copy is ${stored.kind}, not missing`);
}

/**
 * Returns null if a retry cannot help or the attempts are used up. `isExpected`: the event existed before, so it may be
 * missing only because a client is moving it.
 */
export function retryWhileMissing(
  job: Job<EventKind>,
  copy: Copy,
  { isExpected, at }: { readonly isExpected: boolean; readonly at: number },
): Plan | null {
  const { task, body } = job;
  const reason = missingReason(copy);
  if (reason !== 'not-visible' && !(reason === 'unknown-event' && isExpected)) return null;
  // createdAt includes the time spent waiting for approval.
  const isOld = 'approved' in body && body.approved && at - task.createdAt >= MAX_ATTEMPTS * RETRY_MS;
  if ((isOld && reason === 'unknown-event') || task.attempts >= MAX_ATTEMPTS) return null;
  const why = because(reason, { retriedFor: '15 minutes' });
  const entry = entryAbout(job, { at, verdict: 'retried', ...why });
  return {
    disposition: { kind: 'retry', dueAt: at + RETRY_MS, error: why.detail },
    ledger: task.attempts === 0 ? [entry] : [],
  };
}
