// Cleans untrusted text for display. In: text from calendars and mails; out: the text without control, invisible and
// bidirectional characters, with a limited length and no unexpected line breaks. Instead of a misleading name it returns the
// address. It refuses nothing.

import { clipText } from '../ical/clip-text.ts';

/** Control characters, zero-width and bidirectional characters, the byte order mark, tag characters, lone surrogates. */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E0FFF}]|\p{Cs}/gu;

/** More than four combining marks on a letter ("zalgo" text) cover the lines above and below. */
const EXCESS_MARKS = /(\p{M}{4})\p{M}+/gu;

function removeInvisible(text: string): string {
  return text.replace(INVISIBLE, '').replace(EXCESS_MARKS, '$1');
}

/** Returns one line, for names, titles, places and header fields. `limit` is in characters. */
export function plainLine(text: string, limit = 300): string {
  const line = removeInvisible(clipText(text, limit * 8).replace(/[\r\n\t\u2028\u2029\u0085]+/g, ' '));
  return clipText(line.replace(/ {2,}/g, ' ').trim(), limit);
}

/** Returns lines with LF and at most one blank line in a row, for descriptions and comments. `limit` is in characters. */
export function plainLines(text: string, limit = 8000): string {
  const clean = removeInvisible(clipText(text, limit * 4).replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n'));
  // Each line by itself, because an expression for spaces before a line end would take quadratic time.
  const lines = clean
    .replace(/\t/g, '  ')
    .split('\n')
    .map((line) => line.trimEnd());
  return clipText(
    lines
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    limit,
  );
}

const LATIN = /\p{Script=Latin}/u;
const CONFUSABLE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/** Returns whether one word has both Latin letters and letters that look like them, such as `Аlice` with a Cyrillic А. */
function mixesScripts(name: string): boolean {
  return name.split(/[\s\-'’.]+/).some((word) => LATIN.test(word) && CONFUSABLE.test(word));
}

/**
 * Returns the name to display for a person. Returns the address instead if the name is empty or misleading: if it contains
 * an address, or mixes scripts within a word to imitate another name.
 */
export function displayName(name: string | null, address: string): string {
  const shown = plainLine(name ?? '', 80);
  if (shown === '' || mixesScripts(shown) || mixesScripts(shown.normalize('NFKC'))) return plainLine(address, 320);
  if (shown.normalize('NFKC').includes('@')) return plainLine(address, 320);
  return shown;
}
