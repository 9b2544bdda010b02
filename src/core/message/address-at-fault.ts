// Decides whether a refusal concerns the recipient's address. In: an SMTP reply or a DSN's diagnostic; out: true if the
// address or its mailbox is invalid, so that further mails to it are useless. It refuses nothing: for every other refusal,
// such as a closed relay, a mail that is too large or suspected spam, it returns false.

/** RFC 3463 §3.2: X.1.7 and X.1.8 concern the sender's address. */
const SENDER_ADDRESS_DETAILS: ReadonlySet<string> = new Set(['7', '8']);

/** Reads the first enhanced status code `5.x.x` (RFC 3463), or else the reply code. */
export function isAddressAtFault(diagnostic: string): boolean {
  const [, subject = '0', detail = ''] = /(?<![\d.])5\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)/.exec(diagnostic) ?? [];
  if (subject === '1') return !SENDER_ADDRESS_DETAILS.has(detail);
  if (subject !== '0') return subject === '2';
  // There is no enhanced code, or it is the unspecific 5.0.0. 550, 551 and 553 concern the mailbox (RFC 5321 §4.2.3).
  return /\b55[013]\b/.test(diagnostic);
}
