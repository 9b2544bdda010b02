// Checks and finds links in untrusted text. In: text; out: a link that is safe in `href`, or pieces of text with their links,
// which are not yet escaped for HTML. It refuses (null) every scheme except http, https, mailto and tel.

const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const MAX_LENGTH = 2048;

/** Returns the link as a browser normalises it, so that the checked link is the one that is opened. */
export function safeLink(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH || /[\s\p{Cc}\p{Cf}]/u.test(trimmed) || !URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  // `https://bank.example@evil.example/` shows one host and opens another.
  if (!SCHEMES.has(url.protocol) || url.username !== '' || url.password !== '') return null;
  return url.href.length > MAX_LENGTH ? null : url.href;
}

export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

const LINKS = /\b(?:https?:\/\/|mailto:|tel:)[^\s<>"'`{}|\\^\u3000-\u303F\uFF00-\uFFEF]{2,}/giu;
/** Punctuation after a link is not part of it. */
const TRAILING_PUNCTUATION = /(?:[.,;:!?…»”’]|&gt;)+$/u;

/** Also removes a closing bracket that has no opening bracket in the link. */
function trimPunctuation(written: string): string {
  let link = written.replace(TRAILING_PUNCTUATION, '');
  for (const [open, close] of ['()', '[]']) {
    while (link.endsWith(close ?? '') && count(link, close ?? '') > count(link, open ?? '')) {
      link = link.slice(0, -1).replace(TRAILING_PUNCTUATION, '');
    }
  }
  return link;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Splits one line of text into pieces, in order. Their texts joined are the line. */
export function findLinks(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let copied = 0;
  for (const found of line.matchAll(LINKS)) {
    if (found[0].length > MAX_LENGTH) continue;
    const text = trimPunctuation(found[0]);
    const href = safeLink(text);
    if (href === null) continue;
    if (found.index > copied) pieces.push({ text: line.slice(copied, found.index), href: null });
    pieces.push({ text, href });
    copied = found.index + text.length;
  }
  if (copied < line.length) pieces.push({ text: line.slice(copied), href: null });
  return pieces;
}
