// Reads the links of an event. In: a component; out: the online meetings and the attached files, with their names. The names are
// untrusted. It refuses (omits) a link with an unsafe scheme, and a file that is inside the calendar.
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import type { EventComponent } from '../ical/event-component.ts';
import { safeLink } from './safe-link.ts';
import type { NamedLink } from './types.ts';

const MAX_LINKS = 20;

/** The properties with the link to an online meeting, in the order of preference. URL is often that link as well. */
export const MEETING_LINKS: readonly string[] = [
  'CONFERENCE',
  'X-GOOGLE-CONFERENCE',
  'X-MICROSOFT-SKYPETEAMSMEETINGURL',
  'URL',
];

/** Returns all links of the first property that has one. CONFERENCE has a LABEL for each (RFC 7986 §5.11). */
export function meetingsOf(component: EventComponent): readonly NamedLink[] {
  for (const name of MEETING_LINKS) {
    const links = component.properties(name).flatMap((line) => {
      const href = safeLink(unescapeText(line.value));
      return href === null ? [] : [{ name: line.param('LABEL')?.trim() ?? '', href }];
    });
    if (links.length > 0) return unique(links);
  }
  return [];
}

/** Returns the ATTACHs that are links (RFC 5545 §3.8.1.1). Their schemes are http and https. */
export function filesOf(component: EventComponent): readonly NamedLink[] {
  const links = component.properties('ATTACH').flatMap((line) => {
    const href = safeLink(unescapeText(line.value));
    return href === null || !/^https?:/.test(href) ? [] : [{ name: fileName(line, href), href }];
  });
  return unique(links);
}

function unique(links: readonly NamedLink[]): NamedLink[] {
  return [...new Map(links.map((link) => [link.href, link])).values()].slice(0, MAX_LINKS);
}

/** Returns FILENAME (RFC 8607 §4.1) or the last segment of the path, and adds the media type to a name without extension. */
function fileName(line: ContentLine, href: string): string {
  const { hostname, pathname } = new URL(href);
  const segment = decoded(pathname.split('/').findLast((part) => part !== '') ?? '');
  const name = ['FILENAME', 'X-FILENAME', 'X-LABEL'].map((param) => line.param(param)?.trim()).find(Boolean);
  const shown = name ?? (segment || hostname);
  const type = line.param('FMTTYPE')?.trim() ?? '';
  return type === '' || /\.\w{1,5}$/.test(shown) ? shown : `${shown} (${type})`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not UTF-8
  }
}
