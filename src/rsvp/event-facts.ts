// An event in, what a page shows of it out: in words, in the reader's language, every text made plain. What the event does
// not have is null, so that a page leaves it out.
import { type Reader, describeLeaf, describeWhen } from '../compose/format-time.ts';
import { displayName, plainLine, plainLines } from '../compose/plain-text.ts';
import { describeRecurrence } from '../compose/recurrence-words.ts';
import { type Piece, findLinks, safeLink } from '../compose/safe-link.ts';
import type { EventView, Templates } from '../compose/types.ts';

/** What a page is written for: catalogues, language, display time zone. */
export interface PageReader extends Reader {
  readonly templates: Templates;
}

export interface EventFacts {
  readonly summary: string;
  /** The calendar leaf beside the title; null where the start is unknown. */
  readonly leaf: { readonly month: string; readonly day: string; readonly weekday: string } | null;
  /** One line, or two where the reader's zone has another time. */
  readonly when: readonly string[];
  readonly recurrence: string | null;
  /** In pieces, because people put meeting links there too. */
  readonly location: readonly Piece[];
  readonly link: { readonly text: string; readonly href: string } | null;
  /** Lines in pieces; none where there is no description. */
  readonly description: readonly (readonly Piece[])[];
  readonly organizer: { readonly name: string; readonly address: string } | null;
}

const LINK_TEXT = 80;

export function eventFacts(event: EventView, reader: PageReader): EventFacts {
  const { templates, language } = reader;
  const { organizer } = event;
  const href = event.url === null ? null : safeLink(event.url);
  const description = plainLines(event.description);
  return {
    summary: plainLine(event.summary) || templates.message(language, 'mail.untitled'),
    leaf: describeLeaf(event.start, reader),
    when: describeWhen(event.start, event.end, reader, templates).map(holdTogether),
    recurrence: describeRecurrence(event, reader, templates),
    location: findLinks(plainLine(event.location)),
    link:
      href === null ? null : { text: plainLine(href.replace(/^(?:https?:\/\/|mailto:|tel:)/, ''), LINK_TEXT), href },
    description: description === '' ? [] : description.split('\n').map(findLinks),
    organizer: organizer && {
      name: displayName(organizer.name, organizer.address),
      address: plainLine(organizer.address),
    },
  };
}

/** `10:00 – 11:30 AM` is not broken over two lines where it fits into one. */
function holdTogether(when: string): string {
  return when.replace(/ (?=– )|(?<= –) | (?=[AP]M\b)/g, '\u00A0');
}
