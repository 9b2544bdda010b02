// An event in, what a page shows of it out: as mails show it (compose/show-event.ts), with what a page has room for.
import type { Reader } from '../compose/format-time.ts';
import { plainLine } from '../compose/plain-text.ts';
import { safeLink } from '../compose/safe-link.ts';
import { type ShownEvent, showEvent } from '../compose/show-event.ts';
import type { EventView, Templates } from '../compose/types.ts';

/** What a page is written for: catalogues, language, display time zone. */
export interface PageReader extends Reader {
  readonly templates: Templates;
}

export interface EventFacts extends ShownEvent {
  /** Where to join; a link is safe to open, its text short enough to read. */
  readonly link: { readonly text: string; readonly href: string } | null;
}

const LINK_TEXT = 80;
const NO_BREAK = '\u00A0';

export function eventFacts(event: EventView, reader: PageReader): EventFacts {
  const shown = showEvent(event, reader, reader.templates);
  const href = event.url === null ? null : safeLink(event.url);
  const text = href === null ? '' : plainLine(href.replace(/^(?:https?:\/\/|mailto:|tel:)/, ''), LINK_TEXT);
  return { ...shown, when: shown.when.map(holdTogether), link: href === null ? null : { text, href } };
}

/**
 * `10:00 – 11:30 AM` is not broken over two lines where it fits into one. A no-break space alone does not hold after a dash
 * (Unicode line breaking, LB12a); a word joiner does.
 */
export function holdTogether(when: string): string {
  return when
    .replace(/( ?)–( ?)/g, (_, before, after) => `${before && NO_BREAK}–\u2060${after && NO_BREAK}`)
    .replace(/ (?=[AP]M\b)/g, NO_BREAK);
}
