// Queue `outgoing`: submits composed mails to the relay in order. A temporary failure is retried for five days. A
// permanent refusal is recorded and reported to the owner of the copy.
import { DAY } from '../../core/ical/local-time.ts';
import { GatewayError } from '../../core/errors.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import { because } from '../../core/reasons.ts';
import type { Submission } from '../ports/submission.ts';
import { ended, type LaneHandler, type Plan, planEach } from '../queue/plan.ts';
import type { Job } from '../records/records.ts';

export interface SubmitOptions {
  readonly submission: Submission;
  readonly now: () => number;
}

const MAX_RETRY_MS = 5 * DAY;
/** About a day of attempts, because the clock may be set forward. */
const MIN_ATTEMPTS = 50;

export function submitOutgoing(options: SubmitOptions): LaneHandler<'outgoing'> {
  return planEach((mail) => submit(options, mail));
}

async function submit(options: SubmitOptions, mail: Job<'outgoing'>): Promise<Plan> {
  const { task, body } = mail;
  const { mailFrom, rcptTo, messageId, what } = body;
  if (task.raw === null) throw new GatewayError('internal', `task ${task.id} has no mail`);
  try {
    const verdict = await options.submission.submit({ mailFrom, rcptTo, messageId, raw: task.raw });
    const response = redactSignatures(verdict.response);
    if (verdict.kind === 'accepted') {
      return ended(mail, options.now(), 'mailed', because(what, { response }));
    }
    return recordFailure(options, mail, 'refused-by-relay', withCode(verdict.status, response));
  } catch (error) {
    const isExhausted = options.now() - task.createdAt > MAX_RETRY_MS && task.attempts >= MIN_ATTEMPTS;
    if (!(error instanceof GatewayError) || !isExhausted) throw error;
    return recordFailure(options, mail, 'gave-up', redactSignatures(error.message));
  }
}

/** Prepends the reply code unless the response starts with it, as that of most relays does. */
function withCode(status: number, response: string): string {
  return response.startsWith(String(status)) ? response : `${status} ${response}`;
}

/**
 * A failed mail to another calendar user adds an `undeliverable` record for the owner's copy. A failed mail to the
 * owner cannot be reported by mail; its outcome is logged as an error for the operator.
 */
function recordFailure(
  options: SubmitOptions,
  mail: Job<'outgoing'>,
  reason: 'refused-by-relay' | 'gave-up',
  diagnostic: string,
): Plan {
  const { origin, owner, recipient, uid, method } = mail.body;
  const toOwner = owner !== null && recipient === null;
  const why = because(toOwner ? 'organizer-not-told' : reason, { diagnostic });
  const plan = ended(mail, options.now(), 'not-mailed', why);
  if (owner === null || recipient === null || uid === null || method === null) return plan;
  return { ...plan, add: [{ body: { kind: 'undeliverable', origin, owner, recipient, uid, method, diagnostic } }] };
}
