// Calendars by their digests. Tasks and mailings refer to a text that is kept once; those of one event ask for it again and
// again, so the last few stay in memory. In: things with a digest; out: the same with the text.
import type { Engine } from './engine.ts';

export type WithCalendar<T> = Omit<T, 'digest'> & { readonly calendar: string | null };

export interface CalendarMemory {
  /** null where there is no digest, '' where nothing is kept under it. */
  recall<T extends { readonly digest: string | null }>(items: readonly T[]): Promise<WithCalendar<T>[]>;
}

const MOST_CHARACTERS = 2_000_000;

export function rememberCalendars(engine: Pick<Engine, 'run'>): CalendarMemory {
  /** Those asked for last come last. */
  const known = new Map<string, string>();

  function keep(texts: ReadonlyMap<string, string>): void {
    for (const [digest, text] of texts) {
      known.delete(digest);
      known.set(digest, text);
    }
    let size = [...known.values()].reduce((sum, text) => sum + text.length, 0);
    for (const [digest, text] of known) {
      if (size <= MOST_CHARACTERS) return;
      known.delete(digest);
      size -= text.length;
    }
  }

  return {
    async recall(items) {
      const digests = [...new Set(items.flatMap(({ digest }) => digest ?? []))];
      const missing = digests.filter((digest) => !known.has(digest));
      const loaded = missing.length === 0 ? [] : await engine.run('calendars', missing);
      const fresh = new Map(loaded.map(({ digest, text }) => [digest, text]));
      const texts = new Map(digests.map((digest) => [digest, known.get(digest) ?? fresh.get(digest) ?? '']));
      if (digests.length > 0) keep(texts);
      return items.map(({ digest, ...item }) => ({ ...item, calendar: digest === null ? null : texts.get(digest)! }));
    },
  };
}
