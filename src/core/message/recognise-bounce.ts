// Recognises bounces in prose, as Exim, qmail, older gateways and some mailbox providers send them. In: a parsed mail
// without a delivery-status part; out: the bounce. It refuses (null) a mail that does not clearly come from a mail system
// and report a refusal, because a letter mistaken for a bounce would mark an attendee as unreachable. If the mail certainly
// responds to one of ours, `recogniseReturnedMail` accepts less evidence.
import { clipText } from '../ical/clip-text.ts';
import { addressKey } from '../ical/calendar-address.ts';
import { isAutomaticReply, isFromMailSystem, isFromResponder, MAIL_SYSTEM_ADDRESS } from './recognise-automatic.ts';
import { readAddress, readMessageId, readOriginalMessageId, readRecipients } from './read-report.ts';
import type { ReadMail } from './read-mail.ts';
import type { Bounce, BounceKind } from './types.ts';

const BOUNCE_SUBJECT =
  /undeliver|deliver(?:y|ed)?\b.{0,30}\b(?:fail|status|problem|error|report|notification|delay)|(?:fail|return|reject|bounce|refus).{0,25}(?:mail|message|deliver|sender)|mail (?:system|delivery|failure|error)|failure notice|could not be delivered|unzustellbar|non remis|onbestelbaar|warning: (?:message|could not)|user unknown|mail delivery/i;

/** Subjects that state a failure. Others, such as `Delivery Status Notification`, may also head a delay or a success. */
const FAILURE_SUBJECT =
  /undeliver|not (?:be )?delivered|deliver(?:y|ed)?\b.{0,30}\b(?:fail|problem|error)|(?:mail|message|delivery).{0,25}\b(?:fail|return|reject|refus|bounce)|(?:fail|return|reject|bounce|refus)\w{0,3}\b.{0,25}(?:mail|message|deliver|sender|notice)|user unknown|unzustellbar|nicht zugestellt|non remis|non distribu|no entregad|non recapitat|non consegnat|onbestelbaar|niet bezorgd/i;

const DELAY_SUBJECT = /\bdelay(?:ed)?\b|^warning:|\bwill (?:retry|keep trying)\b/i;

const DELAY =
  /\b(?:delayed|has not (?:yet )?been (?:delivered|collected)|will (?:continue to )?(?:retry|keep trying)|still (?:being )?(?:trying|attempted)|this is (?:only )?a warning|no action is required)\b/i;

/** Words that mean a delay, even if the text also says that the mail could not be delivered, unless it has a permanent code. */
const STILL_TRYING =
  /\b(?:will (?:continue to )?(?:retry|keep trying|try again)|still (?:being )?(?:trying|attempted)|this is (?:only )?a warning|weitere (?:zustell)?versuche|nouvelle tentative)\b/i;

const DELIVERED =
  /^(?:delivered|relayed|zugestellt|remis|entregado|consegnato|bezorgd)\s*:|\(success\)|\bsuccessful(?:ly)?\b.{0,20}\b(?:deliver|relay)|\b(?:was|were|has been|have been|is) (?:successfully )?(?:delivered|relayed) to\b/im;

const REFUSAL =
  /\b(?:5\.\d{1,3}\.\d{1,3}|5\d\d[ -]|user unknown|unknown user|no such user|does not exist|mailbox (?:full|unavailable|not found)|permanent(?:ly)? (?:error|fail)|over quota|could ?n[o']t be delivered|undeliverable|gave up|did not reach|not (?:be )?deliver)/i;

/** Words that only a mail system writes, in the languages of our mails. */
const KNOWN_REFUSAL =
  /\b(?:user unknown|unknown (?:user|recipient|address)|no such (?:user|recipient|mailbox|address)|(?:user|recipient|mailbox|address|account|domain)\b.{0,80}\b(?:does not exist|doesn't exist|was not found|not found|is (?:full|disabled|unavailable|over quota)|rejected|unknown)|mailbox (?:full|unavailable|not found)|over quota|quota exceeded|permanent(?:ly)? (?:error|fail\w*)|could ?n[o']t be delivered|was not delivered|unable to deliver|delivery (?:has )?failed|undeliverable|nicht zugestellt werden|unzustellbar|(?:empfänger|adresse|postfach)\b.{0,80}\b(?:existiert nicht|unbekannt)|n['’]a pas pu être (?:remis|distribu|livr|délivr)\w*|(?:adresse|destinataire|boîte)\b.{0,80}\b(?:n['’]existe pas|inconnue?)|no (?:se ha podido|se pudo|ha podido ser|pudo ser) entrega\w*|(?:dirección|destinatario|buzón)\b.{0,80}\bno existe|non (?:è stato possibile|ha potuto) (?:consegnare|recapitare)|(?:indirizzo|destinatario|casella)\b.{0,80}\bnon esiste|niet (?:worden |kunnen worden )?(?:bezorgd|afgeleverd)|(?:adres|postbus|ontvanger)\b.{0,80}\bbestaat niet)/iu;

/** An enhanced code of RFC 3463 for a permanent failure. The look-arounds exclude IP addresses and dates with a year. */
const ENHANCED_CODE = /(?<![\d.])5\.[0-7]\.\d{1,3}(?![\d.]*\d)/;
/** A reply code followed by an enhanced code. Vacation notices do not contain this. */
const WHOLE_CODE = /\b5\d\d[ -]#?5\.[0-7]\.\d/;

/** Returns null if the mail is not clearly a bounce. */
export function recogniseBounce(mail: ReadMail): Bounce | null {
  const { facts, fields } = mail;
  const failedTo = fields('x-failed-recipients').flatMap((value) => value.split(','));
  const nullSender = fields('return-path').some((value) => /^<\s*>$/.test(value));
  const subject = ownSubject(mail);
  const hasBounceSubject = BOUNCE_SUBJECT.test(subject);
  if (failedTo.length === 0 && !isFromMailSystem(mail) && !(nullSender && hasBounceSubject)) return null;
  // Some mail systems write the delivery-status fields into the text.
  const fieldsInText = readRecipients(facts.text, readOriginalMessageId(mail) ?? readMessageId(facts.text))[0];
  if (fieldsInText !== undefined && fieldsInText.recipient !== null) return fieldsInText;
  const explanation = explanationIn(mail);
  const isRefused = failedTo.length > 0 || REFUSAL.test(explanation);
  if (!isRefused && !hasBounceSubject) return null;
  const bounce = makeBounce(mail, actionOf(mail, isRefused || FAILURE_SUBJECT.test(subject)));
  return { ...bounce, recipient: readAddress(failedTo[0]) ?? bounce.recipient };
}

/**
 * Reads a mail that came with the null sender to a bounce address, and therefore responds to one of our mails, but is not clearly
 * a bounce: some mail systems send prose from `no-reply@` or without a From address. Returns null if it does not state whether
 * our mail was delivered.
 */
export function recogniseReturnedMail(mail: ReadMail): Bounce | null {
  const action = actionOf(mail, isRefusal(mail));
  return action === 'unknown' ? null : makeBounce(mail, action);
}

/** Returns whether the mail reports a refusal. A vacation notice may contain the same words, or a date that looks like a code. */
function isRefusal(mail: ReadMail): boolean {
  const explanation = explanationIn(mail);
  if (FAILURE_SUBJECT.test(ownSubject(mail)) || WHOLE_CODE.test(explanation)) return true;
  if (isFromResponder(mail)) return false;
  return KNOWN_REFUSAL.test(explanation) || (!isAutomaticReply(mail) && ENHANCED_CODE.test(explanation));
}

/** The beginning of the subject of an answer, such as `Re:`, or `Auto:` in a vacation notice of Sieve. */
const ANSWER_HEAD = /\b(?:re|aw|sv|antw|odp|auto)\s*:$/i;

/**
 * Returns the mail system's own words in the subject. The subject of our mail, which is the title of the event, may follow after a
 * colon: `Undeliverable: Delayed start` reports no delay, and `Automatic reply: Delivery problems` reports no failure.
 */
function ownSubject(mail: ReadMail): string {
  const { subject } = mail.facts;
  const head = /^(?:warning:)?[^:]*:?/i.exec(subject)?.[0] ?? '';
  const says = [DELAY_SUBJECT, FAILURE_SUBJECT, DELIVERED, ANSWER_HEAD].some((words) => words.test(head));
  return says || isAutomaticReply(mail) ? head : subject;
}

/** Returns the text above the returned mail, which explains the bounce. */
function explanationIn({ facts }: ReadMail): string {
  return facts.text.split(RETURNED_MAIL, 1)[0] ?? '';
}

function actionOf(mail: ReadMail, isRefused: boolean): BounceKind {
  const subject = ownSubject(mail);
  const explanation = explanationIn(mail);
  if (DELAY_SUBJECT.test(subject)) return 'delayed';
  if (STILL_TRYING.test(explanation) && !ENHANCED_CODE.test(explanation)) return 'delayed';
  if (isRefused) return 'failed';
  if (DELAY.test(explanation)) return 'delayed';
  const isDelivered = DELIVERED.test(subject) || (DELIVERED.test(explanation) && !REFUSAL.test(explanation));
  return isDelivered ? 'delivered' : 'unknown';
}

function makeBounce(mail: ReadMail, action: BounceKind): Bounce {
  const explanation = explanationIn(mail);
  return {
    kind: 'bounce',
    action,
    recipient: findRecipient(explanation, mail),
    status: /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(explanation)?.[0] ?? null,
    diagnostic: readDiagnostic(explanation),
    originalMessageId: readOriginalMessageId(mail) ?? readMessageId(mail.facts.text.slice(explanation.length)),
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
  const found = REPLY_CODE.exec(explanation) ?? REFUSAL.exec(explanation) ?? KNOWN_REFUSAL.exec(explanation);
  if (found === null) return null;
  const start = explanation.lastIndexOf('\n', found.index) + 1;
  const lines = explanation
    .slice(start, start + 1000)
    .split('\n')
    .slice(0, 2)
    .join(' ');
  return clipText(lines.replace(/\s+/g, ' ').trim(), 500) || null;
}
