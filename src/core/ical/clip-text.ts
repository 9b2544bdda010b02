// Cuts text that people read. In: a text and a limit; out: the text, cut between two grapheme clusters, with an ellipsis. It
// refuses nothing.

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A longer cluster, such as a letter with a hundred marks, is cut between code points. */
const MAX_CLUSTER = 100;

/** Returns at most `limit` UTF-16 units. An emoji, a flag or a letter with marks is kept completely or omitted. */
export function clipText(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, boundaryBefore(text, limit - 1)).trimEnd()}…`;
}

/** Returns the last boundary of a cluster at or before `at`. */
function boundaryBefore(text: string, at: number): number {
  const boundary = characters.segment(text.slice(0, at + MAX_CLUSTER)).containing(at)?.index ?? at;
  if (at - boundary <= MAX_CLUSTER) return boundary;
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '') && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '') ? at - 1 : at;
}
