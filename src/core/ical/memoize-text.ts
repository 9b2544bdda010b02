// A memory for what is made of a text: a calendar of 2,000 attendees is posted 2,000 times, once for each of them, and
// read several times each time. A pure function comes in, one that gives the same for the same text goes out.

interface Known<T> {
  readonly text: string;
  readonly made: T;
}

const MOST_TEXTS = 8;
/** Characters: what is made of them takes some ten times as many bytes. */
const MOST_CHARACTERS = 2_000_000;

/**
 * Keeps what was made of the last few texts: whoever gets it must leave it as it is. `mostCharacters` is for what is
 * small beside its text.
 */
export function remember<T>(make: (text: string) => T, mostCharacters = MOST_CHARACTERS): (text: string) => T {
  /** Newest first. Texts are compared as they are: those of different lengths, or the same string, at once. */
  let known: readonly Known<T>[] = [];
  return (text) => {
    const found = known.find((each) => each.text === text);
    if (found !== undefined) return found.made;
    const made = make(text);
    known = fitting([{ text, made }, ...known], mostCharacters);
    return made;
  };
}

function fitting<T>(known: readonly Known<T>[], mostCharacters: number): readonly Known<T>[] {
  let room = mostCharacters;
  return known.slice(0, MOST_TEXTS).filter(({ text }) => text.length <= room && (room -= text.length) >= 0);
}
