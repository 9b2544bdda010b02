// Sender authentication as the flow sees it: a received mail in, what DKIM, SPF, DMARC and ARC say about its sender out.
import type { SenderEvidence } from '../../core/message/sender-evidence.ts';
import type { ReceivedMail } from '../../core/message/types.ts';

export interface Authenticator {
  /**
   * Throws GatewayError `dns-temporary` (temporary) where DNS did not answer what could change the verdict; with `lastTry`
   * it says `temperror` instead.
   */
  authenticate(mail: ReceivedMail, lastTry?: boolean): Promise<SenderEvidence>;
  close(): void;
}
