// A mail about the copy could not be delivered: sets SCHEDULE-STATUS of the recipient (RFC 6638 §3.2.9), notifies the
// owner, and suppresses further mail to an address that does not exist.
import { setScheduleStatus } from '../../../core/itip/apply.ts';
import { isAddressAtFault } from '../../../core/message/address-at-fault.ts';
import { because } from '../../../core/reasons.ts';
import type { LedgerWrite } from '../../ports/spool.ts';
import { done } from '../../queue/plan.ts';
import { entryAbout } from '../../records/records.ts';
import type { Handler } from './handler.ts';

export const undeliverable: Handler<'undeliverable'> = {
  attendees: ({ recipient }) => [recipient.key],
  needsCopy: () => 'required',
  plan(job, { owner, document }, { now }) {
    const { recipient, diagnostic } = job.body;
    const at = now();
    const suppress: LedgerWrite[] = isAddressAtFault(diagnostic)
      ? [{ kind: 'suppress', ownerKey: owner.key, recipientKey: recipient.key, reason: diagnostic, at }]
      : [];
    const why = because('undeliverable', { who: recipient.asWritten, diagnostic });
    return {
      disposition: done,
      ...(document !== null && { document: setScheduleStatus(document, recipient, '5.1') }),
      ledger: [...suppress, entryAbout(job, { at, verdict: 'bounced', ...why })],
      notices: [{ kind: 'undeliverable', attendee: recipient, diagnostic }],
    };
  },
};
