// Memoizes a pure function of a text. In: the function; out: a function with the same results, which keeps the results of the
// last few texts. A calendar with 2,000 attendees is posted 2,000 times, once per attendee, and read several times for each. It
// refuses nothing.

interface Entry<T> {
  readonly text: string;
  readonly result: T;
}

const MAX_TEXTS = 8;
/** A result takes about ten times as many bytes as its text has characters. */
const MAX_CHARACTERS = 2_000_000;

/**
 * Callers must not change a result, because later calls return the same one. `maxCharacters` limits the total length of the
 * kept texts; use a higher limit for results that are small compared with their texts.
 */
export function memoizeText<T>(compute: (text: string) => T, maxCharacters = MAX_CHARACTERS): (text: string) => T {
  /** Newest first. Comparing two texts is fast if their lengths differ or they are the same string. */
  let entries: readonly Entry<T>[] = [];
  return (text) => {
    const found = entries.find((entry) => entry.text === text);
    if (found !== undefined) return found.result;
    const result = compute(text);
    entries = withinLimit([{ text, result }, ...entries], maxCharacters);
    return result;
  };
}

function withinLimit<T>(entries: readonly Entry<T>[], maxCharacters: number): readonly Entry<T>[] {
  let room = maxCharacters;
  return entries.slice(0, MAX_TEXTS).filter(({ text }) => text.length <= room && (room -= text.length) >= 0);
}
