// The port of sender authentication. In: a received mail; out: the DKIM, SPF, DMARC and ARC evidence about its sender.
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import type { ReceivedMail } from '../../core/message/types.ts';

export interface Authenticator {
  /**
   * Throws GatewayError `dns-temporary` (temporary) if a DNS query failed and its answer could have changed the
   * verdict. With `lastTry` it does not throw: the evidence then contains `temperror`.
   */
  authenticate(mail: ReceivedMail, lastTry?: boolean): Promise<SenderEvidence>;
  close(): void;
}
