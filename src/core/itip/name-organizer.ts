// Names the organizer by mail address. In: a calendar and the organizer's address; out: the calendar with that address in
// ORGANIZER and in the organizer's ATTENDEE lines, where Calendar on macOS and iOS writes the principal path
// (`/principals/alice/`). It leaves an ORGANIZER with a mail address as it is.
import { calendarAddress } from '../ical/calendar-address.ts';
import { type ContentLine, joinLines, splitLines, withValue } from '../ical/content-lines.ts';
import { memoizeText } from '../ical/memoize-text.ts';
import type { CalendarAddress } from '../ical/types.ts';

export function nameOrganizer(calendar: string, organizer: CalendarAddress): string {
  const own = organizersByUri(calendar).filter(({ email }) => email === null || email === organizer.key);
  if (own.length === 0) return calendar;
  const isOrganizer = ({ name, value }: ContentLine): boolean =>
    (name === 'ORGANIZER' || name === 'ATTENDEE') && own.some(({ uri }) => uri === value.trim());
  const named = `mailto:${organizer.asWritten}`;
  return joinLines(splitLines(calendar).map((line) => (isOrganizer(line) ? withValue(line, named) : line)));
}

export function lacksMailAddress(organizer: ContentLine): boolean {
  return [organizer.value, organizer.param('EMAIL') ?? ''].every((text) => calendarAddress(text) === null);
}

interface OrganizerByUri {
  readonly uri: string;
  /** The key of the address in EMAIL. */
  readonly email: string | null;
}

/** Memoized, because the calendar of an event with 2,000 guests is read for each of them. */
const organizersByUri = memoizeText((calendar): readonly OrganizerByUri[] =>
  splitLines(calendar).flatMap((line) => {
    const uri = line.name === 'ORGANIZER' && calendarAddress(line.value) === null ? line.value.trim() : '';
    return uri === '' ? [] : [{ uri, email: calendarAddress(line.param('EMAIL') ?? '')?.key ?? null }];
  }),
);
