// In: text from calendars and mails, which anybody may have written. Out: the same text fit to be shown: no control
// characters, no invisible or direction-changing ones, line breaks only where they belong, of bounded length. A name
// that plays another's part is shown with its address. Refuses nothing.

/** Controls, zero-width and bidirectional marks, the byte order mark, tag characters, lone surrogates. */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E0FFF}]|\p{Cs}/gu;

/** Letters take at most a few marks: a heap of them ("zalgo") runs over the lines above and below. */
const HEAPED_MARKS = /(\p{M}{4})\p{M}+/gu;

function withoutUnseen(text: string): string {
  return text.replace(UNSEEN, '').replace(HEAPED_MARKS, '$1');
}

/** At most `limit` characters, never half of one; an ellipsis says that something is missing. */
function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${cut.trimEnd()}…`;
}

/** One line: for names, titles, places, headers. */
export function plainLine(text: string, limit = 300): string {
  const short = text.slice(0, limit * 8);
  return clip(
    withoutUnseen(short.replace(/[\r\n\t\u2028\u2029\u0085]+/g, ' '))
      .replace(/ {2,}/g, ' ')
      .trim(),
    limit,
  );
}

/** Several lines, LF between them, never more than one blank line in a row: for descriptions and comments. */
export function plainLines(text: string, limit = 8000): string {
  const lines = withoutUnseen(text.slice(0, limit * 4).replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')).replace(
    /\t/g,
    '  ',
  );
  const trimmed = lines
    .replace(/[ \u00A0]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return clip(trimmed, limit);
}

const LATIN = /\p{Script=Latin}/u;
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/** One word with Latin letters and letters that look like them: `Аlice` with a Cyrillic А. */
function mixesScripts(name: string): boolean {
  return name.split(/[\s\-'’.]+/).some((word) => LATIN.test(word) && LOOKALIKE.test(word));
}

/**
 * The name to show for somebody whose address is `address`. A name that holds another address, or mixes scripts within a
 * word to look like somebody else's, is no name: the address is shown.
 */
export function displayName(name: string | null, address: string): string {
  const shown = plainLine(name ?? '', 80);
  if (shown === '' || mixesScripts(shown) || mixesScripts(shown.normalize('NFKC'))) return plainLine(address, 320);
  if (shown.normalize('NFKC').includes('@')) return plainLine(address, 320);
  return shown;
}
