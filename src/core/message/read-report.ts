// Reads delivery reports (RFC 3464) and recognises abuse reports (RFC 5965). In: a parsed mail; out: one bounce per
// recipient of the report. It refuses (null) a mail without a delivery-status part; recognise-bounce.ts reads reports in
// prose.
import { clipText } from '../ical/clip-text.ts';
import { fieldsIn } from './read-header.ts';
import type { ReadMail } from './read-mail.ts';
import type { Bounce, BounceKind } from './types.ts';

const MAX_RECIPIENTS = 100;
const MAX_REPORTS = 10;
const MAX_REPORT_OCTETS = 256 * 1024;

/** RFC 5965. Checks the parts and the report-type of the mail. */
export function isAbuseReport(mail: ReadMail): boolean {
  return (
    mail.parts.some(({ type }) => type === 'message/feedback-report') ||
    mail.fields('content-type').some((value) => /report-type\s*=\s*"?feedback-report/i.test(value))
  );
}

/** RFC 3464 §2. Ignores the type of the mail, because some mail gateways change multipart/report to multipart/mixed. */
export function readDeliveryReport(mail: ReadMail): Bounce[] | null {
  const originalMessageId = readOriginalMessageId(mail);
  // Some mail systems write prose into a first part of this type, and the fields into the next.
  const bounces = mail.parts
    .filter(({ type }) => /^message\/(?:global-)?delivery-status$/.test(type))
    .slice(0, MAX_REPORTS)
    .flatMap(({ content }) => readRecipients(content(MAX_REPORT_OCTETS).toString('utf8'), originalMessageId));
  const withRecipient = bounces.filter(({ recipient }) => recipient !== null);
  const read = (withRecipient.length > 0 ? withRecipient : bounces).slice(0, MAX_RECIPIENTS);
  return read.length > 0 ? read : null;
}

/** Reads the text of a delivery-status part and returns one bounce per recipient, at most 100. */
export function readRecipients(text: string, originalMessageId: string | null): Bounce[] {
  return readGroups(text)
    .filter((group) => group.has('final-recipient') || group.has('original-recipient') || group.has('action'))
    .slice(0, MAX_RECIPIENTS)
    .map((group) => readRecipient(group, originalMessageId));
}

/** Returns the Message-ID of the returned mail or header, with angle brackets; null if the report contains neither. */
export function readOriginalMessageId(mail: ReadMail): string | null {
  const returned = mail.parts.filter(({ type }) =>
    /^(?:message\/(?:rfc822|global|partial)|text\/rfc822-headers|message\/(?:rfc822|global)-headers)$/.test(type),
  );
  for (const { content } of returned) {
    const header =
      content(64 * 1024)
        .toString('latin1')
        .trimStart()
        .split(/\r?\n\r?\n/, 1)[0] ?? '';
    const id = readMessageId(header);
    if (id !== null) return id;
  }
  return null;
}

/** Returns the first Message-ID field in a header or text, with angle brackets. */
export function readMessageId(text: string): string | null {
  return /^Message-ID:\s*(<[^<>\s]{3,990}>)/im.exec(text)?.[1] ?? null;
}

type Group = ReadonlyMap<string, string>;

/** Splits the text into groups of fields at empty lines: one for the message, then one per recipient (RFC 3464 §2). */
function readGroups(text: string): Group[] {
  const blocks = text.replace(/\r\n?/g, '\n').split(/\n[ \t]*\n/);
  // The first of repeated fields counts.
  return blocks.map(
    (block) =>
      new Map(
        fieldsIn(block)
          .toReversed()
          .map(({ name, value }) => [name, value]),
      ),
  );
}

function readRecipient(group: Group, originalMessageId: string | null): Bounce {
  const recipient = readAddress(group.get('original-recipient')) ?? readAddress(group.get('final-recipient'));
  const diagnostic = (group.get('diagnostic-code') ?? '').replace(/^[\w-]+\s*;\s*/, '');
  const status = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(group.get('status') ?? '')?.[0] ?? null;
  return {
    kind: 'bounce',
    action: readAction(group.get('action') ?? '', status),
    recipient,
    status,
    diagnostic: clipText(diagnostic.replace(/\s+/g, ' ').trim(), 500) || null,
    originalMessageId,
  };
}

/** RFC 5321 §4.5.3.1. */
const MAX_ADDRESS_LENGTH = 320;

/**
 * Returns the address in a value such as `rfc822;bob@example.com`, also without a type or in angle brackets. Each word is
 * matched by itself, because one pattern over a long text without an @ would take quadratic time.
 */
export function readAddress(value = ''): string | null {
  const words = value.replace(/^[\w-]+\s*;/, '').split(/[\s<>;"]+/);
  return words.find((word) => word.length <= MAX_ADDRESS_LENGTH && /^.[^@]*@./.test(word)) ?? null;
}

/** RFC 3464 §2.3.3. Accepts variants such as `failure` and `Failed (5.1.1)`. Uses the status if the action is unknown. */
function readAction(action: string, status: string | null): BounceKind {
  const word = action.trim().toLowerCase();
  if (word.startsWith('fail')) return 'failed';
  if (word.startsWith('delay')) return 'delayed';
  if (word.startsWith('deliver')) return 'delivered';
  if (word.startsWith('relay')) return 'relayed';
  if (word.startsWith('expand')) return 'expanded';
  if (status?.startsWith('5') === true) return 'failed';
  return status?.startsWith('4') === true ? 'delayed' : 'unknown';
}
