// What a server said of a mail that it refused in, whether the recipient's address is the reason out. Only then is it of no
// use to write there again: a relay that refuses everybody, a mail too large or taken for spam says nothing of it. Pure.

/** RFC 3463 §3.2: X.1.7 and X.1.8 are about the sender's address. */
const OF_THE_SENDER: ReadonlySet<string> = new Set(['7', '8']);

export function isAddressAtFault(diagnostic: string): boolean {
  const [, subject = '0', detail = ''] = /(?<![\d.])5\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)/.exec(diagnostic) ?? [];
  if (subject === '1') return !OF_THE_SENDER.has(detail);
  if (subject !== '0') return subject === '2';
  // No enhanced code, or 5.0.0, which says nothing: RFC 5321 §4.2.3.
  return /\b55[013]\b/.test(diagnostic);
}
