// Delivery reports (RFC 3464) and abuse reports (RFC 5965) in, bounces out: one per recipient named. Refuses (null) what is
// no report by its parts; reports in prose are for recognise-bounce.ts.
import type { ReadMail } from './read-mail.ts';
import type { Bounce, BounceKind } from './types.ts';

const MOST_RECIPIENTS = 100;
const LONGEST_REPORT = 256 * 1024;

export function isAbuseReport(mail: ReadMail): boolean {
  return (
    mail.parts.some(({ type }) => type === 'message/feedback-report') ||
    mail.fields('content-type').some((value) => /report-type\s*=\s*"?feedback-report/i.test(value))
  );
}

/** RFC 3464 §2; the type of the whole is not looked at, since gateways rewrite it to multipart/mixed. */
export function readDeliveryReport(mail: ReadMail): Bounce[] | null {
  const report = mail.parts.find(({ type }) => /^message\/(?:global-)?delivery-status$/.test(type));
  if (report === undefined) return null;
  const bounces = readRecipients(report.content(LONGEST_REPORT).toString('utf8'), readOriginalMessageId(mail));
  return bounces.length > 0 ? bounces : null;
}

/** The recipients that delivery-status fields name. */
export function readRecipients(text: string, originalMessageId: string | null): Bounce[] {
  return readGroups(text)
    .filter((group) => group.has('final-recipient') || group.has('original-recipient') || group.has('action'))
    .slice(0, MOST_RECIPIENTS)
    .map((group) => readRecipient(group, originalMessageId));
}

/** Message-ID of the returned mail, where it or its header came along, with angle brackets. */
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

export function readMessageId(text: string): string | null {
  return /^Message-ID:\s*(<[^<>\s]{3,990}>)/im.exec(text)?.[1] ?? null;
}

type Group = ReadonlyMap<string, string>;

/** Groups of fields, an empty line between them: the first is about the report, each further one about a recipient. */
function readGroups(text: string): Group[] {
  const unfolded = text.replace(/\r\n?/g, '\n').replace(/\n[ \t]+(?=\S)/g, ' ');
  return unfolded.split(/\n[ \t]*\n/).map((block) => {
    const group = new Map<string, string>();
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim().toLowerCase();
      if (colon > 0 && !group.has(name)) group.set(name, line.slice(colon + 1).trim());
    }
    return group;
  });
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
    diagnostic: diagnostic.replace(/\s+/g, ' ').trim().slice(0, 500) || null,
    originalMessageId,
  };
}

/** More octets than that are no address (RFC 5321 §4.5.3.1). */
const LONGEST_ADDRESS = 320;

/** `rfc822;bob@example.com`, and what is sent instead. Word by word: a long text without an @ must not cost its square. */
export function readAddress(value = ''): string | null {
  const words = value.replace(/^[\w-]+\s*;/, '').split(/[\s<>;"]+/);
  return words.find((word) => word.length <= LONGEST_ADDRESS && /^.[^@]*@./.test(word)) ?? null;
}

/** RFC 3464 §2.3.3; where it is missing or misspelt (`failure`, `Failed (5.1.1)`), the status decides. */
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
