// Queue `outgoing`, one lane: composed mails to the relay, first in, first out. Temporary failures go back to the queue
// (the work queue's back-off) for five days; what is refused for good is told to the organizer.
import { GatewayError } from '../../core/errors.ts';
import { addressKey } from '../../core/ical/calendar-address.ts';
import { hideSigned } from '../../core/signing/hide-signed.ts';
import type { Submission } from '../ports/submission.ts';
import type { ReasonFor } from '../../core/reasons.ts';
import type { Batch, Changes, Task } from '../ports/spool.ts';
import { ChangeSet } from '../queue/change-set.ts';
import { bodyOf, entryAbout, eventLane, newTask, type OutgoingBody } from '../records/records.ts';

export interface SubmitOptions {
  readonly submission: Submission;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

const GIVE_UP_MS = 5 * 86_400_000;
/** About a day of them: a clock that is set forward gives up nothing. */
const LEAST_TRIES = 50;

export function submitOutgoing(options: SubmitOptions): (batch: Batch) => Promise<Changes> {
  return async ({ tasks }) => {
    const set = new ChangeSet();
    for (const task of tasks) await submitOne(options, task, set);
    return set.changes();
  };
}

async function submitOne(options: SubmitOptions, task: Task, set: ChangeSet): Promise<void> {
  const { mailFrom, rcptTo, messageId, what } = bodyOf<OutgoingBody>(task);
  if (task.raw === null) throw new GatewayError('internal', `task ${task.id} has no mail`);
  try {
    const verdict = await options.submission.submit({ mailFrom, rcptTo, messageId, raw: task.raw });
    const said = hideSigned(verdict.response);
    if (verdict.kind === 'accepted') settle(options, task, set, 'mailed', what, `The relay took it: ${said}`);
    else giveUp(options, task, set, 'refused-by-relay', withCode(verdict.status, said));
  } catch (error) {
    const tooOld = options.now() - task.createdAt > GIVE_UP_MS && task.attempts >= LEAST_TRIES;
    if (!(error instanceof GatewayError) || !tooOld) throw error;
    giveUp(options, task, set, 'gave-up', `tried for five days; last: ${hideSigned(error.message)}`);
  }
}

/** Relays begin with the code themselves, mostly. */
function withCode(status: number, said: string): string {
  return said.startsWith(String(status)) ? said : `${status} ${said}`;
}

/**
 * A mail to an attendee that will not arrive becomes work for the event's lane. Of one to the organizer, who cannot be told
 * that way again, the operator hears.
 */
function giveUp(
  options: SubmitOptions,
  task: Task,
  set: ChangeSet,
  reason: ReasonFor<'not-mailed'>,
  diagnostic: string,
): void {
  const { origin, organizer, attendee, uid } = bodyOf<OutgoingBody>(task);
  const toOrganizer = organizer !== null && attendee === null;
  settle(options, task, set, 'not-mailed', toOrganizer ? 'organizer-not-told' : reason, diagnostic);
  if (organizer === null || attendee === null || uid === null) return;
  const at = options.now();
  const body = { kind: 'undeliverable', origin, organizer, attendee, uid, diagnostic } as const;
  set.add(newTask(options.makeId(at), 'event', eventLane(organizer.key, uid), body, { createdAt: at }));
}

function settle<V extends 'mailed' | 'not-mailed'>(
  options: SubmitOptions,
  task: Task,
  set: ChangeSet,
  verdict: V,
  reason: ReasonFor<V>,
  detail: string,
): void {
  const { origin, organizer, uid, rcptTo, messageId } = bodyOf<OutgoingBody>(task);
  const attendee = addressKey(rcptTo);
  set.done(task.id);
  set.record(
    entryAbout({ ...origin, messageId }, task.id, {
      at: options.now(),
      verdict,
      reason,
      detail,
      organizer: organizer?.key ?? null,
      uid,
      attendee,
    }),
  );
}
