// Recognises bounces in prose, as Exim, qmail, older gateways and some mailbox providers send them. In: a parsed mail
// without a delivery-status part; out: the bounce. It refuses (null) a mail that does not clearly come from a mail system
// and report a refusal, because a letter mistaken for a bounce would mark an attendee as unreachable.
import { addressKey } from '../ical/calendar-address.ts';
import { readAddress, readMessageId, readOriginalMessageId, readRecipients } from './read-report.ts';
import type { ReadMail } from './read-mail.ts';
import type { Bounce } from './types.ts';

const MAIL_SYSTEM_ADDRESS =
  /^(?:mailer[-_. ]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mailerdaemon|daemon|mail[-_.]?delivery[\w.-]*|bounces?)(?:[-+_][^@]*)?(?:@|\s|$)/i;

const BOUNCE_SUBJECT =
  /undeliver|deliver(?:y|ed)?\b.{0,30}\b(?:fail|status|problem|error|report|notification|delay)|(?:fail|return|reject|bounce|refus).{0,25}(?:mail|message|deliver|sender)|mail (?:system|delivery|failure|error)|failure notice|could not be delivered|unzustellbar|non remis|onbestelbaar|warning: (?:message|could not)|user unknown|mail delivery/i;

const DELAY =
  /\b(?:delayed|has not (?:yet )?been (?:delivered|collected)|will (?:continue to )?(?:retry|keep trying)|still (?:being )?(?:trying|attempted)|this is (?:only )?a warning|no action is required)\b/i;

const REFUSAL =
  /\b(?:5\.\d{1,3}\.\d{1,3}|5\d\d[ -]|user unknown|unknown user|no such user|does not exist|mailbox (?:full|unavailable|not found)|permanent(?:ly)? (?:error|fail)|over quota|could ?n[o']t be delivered|undeliverable|gave up|did not reach|not (?:be )?deliver)/i;

/** Returns whether From is the address of a mail system. It may lack an address: DragonFly writes `MAILER-DAEMON <>`. */
export function isFromMailSystem({ facts, fields }: ReadMail): boolean {
  return (
    facts.from.some(({ address }) => MAIL_SYSTEM_ADDRESS.test(address)) ||
    (facts.from.length === 0 && fields('from').some((from) => MAIL_SYSTEM_ADDRESS.test(from)))
  );
}

/** Returns null if the mail is not clearly a bounce. */
export function recogniseBounce(mail: ReadMail): Bounce | null {
  const { facts, fields } = mail;
  const failedTo = fields('x-failed-recipients').flatMap((value) => value.split(','));
  const nullSender = fields('return-path').some((value) => /^<\s*>$/.test(value));
  const hasBounceSubject = BOUNCE_SUBJECT.test(facts.subject);
  if (failedTo.length === 0 && !isFromMailSystem(mail) && !(nullSender && hasBounceSubject)) return null;
  // Some mail systems write the delivery-status fields into the text.
  const fieldsInText = readRecipients(facts.text, readOriginalMessageId(mail) ?? readMessageId(facts.text))[0];
  if (fieldsInText !== undefined && fieldsInText.recipient !== null) return fieldsInText;
  // The returned mail follows below; only the text above it explains the bounce.
  const explanation = facts.text.split(RETURNED_MAIL, 1)[0] ?? '';
  const refusal = REFUSAL.exec(explanation);
  if (failedTo.length === 0 && refusal === null && !hasBounceSubject) return null;
  const delayed = DELAY.test(facts.subject) || (DELAY.test(explanation) && refusal === null);
  return {
    kind: 'bounce',
    action: delayed ? 'delayed' : 'failed',
    recipient: readAddress(failedTo[0]) ?? findRecipient(explanation, mail),
    status: /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(explanation)?.[0] ?? null,
    diagnostic: readDiagnostic(explanation),
    originalMessageId: readOriginalMessageId(mail) ?? readMessageId(facts.text.slice(explanation.length)),
  };
}

/** The line above the returned mail. */
const RETURNED_MAIL =
  /^[ \t>]*(?:-{2,}|={2,})?[^\n]{0,40}(?:original message|copy of (?:the|your) message|returned message|message header|unsent message|headers? follow|start of)[^\n]*$/im;

/** Returns the first address in the text that is neither From or To of the bounce nor that of a mail system. */
function findRecipient(explanation: string, { facts }: ReadMail): string | null {
  const own = new Set([...facts.from, ...facts.to].map(({ address }) => addressKey(address)));
  for (const match of explanation.matchAll(/(?:^|[\s<("':;,])([\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})/g)) {
    const address = match[1];
    if (address !== undefined && !own.has(addressKey(address)) && !MAIL_SYSTEM_ADDRESS.test(address)) return address;
  }
  return null;
}

const REPLY_CODE = /\b[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}|\w)|\(#[45]\.\d/;

/** Returns the line with a reply code, or else with a refusal, together with the next line; at most 500 characters. */
function readDiagnostic(explanation: string): string | null {
  const found = REPLY_CODE.exec(explanation) ?? REFUSAL.exec(explanation);
  if (found === null) return null;
  const start = explanation.lastIndexOf('\n', found.index) + 1;
  const lines = explanation
    .slice(start, start + 1000)
    .split('\n')
    .slice(0, 2)
    .join(' ');
  return lines.replace(/\s+/g, ' ').trim().slice(0, 500) || null;
}
