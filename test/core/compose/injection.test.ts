// Injection: hostile text in every property, for every header field and template. It may be displayed, but must not act as
// header fields, MIME parts, HTML or template code.
import { simpleParser } from 'mailparser';
import sanitizeHtml from 'sanitize-html';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeInvitation } from '../../../src/core/compose/compose-invitation.ts';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import type { NoticeKind, Templates } from '../../../src/core/compose/types.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import { escapeText } from '../../../src/core/ical/content-lines.ts';
import { namedInvitation, namedNotice, notices } from './kinds.ts';
import { address, calendar, event, loadTemplates } from './samples.ts';

const attacks: Readonly<Record<string, string>> = {
  'a header field': 'x\r\nBcc: evil@example.net\r\n\r\n<b>body</b>',
  'a bare CR and a bare LF': 'x\rBcc: evil@example.net\nBcc: evil@example.net',
  'an element': '<script>alert(1)</script><img src=x onerror=alert(1)>',
  'an attribute': `" onmouseover="alert(1)" x="' autofocus onfocus='alert(1)`,
  'a comment and a style': '--><style>*{display:none}</style><!--',
  'a script link': 'javascript:alert(1) JaVaScRiPt&colon;alert(1) data:text/html,x',
  'a link with another host in front': 'https://bank.example@evil.example/',
  'an encoded word': '=?utf-8?q?x=0D=0ABcc:_evil@example.net?= =?utf-8?b?PHNjcmlwdD4=?=',
  'a parameter': `x; filename*=utf-8''%0d%0aBcc:%20evil@example.net; name="a\\"b"`,
  'an address list': 'x <evil@example.net>, "y" <more@example.net>;',
  'a template': "{{ links.accepted }}{% render 'mail/layout.html' %}{count, plural, other {#}}'{",
  'direction marks': '\u202Egpj.exe\u202C \u2066x\u2069 \u200B',
  'a lookalike': '\u0410lice M\u0430rtin',
  'a boundary': '--=_-5b9408f3e712b88e8794aa28-Part_1--\r\nContent-Type: text/html',
  'a property': 'x\r\nATTENDEE:mailto:evil@example.net\r\nBEGIN:VALARM',
  'ten kilobytes': 'A1 '.repeat(3400),
  'ten kilobytes of one word': 'W'.repeat(10_240),
  'ten kilobytes of marks': '\u0301'.repeat(10_240),
  controls: '\u0000\u0007\u001b[31m\u0085\u2028',
};

function quoted(text: string): string {
  return `"${text.replaceAll('"', "'").replace(/[\r\n]+/g, '^n')}"`;
}

/** Returns a calendar with the attack in each of its texts. */
function hostile(method: string | null, attack: string): string {
  const text = escapeText(attack);
  return calendar(
    method,
    event({
      SUMMARY: `SUMMARY:${text}`,
      LOCATION: `LOCATION:${text}`,
      DESCRIPTION: `DESCRIPTION:${text}`,
      COMMENT: `COMMENT:${text}`,
      CONFERENCE: `CONFERENCE:${text}`,
      RRULE: `RRULE:FREQ=DAILY;UNTIL=${text}`,
      ORGANIZER: `ORGANIZER;CN=${quoted(attack)}:mailto:alice@example.com`,
      ATTENDEE: `ATTENDEE;CN=${quoted(attack)};ROLE=${quoted(attack)}:mailto:bob@example.org`,
      DTSTART: `DTSTART;TZID=${quoted(attack)}:20261103T100000`,
      DTEND: `DTEND;TZID=${quoted(attack)}:20261103T110000`,
    }),
  );
}

const FIELDS = new Set(
  'auto-submitted from to reply-to subject message-id in-reply-to references date mime-version content-type'.split(' '),
);

async function check(raw: Uint8Array, recipient: string): Promise<void> {
  const bytes = Buffer.from(raw);
  const text = bytes.toString('latin1');
  const header = text.slice(0, text.indexOf('\r\n\r\n'));
  // Only our own fields, each once; lines within the limits of RFC 5322 §2.1.1; no bare CR or LF.
  const names = header
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
    .map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  expect(names.filter((name) => !FIELDS.has(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(Math.max(...header.split('\r\n').map((line) => line.length))).toBeLessThan(200);
  // oxlint-disable-next-line no-control-regex
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\u0000-\u0008\u000A-\u001F\u007F-\uFFFF]/);

  const mail = await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true });
  expect(mail.to).toMatchObject({ value: [{ address: recipient }] });
  expect(mail.from?.value.map((one) => one.address)).toEqual(['calendar@example.com']);
  expect(mail.replyTo?.value.length ?? 1).toBe(1);
  expect(mail.subject?.length ?? 0).toBeLessThanOrEqual(260);
  for (const shown of [mail.subject, mail.from?.value[0]?.name, mail.replyTo?.value[0]?.name, mail.text]) {
    // oxlint-disable-next-line no-control-regex
    expect(shown ?? '').not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B\0\u001B]/);
  }
  checkHtml(String(mail.html));
}

const ELEMENTS = new Set('html head meta title style body div table tr td p h1 bdi span strong br a'.split(' '));
const ATTRIBUTES = new Set(
  'align bgcolor border cellpadding cellspacing charset class content dir height href lang name role style valign width xmlns xmlns:o'.split(
    ' ',
  ),
);

/** Parses the HTML and checks that it has only our own elements, attributes and links. */
function checkHtml(html: string): void {
  sanitizeHtml(html, {
    allowedTags: false,
    allowedAttributes: false,
    allowVulnerableTags: true,
    transformTags: {
      '*': (tagName, attribs) => {
        expect(ELEMENTS).toContain(tagName);
        for (const name of Object.keys(attribs)) expect(ATTRIBUTES).toContain(name);
        const link = /^https:\/\/(?:(?:calendar|meet)\.)?example\.com\/|^mailto:|^tel:/;
        if (attribs['href'] !== undefined) expect(attribs['href']).toMatch(link);
        return { tagName, attribs };
      },
    },
  });
  // The conditional comments for Outlook and the style sheet are closed where we close them.
  expect(html.match(/<!--/g)?.length).toBe(html.match(/\[endif\]-->/g)?.length);
  expect(html.match(/<style>/g)).toHaveLength(1);
}

function poison(notice: NoticeKind, attack: string): NoticeKind {
  switch (notice.kind) {
    case 'answer':
      return { ...notice, comment: attack };
    case 'held':
      return { ...notice, comment: attack, sender: attack };
    case 'waiting':
      return {
        ...notice,
        items: notice.items.map((item) => ({ ...item, comment: attack, sender: attack })),
      };
    case 'not-entered':
      return { ...notice, reason: attack as Reason };
    case 'proposal':
      return { ...notice, proposal: { ...notice.proposal, comment: attack } };
    case 'delegation':
      return { ...notice, delegate: { key: attack, asWritten: attack } };
    case 'quota':
    case 'not-written':
      return notice;
    default:
      return { ...notice, diagnostic: attack };
  }
}

describe('hostile text', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });

  const names = Object.keys(attacks);

  describe.each(['invitation', 'invitation-without-itip', 'update', 'cancel', 'reply'])(
    'in a mail of kind %s',
    (kind) => {
      it.each(names)('%s', async (name) => {
        const mail = namedInvitation(kind);
        const method = /METHOD:(\w+)/.exec(mail.calendar)?.[1] ?? null;
        const changed = {
          ...mail,
          calendar: hostile(method, attacks[name] ?? ''),
          previousCalendar: hostile(method, 'old'),
        };
        const { raw, subject } = composeInvitation(changed, templates);
        expect(subject).not.toMatch(/[\r\n\u202E\0]/);
        await check(raw, mail.recipient.asWritten);
      });
    },
  );

  describe.each(Object.keys(notices))('in a mail of kind %s', (kind) => {
    it.each(names)('%s', async (name) => {
      const attack = attacks[name] ?? '';
      const mail = namedNotice(kind);
      const changed = {
        ...mail,
        calendar: hostile(null, attack),
        notices: mail.notices.map((notice) => poison(notice, attack)),
      };
      await check(composeNotice(changed, templates).raw, 'alice@example.com');
    });
  });

  it('is one address if a quoted local part contains a comma', async () => {
    const recipient = address('"x,y"@example.org');
    const { raw } = composeInvitation(namedInvitation('invitation', { recipient }), templates);
    const mail = await simpleParser(Buffer.from(raw));
    expect(mail.to).toMatchObject({ value: [{ address: expect.stringMatching(/^"?x,y"?@example\.org$/) }] });
  });
});
