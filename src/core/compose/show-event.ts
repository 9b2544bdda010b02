// Prepares an event for the templates. In: an EventView and its reader; out: the event as text in the reader's language, with
// links and the number of answers. All texts are cleaned and limited in length, but not yet escaped: the HTML templates do
// that. It refuses nothing.
import type { CalendarAddress, Partstat } from '../ical/types.ts';
import { describeLeaf, describeWhen, type Reader } from './format-time.ts';
import { displayName, plainLine, plainLines } from './plain-text.ts';
import { describeRecurrence } from './recurrence-words.ts';
import { showExceptions } from './show-exceptions.ts';
import { findLinks, type Piece } from './safe-link.ts';
import type { EventView, Guest, NamedLink, Person, Templates } from './types.ts';

export interface ShownPerson {
  readonly name: string;
  readonly address: string;
}

export interface ShownGuest extends ShownPerson {
  readonly partstat: Partstat;
  /** The answer in words and further notes, such as `accepted, optional`. */
  readonly note: string;
}

export interface ShownEvent {
  readonly item: EventView['item'];
  readonly title: string;
  /** The texts for the picture of a calendar leaf. */
  readonly leaf: { readonly month: string; readonly day: string; readonly weekday: string } | null;
  /** One line, and a second one if the local time differs in the reader's zone; none for a task without a date. */
  readonly when: readonly string[];
  readonly isDue: boolean;
  readonly recurrence: string | null;
  /** A line for each occurrence that differs from the series. */
  readonly exceptions: readonly string[];
  readonly location: readonly Piece[] | null;
  readonly meetings: readonly NamedLink[];
  readonly files: readonly NamedLink[];
  readonly organizer: ShownPerson | null;
  readonly guests: readonly ShownGuest[];
  /** Text such as `and 12 more guests`; null if all are listed. */
  readonly moreGuests: string | null;
  /** Texts such as `2 accepted` and `1 without an answer`; only those with a number above 0. */
  readonly counts: readonly string[];
  readonly description: readonly (readonly Piece[])[] | null;
}

const MAX_GUESTS = 12;
const TITLE_LIMIT = 160;

function showGuests(event: EventView, reader: Reader, templates: Templates): ShownGuest[] {
  const isOrganizer = ({ key }: Guest): boolean => key === event.organizer?.key;
  const own = event.guests.filter(isOrganizer);
  const others = event.guests.filter((guest) => !isOrganizer(guest));
  return [...own, ...others].slice(0, MAX_GUESTS).map((guest) => {
    const notes = isOrganizer(guest)
      ? [templates.message(reader.language, 'mail.guests.organizer', { item: event.item })]
      : [
          templates.message(reader.language, 'mail.answer.partstat', { answer: answerKey(guest.partstat) }),
          ...(guest.optional ? [templates.message(reader.language, 'mail.guests.optional')] : []),
        ];
    const { address, partstat } = guest;
    return { name: displayName(guest.name, address), address: plainLine(address), partstat, note: notes.join(', ') };
  });
}

/** Returns the name that the guest list has for this address, or the address. */
export function nameIn(guests: readonly Guest[], address: CalendarAddress): string {
  const guest = guests.find(({ key }) => key === address.key);
  return displayName(guest?.name ?? null, address.asWritten);
}

/** Counts the answers of the guests, without the organizer and without guests who have delegated. */
export function countAnswers(event: EventView, reader: Reader, templates: Templates): string[] {
  const isOrganizer = ({ key }: Guest): boolean => key === event.organizer?.key;
  const guests = event.guests.filter((guest) => !isOrganizer(guest));
  const counted = { accepted: 0, tentative: 0, declined: 0, waiting: 0 };
  for (const { partstat } of guests) {
    if (partstat === 'ACCEPTED' || partstat === 'COMPLETED' || partstat === 'IN-PROCESS') counted.accepted++;
    else if (partstat === 'TENTATIVE') counted.tentative++;
    else if (partstat === 'DECLINED') counted.declined++;
    else if (partstat !== 'DELEGATED') counted.waiting++;
  }
  return Object.entries(counted)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => templates.message(reader.language, `mail.counts.${name}`, { count }));
}

/** Returns the PARTSTAT as a keyword of the catalogue, which has no hyphen. */
export function answerKey(partstat: Partstat): string {
  return partstat.replace('-', '');
}

export function showPerson(person: Person): ShownPerson {
  return { name: displayName(person.name, person.address), address: plainLine(person.address) };
}

/** The name is shown beside the link and not instead of it, because it may be the address of another page. */
function showLink({ name, href }: NamedLink): NamedLink {
  return { name: plainLine(name, 100), href };
}

/** Returns the title, or a placeholder in the reader's language if it is empty or the event is unknown. */
export function showTitle(event: EventView | null, reader: Reader, templates: Templates): string {
  return plainLine(event?.summary ?? '', TITLE_LIMIT) || templates.message(reader.language, 'mail.untitled');
}

/** Returns a text as lines of text and links, null if it is empty. */
export function showText(text: string): readonly (readonly Piece[])[] | null {
  const lines = plainLines(text);
  return lines === '' ? null : lines.split('\n').map(findLinks);
}

/** Returns at most 12 guests; `moreGuests` has the number of the others. */
export function showEvent(event: EventView, reader: Reader, templates: Templates): ShownEvent {
  const location = plainLine(event.location);
  const hidden = event.guests.length - MAX_GUESTS;
  return {
    item: event.item,
    isDue: event.isDue,
    title: showTitle(event, reader, templates),
    leaf: describeLeaf(event.start, reader),
    when: event.item === 'task' && event.start === null ? [] : describeWhen(event.start, event.end, reader, templates),
    recurrence: describeRecurrence(event.recurrence, reader, templates),
    exceptions: showExceptions(event, reader, templates),
    location: location === '' ? null : findLinks(location),
    meetings: event.meetings.map(showLink),
    files: event.files.map(showLink),
    organizer: event.organizer && showPerson(event.organizer),
    guests: showGuests(event, reader, templates),
    moreGuests: hidden > 0 ? templates.message(reader.language, 'mail.guests.more', { count: hidden }) : null,
    counts: countAnswers(event, reader, templates),
    description: showText(event.description),
  };
}
