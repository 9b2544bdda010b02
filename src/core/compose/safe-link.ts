// In: untrusted text. Out: a link fit for an `href` — http, https, mailto or tel, nothing else — or null; and a text cut
// into pieces, with the links in it found. The pieces are text, still to be escaped.

const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const LONGEST = 2048;

/** The link in the form a browser would follow, so that what is checked is what is opened. */
export function safeLink(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST || /[\s\p{Cc}\p{Cf}]/u.test(trimmed) || !URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  // `https://bank.example@evil.example/` shows one host and opens another.
  if (!SCHEMES.has(url.protocol) || url.username !== '' || url.password !== '') return null;
  return url.href.length > LONGEST ? null : url.href;
}

export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

const LINKS = /\b(?:https?:\/\/|mailto:|tel:)[^\s<>"'`{}|\\^\u3000-\u303F\uFF00-\uFFEF]{2,}/giu;
/** A link at the end of a sentence, or in brackets, does not contain the full stop or the closing bracket. */
const TAIL = /(?:[.,;:!?…»”’]|&gt;)+$/u;

function withoutTail(found: string): string {
  let link = found.replace(TAIL, '');
  for (const [open, close] of ['()', '[]']) {
    while (link.endsWith(close ?? '') && count(link, close ?? '') > count(link, open ?? '')) {
      link = link.slice(0, -1).replace(TAIL, '');
    }
  }
  return link;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** One line of text in pieces, in order: joined, their texts are the line. */
export function findLinks(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let copied = 0;
  for (const found of line.matchAll(LINKS)) {
    if (found[0].length > LONGEST) continue;
    const text = withoutTail(found[0]);
    const href = safeLink(text);
    if (href === null) continue;
    if (found.index > copied) pieces.push({ text: line.slice(copied, found.index), href: null });
    pieces.push({ text, href });
    copied = found.index + text.length;
  }
  if (copied < line.length) pieces.push({ text: line.slice(copied), href: null });
  return pieces;
}
