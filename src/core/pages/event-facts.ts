// Prepares an event for a page. In: an EventView; out: its texts as in mails (compose/show-event.ts), and the text of its link.
// It refuses an unsafe link.
import type { Reader } from '../compose/format-time.ts';
import { plainLine } from '../compose/plain-text.ts';
import { safeLink } from '../compose/safe-link.ts';
import { type ShownEvent, showEvent } from '../compose/show-event.ts';
import type { EventView, Templates } from '../compose/types.ts';

/** The reader of a page, with the catalogues. */
export interface PageReader extends Reader {
  readonly templates: Templates;
}

export interface EventFacts extends ShownEvent {
  /** The link to the online meeting or the URL, with its text shortened. */
  readonly link: { readonly text: string; readonly href: string } | null;
}

const LINK_TEXT = 80;
const NO_BREAK = '\u00A0';

export function eventFacts(event: EventView, reader: PageReader): EventFacts {
  const shown = showEvent(event, reader, reader.templates);
  const [meeting] = event.meetings;
  const href = meeting === undefined ? null : safeLink(meeting.href);
  const text = href === null ? '' : plainLine(href.replace(/^(?:https?:\/\/|mailto:|tel:)/, ''), LINK_TEXT);
  return { ...shown, when: shown.when.map(preventLineBreaks), link: href === null ? null : { text, href } };
}

/**
 * Prevents a line break within `10:00 – 11:30 AM`. A no-break space alone does not prevent a break after a dash (Unicode line
 * breaking, LB12a), so a word joiner is added.
 */
export function preventLineBreaks(when: string): string {
  return when
    .replace(/( ?)–( ?)/g, (_, before, after) => `${before && NO_BREAK}–\u2060${after && NO_BREAK}`)
    .replace(/ (?=[AP]M\b)/g, NO_BREAK);
}
