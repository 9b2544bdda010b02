// Plans messages that a CalDAV server posts about one of our reply addresses, because a user of that server has
// imported an invitation that we mailed. In: the message; out: its plan, or null if it contains no reply address. An
// answer to a reply address goes into the copy of the organizer for whom the address was made. If ORGANIZER is a reply
// address, the message is a copy of our own mail and is only recorded.
import { addressKey } from '../../core/ical/calendar-address.ts';
import { componentsOf, parseEvent } from '../../core/ical/event-document.ts';
import { claimsOf } from '../../core/itip/claims-of.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import { readMessage } from '../../core/itip/read-message.ts';
import { because } from '../../core/reasons.ts';
import { readReplyAddress } from '../../core/signing/reply-address.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { Ledger } from '../ports/spool.ts';
import { done, ended, type Plan } from '../queue/plan.ts';
import { claimToRecord } from '../records/claim-to-record.ts';
import type { Job } from '../records/records.ts';

export interface OwnAddressOptions {
  readonly ledger: Ledger;
  readonly ring: KeyRing;
  readonly replyDomain: string | null;
  readonly now: () => number;
}

export async function planOwnAddress(options: OwnAddressOptions, job: Job<'schedule-message'>): Promise<Plan | null> {
  const { method, to, calendar } = job.body;
  if (isFromAttendee(method)) {
    const id = replyIdOf(options, to.asWritten);
    return id === null ? null : planAnswer(options, job, id);
  }
  const organizers = componentsOf(parseEvent(calendar)).flatMap((component) => component.properties('ORGANIZER'));
  const isOwn = organizers
    .flatMap((line) => [line.value, ...line.paramValues('EMAIL')])
    .some((address) => replyIdOf(options, address) !== null);
  return isOwn ? ended(job, options.now(), 'recorded', because('own-mail')) : null;
}

/**
 * The CalDAV server has authenticated the sender. If the sender is not the attendee of the address, the organizer
 * decides.
 */
async function planAnswer(options: OwnAddressOptions, job: Job<'schedule-message'>, id: string): Promise<Plan> {
  const { ledger, now } = options;
  const { from, origin, calendar } = job.body;
  const pair = await ledger.replyPair(id);
  if (pair === null) return ended(job, now(), 'refused', because('unknown-reply-address'));
  const { organizer, attendee } = pair;
  const own = [attendee.key, ...(await ledger.aliases(organizer.key, attendee.key))];
  const { items, unusable } = readMessage(calendar, null);
  const claims = claimsOf(items, [...own, from.key]);
  if (claims.length === 0) {
    return ended(
      job,
      now(),
      'refused',
      because('no-event', { found: unusable.join(' ') || 'The message has no event.' }),
    );
  }
  const add = claims.flatMap((claim) => {
    const isOwn = own.includes(from.key) && (claim.attendee === null || own.includes(claim.attendee.key));
    // A REFRESH is answered only if its sender is proven.
    if (claim.kind === 'refresh' && !isOwn) return [];
    const { createdAt } = job.task;
    const held = isOwn ? null : 'another-attendee';
    const facts = { claim, attendee, organizer, date: null, receivedAt: createdAt, door: 'callback' } as const;
    return [{ body: claimToRecord({ ...facts, origin, sender: from.asWritten, held }), createdAt }];
  });
  if (add.length > 0) return { disposition: done, add };
  return ended(job, now(), 'ignored', because('another-attendee', { who: attendee.asWritten }));
}

function replyIdOf({ ring, replyDomain }: OwnAddressOptions, address: string): string | null {
  return readReplyAddress(ring, addressKey(address), replyDomain)?.id ?? null;
}
