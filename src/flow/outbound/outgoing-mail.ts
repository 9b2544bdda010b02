// The identity of each mail that the gateway sends: its id (also the task's), the Message-ID and the signed envelope
// sender, which both contain the id, and the From address. A retry repeats the Message-ID; no other mail has it.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { bounceAddress } from '../../core/signing/bounce-address.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { OutgoingRecord } from '../records/outgoing.ts';
import type { NewRecord } from '../records/records.ts';

export interface OutgoingMailOptions {
  readonly ring: KeyRing;
  readonly makeId: (now: number) => string;
  /** Right-hand side of our Message-IDs. */
  readonly hostname: string;
  readonly bounceDomain: string | null;
  readonly replyDomain: string | null;
  readonly invitationFromEmail: string | null;
}

/** Made before the mail is composed. */
export interface MailIdentity {
  readonly id: string;
  readonly messageId: string;
  readonly mailFrom: string;
  /** RFC 5322 From address. */
  readonly from: string;
}

export interface OutgoingMails {
  /**
   * `replyAddress` becomes From unless CALENDAR_INVITATION_FROM_EMAIL is set; null: no answer is expected. `id` is
   * given if the same mail may be made several times but must be sent once.
   */
  identify(now: number, owner: CalendarAddress, given: { replyAddress?: string | null; id?: string }): MailIdentity;
  /** Returns the record that submits the mail. Mails about one event to one recipient are sent in order. */
  record(
    identity: MailIdentity,
    raw: Uint8Array,
    facts: Omit<OutgoingRecord, 'kind' | 'mailFrom' | 'messageId'>,
  ): NewRecord;
}

export function openOutgoingMails(options: OutgoingMailOptions): OutgoingMails {
  const { ring, bounceDomain, replyDomain, invitationFromEmail } = options;
  function fallbackFrom(owner: CalendarAddress): string {
    // Without REPLY_DOMAIN the gateway runs in the owners' own domain.
    return replyDomain === null ? owner.asWritten : `postmaster@${replyDomain}`;
  }
  return {
    identify(now, owner, { replyAddress = null, id = options.makeId(now) }) {
      const from = invitationFromEmail ?? replyAddress ?? fallbackFrom(owner);
      const mailFrom = bounceDomain === null ? from : bounceAddress(ring, id, bounceDomain);
      return { id, messageId: `<${id}@${options.hostname}>`, mailFrom, from };
    },
    record({ id, mailFrom, messageId }, raw, facts) {
      return { body: { kind: 'outgoing', mailFrom, messageId, ...facts }, id, raw };
    },
  };
}
