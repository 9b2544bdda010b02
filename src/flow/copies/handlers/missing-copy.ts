// What becomes of a record whose copy cannot be read: it is tried again for a while, because a client may be moving the event
// between calendars, or a share may come back. Pure.
import { because } from '../../../core/reasons.ts';
import { type Plan, record } from '../../queue/plan.ts';
import { entryAbout, type EventKind, type Job } from '../../records/records.ts';
import type { Copy } from '../copy.ts';

/** A quarter of an hour, counted in tries, because a clock may be set forward. */
const RETRY_MS = 20_000;
const MAX_TRIES = 45;

export type MissingReason = 'unknown-event' | 'not-visible' | 'ambiguous-event' | 'event-unusable';

/** Why there is no copy to read or edit. */
export function missingReason({ stored }: Copy): MissingReason {
  if (stored.kind === 'none') return 'unknown-event';
  if (stored.kind === 'not-visible') return 'not-visible';
  return stored.kind === 'ambiguous' ? 'ambiguous-event' : 'event-unusable';
}

/**
 * Returns the plan that tries the record again; null if there is nothing to wait for, or it has been tried long enough.
 * `isExpected`: the event has been seen or mailed, so it may only be on its way to another calendar.
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
  const wasTried = 'approved' in body && body.approved && at - task.createdAt >= MAX_TRIES * RETRY_MS;
  if ((wasTried && reason === 'unknown-event') || task.attempts >= MAX_TRIES) return null;
  const why = because(reason, { retriedFor: '15 minutes' });
  const entry = entryAbout(job, { at, verdict: 'retried', ...why });
  return {
    disposition: { kind: 'retry', dueAt: at + RETRY_MS, error: why.detail },
    ledger: task.attempts === 0 ? [record(entry)] : [],
  };
}
