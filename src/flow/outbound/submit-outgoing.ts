// Queue `outgoing`: composed mails to the relay, first in, first out. A temporary failure puts the mail back, for five days;
// what the relay refuses for good is told to the owner.
import { GatewayError } from '../../core/errors.ts';
import { redactSignatures } from '../../core/signing/redact-signatures.ts';
import { because } from '../../core/reasons.ts';
import type { Changes } from '../ports/spool.ts';
import type { Submission } from '../ports/submission.ts';
import { changesOf, done, type Plan, type PlannedTask, record } from '../queue/plan.ts';
import { entryAbout, recordTask, type Job } from '../records/records.ts';

export interface SubmitOptions {
  readonly submission: Submission;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

const GIVE_UP_MS = 5 * 86_400_000;
/** About a day of them, so that a clock that is set forward gives up nothing. */
const LEAST_TRIES = 50;

export function submitOutgoing(options: SubmitOptions): (mails: readonly Job<'outgoing'>[]) => Promise<Changes> {
  return async (mails) => {
    const planned: PlannedTask[] = [];
    for (const mail of mails) planned.push({ id: mail.task.id, plan: await submit(options, mail) });
    return changesOf(planned);
  };
}

async function submit(options: SubmitOptions, mail: Job<'outgoing'>): Promise<Plan> {
  const { task, body } = mail;
  const { mailFrom, rcptTo, messageId, what } = body;
  if (task.raw === null) throw new GatewayError('internal', `task ${task.id} has no mail`);
  try {
    const verdict = await options.submission.submit({ mailFrom, rcptTo, messageId, raw: task.raw });
    const response = redactSignatures(verdict.response);
    if (verdict.kind === 'accepted') {
      const entry = entryAbout(mail, { at: options.now(), verdict: 'mailed', ...because(what, { response }) });
      return { disposition: done, ledger: [record(entry)] };
    }
    return giveUp(options, mail, 'refused-by-relay', withCode(verdict.status, response));
  } catch (error) {
    const tooOld = options.now() - task.createdAt > GIVE_UP_MS && task.attempts >= LEAST_TRIES;
    if (!(error instanceof GatewayError) || !tooOld) throw error;
    return giveUp(options, mail, 'gave-up', redactSignatures(error.message));
  }
}

/** Most relays begin their response with the code. */
function withCode(status: number, response: string): string {
  return response.startsWith(String(status)) ? response : `${status} ${response}`;
}

/**
 * A mail to another calendar user that will not arrive becomes work for the owner's copy. A mail to the owner cannot be
 * reported to the owner by mail again: the operator sees it.
 */
function giveUp(
  options: SubmitOptions,
  mail: Job<'outgoing'>,
  reason: 'refused-by-relay' | 'gave-up',
  diagnostic: string,
): Plan {
  const { origin, owner, recipient, uid, method } = mail.body;
  const toOwner = owner !== null && recipient === null;
  const why = because(toOwner ? 'organizer-not-told' : reason, { diagnostic });
  const entry = entryAbout(mail, { at: options.now(), verdict: 'not-mailed', ...why });
  const plan = { disposition: done, ledger: [record(entry)] };
  if (owner === null || recipient === null || uid === null || method === null) return plan;
  const createdAt = options.now();
  const failure = { kind: 'undeliverable', origin, owner, recipient, uid, method, diagnostic } as const;
  return { ...plan, add: [recordTask(failure, { id: options.makeId(createdAt), createdAt })] };
}
