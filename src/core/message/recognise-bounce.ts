// A mail without delivery-status part in, the bounce it tells in prose out: Exim, qmail, older gateways, and mailbox
// providers that write letters. Conservative: without a machine as sender and a recipient or a refusal in its text it is
// null, since a letter taken for a bounce would tell the organizer that an attendee cannot be reached.
import { addressKey } from '../ical/calendar-address.ts';
import { readAddress, readMessageId, readOriginalMessageId, readRecipients } from './read-report.ts';
import type { ReadMail } from './read-mail.ts';
import type { Bounce } from './types.ts';

const DAEMON =
  /^(?:mailer[-_. ]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mailerdaemon|daemon|mail[-_.]?delivery[\w.-]*|bounces?)(?:[-+_][^@]*)?(?:@|\s|$)/i;

const SUBJECT =
  /undeliver|deliver(?:y|ed)?\b.{0,30}\b(?:fail|status|problem|error|report|notification|delay)|(?:fail|return|reject|bounce|refus).{0,25}(?:mail|message|deliver|sender)|mail (?:system|delivery|failure|error)|failure notice|could not be delivered|unzustellbar|non remis|onbestelbaar|warning: (?:message|could not)|user unknown|mail delivery/i;

const DELAY =
  /\b(?:delayed|has not (?:yet )?been (?:delivered|collected)|will (?:continue to )?(?:retry|keep trying)|still (?:being )?(?:trying|attempted)|this is (?:only )?a warning|no action is required)\b/i;

const REFUSAL =
  /\b(?:5\.\d{1,3}\.\d{1,3}|5\d\d[ -]|user unknown|unknown user|no such user|does not exist|mailbox (?:full|unavailable|not found)|permanent(?:ly)? (?:error|fail)|over quota|could ?n[o']t be delivered|undeliverable|gave up|did not reach|not (?:be )?deliver)/i;

/** From names a mail system (`MAILER-DAEMON <>` too, as DragonFly writes it). */
export function isMailSystem({ facts, fields }: ReadMail): boolean {
  return (
    facts.from.some(({ address }) => DAEMON.test(address)) ||
    (facts.from.length === 0 && fields('from').some((from) => DAEMON.test(from)))
  );
}

export function recogniseBounce(mail: ReadMail): Bounce | null {
  const { facts, fields } = mail;
  const failedTo = fields('x-failed-recipients').flatMap((value) => value.split(','));
  const nullSender = fields('return-path').some((value) => /^<\s*>$/.test(value));
  if (failedTo.length === 0 && !isMailSystem(mail) && !(nullSender && SUBJECT.test(facts.subject))) return null;
  // Some systems print the delivery-status fields into the text.
  const printed = readRecipients(facts.text, readOriginalMessageId(mail) ?? readMessageId(facts.text))[0];
  if (printed !== undefined && printed.recipient !== null) return printed;
  // Below it is the returned mail: its text says nothing about why.
  const told = facts.text.split(RETURNED, 1)[0] ?? '';
  const refused = REFUSAL.exec(told);
  if (failedTo.length === 0 && refused === null && !SUBJECT.test(facts.subject)) return null;
  const delayed = DELAY.test(facts.subject) || (DELAY.test(told) && refused === null);
  return {
    kind: 'bounce',
    action: delayed ? 'delayed' : 'failed',
    recipient: readAddress(failedTo[0]) ?? readToldRecipient(told, mail),
    status: /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(told)?.[0] ?? null,
    diagnostic: readDiagnostic(told),
    originalMessageId: readOriginalMessageId(mail) ?? readMessageId(facts.text.slice(told.length)),
  };
}

const RETURNED =
  /^[ \t>]*(?:-{2,}|={2,})?[^\n]{0,40}(?:original message|copy of (?:the|your) message|returned message|message header|unsent message|headers? follow|start of)[^\n]*$/im;

/** The first address that stands alone on a line, before a colon or after a verb, other than the bounce's own. */
function readToldRecipient(told: string, { facts }: ReadMail): string | null {
  const own = new Set([...facts.from, ...facts.to].map(({ address }) => addressKey(address)));
  for (const match of told.matchAll(/(?:^|[\s<("':;,])([\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})/g)) {
    const address = match[1];
    if (address !== undefined && !own.has(addressKey(address)) && !DAEMON.test(address)) return address;
  }
  return null;
}

const REPLY_CODE = /\b[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}|\w)|\(#[45]\.\d/;

/** The line that refuses, a server's own words if there are any, and the one after it. */
function readDiagnostic(told: string): string | null {
  const found = REPLY_CODE.exec(told) ?? REFUSAL.exec(told);
  if (found === null) return null;
  const start = told.lastIndexOf('\n', found.index) + 1;
  const lines = told
    .slice(start, start + 1000)
    .split('\n')
    .slice(0, 2)
    .join(' ');
  return lines.replace(/\s+/g, ' ').trim().slice(0, 500) || null;
}
