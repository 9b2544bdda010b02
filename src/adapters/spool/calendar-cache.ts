// Cache of calendar texts by digest. In: tasks or mailings with a digest; out: the same with the calendar text. A text is
// stored once and referred to by its digest; many tasks of one event need the same text, so the latest stay in memory. It
// refuses nothing.
import type { Engine } from './engine.ts';

export type WithCalendar<T> = Omit<T, 'digest'> & { readonly calendar: string | null };

export interface CalendarCache {
  /** `calendar` becomes null if there is no digest, and '' if no text is stored under it. */
  addCalendars<T extends { readonly digest: string | null }>(items: readonly T[]): Promise<WithCalendar<T>[]>;
}

const MAX_CHARACTERS = 2_000_000;

export function openCalendarCache(engine: Pick<Engine, 'run'>): CalendarCache {
  /** In the order of their last use. */
  const cached = new Map<string, string>();

  function keep(texts: ReadonlyMap<string, string>): void {
    for (const [digest, text] of texts) {
      cached.delete(digest);
      cached.set(digest, text);
    }
    let size = [...cached.values()].reduce((sum, text) => sum + text.length, 0);
    for (const [digest, text] of cached) {
      if (size <= MAX_CHARACTERS) return;
      cached.delete(digest);
      size -= text.length;
    }
  }

  return {
    async addCalendars(items) {
      const digests = [...new Set(items.flatMap(({ digest }) => digest ?? []))];
      const missing = digests.filter((digest) => !cached.has(digest));
      const loaded = missing.length === 0 ? [] : await engine.run('calendars', missing);
      const found = new Map(loaded.map(({ digest, text }) => [digest, text]));
      const texts = new Map(digests.map((digest) => [digest, cached.get(digest) ?? found.get(digest) ?? '']));
      if (digests.length > 0) keep(texts);
      return items.map(({ digest, ...item }) => ({ ...item, calendar: digest === null ? null : texts.get(digest)! }));
    },
  };
}
