// An attendee delegates to somebody who is not on the guest list (RFC 5546 §3.2.2.3). The answer has already set the
// delegator to DELEGATED; this record adds and invites the delegate once the organizer accepts.
import { addDelegate } from '../../../core/itip/add-delegate.ts';
import { requestFor } from '../../../core/itip/schedule-message.ts';
import { componentFor, type EventDocument } from '../../../core/ical/event-document.ts';
import { because } from '../../../core/reasons.ts';
import { ended } from '../../queue/plan.ts';
import { delegationKey } from '../../records/delegation.ts';
import { entryAbout, type RecordOf, type Job } from '../../records/records.ts';
import type { Copy, CopyPlan } from '../copy.ts';
import type { Handler, HandlerOptions } from './handler.ts';
import { missingReason, retryWhileMissing } from './missing-copy.ts';
import { refused } from './refused.ts';

type DelegationJob = Job<'delegation'>;

export const delegation: Handler<'delegation'> = {
  attendees: ({ attendee }) => [attendee.key],
  needsCopy: ({ body }) => (body.approved ? 'required' : 'for-notice'),
  plan(job, copy, options) {
    return job.body.approved ? addDelegateToEvent(job, copy, options) : askOrganizer(job, copy, options);
  },
};

async function askOrganizer(
  job: DelegationJob,
  { owner }: Copy,
  { makeDecisionLink, now }: HandlerOptions,
): Promise<CopyPlan> {
  const { attendee, delegate, recurrenceId } = job.body;
  const key = delegationKey(job.body);
  const why = because('delegation', { who: attendee.asWritten, delegate: delegate.asWritten });
  const decisionLink = await makeDecisionLink(key, owner);
  return {
    disposition: { kind: 'hold', reason: 'delegation', key },
    ledger: [entryAbout(job, { at: now(), verdict: 'held', ...why })],
    notices: [{ kind: 'delegation', attendee, delegate, recurrenceId, decisionLink }],
  };
}

/**
 * Adds the delegate and mails the invitation, because not every CalDAV server posts a callback for a new guest. If the
 * server does, its message is `nothing-new` and is not mailed.
 */
function addDelegateToEvent(job: DelegationJob, copy: Copy, { now }: HandlerOptions): CopyPlan {
  const { attendee, delegate, recurrenceId, origin } = job.body;
  const at = now();
  if (copy.document === null) {
    const retry = retryWhileMissing(job, copy, { isExpected: false, at });
    if (retry !== null) return retry;
    return refused(job, at, because(missingReason(copy), {}));
  }
  const document = addDelegate(copy.document, attendee, delegate, recurrenceId);
  if (!isListed(document, job.body)) {
    return refused(job, at, because('not-delegated', { who: attendee.asWritten }));
  }
  const why = because('delegate-added', { who: attendee.asWritten, delegate: delegate.asWritten });
  const calendar = requestFor(document, delegate, { now: at, sequence: 0 });
  return {
    ...ended(job, at, 'applied', why),
    document,
    add: [
      {
        body: {
          kind: 'schedule-message',
          origin,
          from: copy.owner,
          to: delegate,
          method: 'REQUEST',
          calendar,
          again: false,
        },
      },
    ],
  };
}

function isListed(document: EventDocument, { delegate, recurrenceId }: RecordOf<'delegation'>): boolean {
  return componentFor(document, recurrenceId)?.invites(delegate) === true;
}
