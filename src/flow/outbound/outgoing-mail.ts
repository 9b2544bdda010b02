// Gives every mail that we make its identity: a task id, the Message-ID from it (a retry repeats it, another mail does
// not), a signed envelope sender, and our own From address.
import { addressKey } from '../../core/ical/calendar-address.ts';
import { bounceAddress } from '../../core/signing/bounce-address.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { NewTask } from '../ports/spool.ts';
import { newTask, type OutgoingBody, recipientLane } from '../records/records.ts';

export interface PostOptions {
  readonly ring: KeyRing;
  readonly makeId: (now: number) => string;
  /** Right-hand side of our Message-IDs. */
  readonly hostname: string;
  readonly bounceDomain: string | null;
  readonly replyDomain: string | null;
  readonly invitationFromEmail: string | null;
}

/** One mail about to be composed. */
export interface Stamp {
  readonly id: string;
  readonly messageId: string;
  readonly mailFrom: string;
  readonly from: string;
}

export interface Post {
  /** `replyAddress` is From where no address of our own is set; null for mails that no answer is expected to. */
  stamp(now: number, replyAddress: string | null, organizer: CalendarAddress): Stamp;
  /** The task that submits it. Mails about one event to one recipient go in order. */
  task(
    stamp: Stamp,
    raw: Uint8Array,
    facts: Omit<OutgoingBody, 'kind' | 'mailFrom' | 'messageId'>,
    now: number,
  ): NewTask;
}

export function openPost(options: PostOptions): Post {
  const { ring, bounceDomain, replyDomain, invitationFromEmail } = options;
  function ownFrom(organizer: CalendarAddress): string {
    if (invitationFromEmail !== null) return invitationFromEmail;
    // Without REPLY_DOMAIN the gateway speaks for the organizers' own domain.
    return replyDomain === null ? organizer.asWritten : `postmaster@${replyDomain}`;
  }
  return {
    stamp(now, replyAddress, organizer) {
      const id = options.makeId(now);
      const from = invitationFromEmail ?? replyAddress ?? ownFrom(organizer);
      const mailFrom = bounceDomain === null ? from : bounceAddress(ring, id, bounceDomain);
      return { id, messageId: `<${id}@${options.hostname}>`, mailFrom, from };
    },
    task(stamp, raw, facts, now) {
      const body: OutgoingBody = { kind: 'outgoing', mailFrom: stamp.mailFrom, messageId: stamp.messageId, ...facts };
      const lane = recipientLane(facts.uid ?? stamp.id, addressKey(facts.rcptTo));
      return newTask(stamp.id, 'outgoing', lane, body, { createdAt: now }, raw);
    },
  };
}

/** The Message-ID under which the mail with that task id went out. */
export function messageIdOf(id: string, hostname: string): string {
  return `<${id}@${hostname}>`;
}
