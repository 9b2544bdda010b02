// One VEVENT or VTODO of a stored event: content lines come in, what the iTIP rules ask of it goes out. Only its own
// properties count, never those of a VALARM inside it (whose ATTENDEE is no attendee). Immutable; a changed copy shares
// all parts but the changed ones, and the index over them, so that a change costs no more than copying the list of parts.
import { calendarAddress } from './calendar-address.ts';
import { ContentLine, unescapeText } from './content-lines.ts';
import { endAfter } from './duration.ts';
import { occurrenceIdOf, timeOf } from './occurrence-id.ts';
import type { Component, Part } from './read-components.ts';
import type { CalendarAddress, CalendarTime, Partstat } from './types.ts';

export type ComponentName = 'VEVENT' | 'VTODO';

export interface Attendee {
  readonly address: CalendarAddress;
  readonly partstat: Partstat;
  readonly line: ContentLine;
}

export interface Organizer {
  readonly address: CalendarAddress;
  /** Who acts for the organizer (RFC 5545 §3.2.18). */
  readonly sentBy: CalendarAddress | null;
}

/** One value of RDATE or EXDATE. */
export interface ListedDate {
  /** The date or time as written; of a PERIOD its start. */
  readonly written: string;
  readonly time: CalendarTime | null;
  /** The end or the duration of a PERIOD. */
  readonly end: string | null;
}

export function isEvent(part: Part): part is Component & { readonly name: ComponentName } {
  return !(part instanceof ContentLine) && (part.name === 'VEVENT' || part.name === 'VTODO');
}

export class EventComponent implements Component {
  readonly name: ComponentName;
  readonly beginLine: ContentLine;
  readonly endLine: ContentLine | null;
  readonly parts: readonly Part[];
  readonly #index: ComponentIndex;

  constructor(
    { name, beginLine, endLine, parts }: Component & { readonly name: ComponentName },
    vtimezones: readonly string[],
    index = new ComponentIndex(parts, vtimezones),
  ) {
    this.name = name;
    this.beginLine = beginLine;
    this.endLine = endLine;
    this.parts = parts;
    this.#index = index;
  }

  /** The VTIMEZONEs of its calendar. */
  get vtimezones(): readonly string[] {
    return this.#index.vtimezones;
  }

  /** RECURRENCE-ID in one of the three forms of an OccurrenceKey; null for the master. */
  get recurrenceId(): string | null {
    this.#index.recurrenceId ??= { id: readRecurrenceId(this.property('RECURRENCE-ID'), this.vtimezones) };
    return this.#index.recurrenceId.id;
  }

  /** DTSTART; a VTODO may have a DUE alone. */
  get startLine(): ContentLine | null {
    return this.property('DTSTART') ?? (this.name === 'VTODO' ? this.property('DUE') : null);
  }

  /** The time of `startLine`: what its occurrences are counted from. */
  get start(): CalendarTime | null {
    this.#index.start ??= { time: timeOf(this.startLine, this.vtimezones) };
    return this.#index.start.time;
  }

  /** Exclusive: DTEND, DUE, or what DURATION makes of the start; a date without any ends after its day (RFC 5545 §3.6.1). */
  get end(): CalendarTime | null {
    this.#index.end ??= { time: this.#readEnd() };
    return this.#index.end.time;
  }

  /** RDATE or EXDATE. */
  dates(name: 'RDATE' | 'EXDATE'): ListedDate[] {
    return this.properties(name).flatMap((line) =>
      line.value.split(',').map((value) => {
        const [written = '', end = null] = value.trim().split('/', 2);
        return { written, time: timeOf(line, this.vtimezones, written), end };
      }),
    );
  }

  get uid(): string | null {
    const line = this.property('UID');
    return line === null ? null : unescapeText(line.value).trim();
  }

  /** RFC 5546 §2.1.4: 0 where missing. */
  get sequence(): number {
    return readSequence(this.property('SEQUENCE')) ?? 0;
  }

  get cancelled(): boolean {
    return this.property('STATUS')?.value.trim().toUpperCase() === 'CANCELLED';
  }

  /** LAST-MODIFIED in milliseconds; null where missing or unreadable. */
  get lastModified(): number | null {
    return timeOf(this.property('LAST-MODIFIED'), [])?.instant ?? null;
  }

  /** Null where missing or no mail address; `EMAIL=` counts where the value is none. */
  get organizer(): Organizer | null {
    const line = this.property('ORGANIZER');
    const address = line && storedAddress(line);
    return line && address && { address, sentBy: calendarAddress(line.param('SENT-BY') ?? '') };
  }

  get attendees(): Attendee[] {
    return this.properties('ATTENDEE').flatMap((line) => {
      const address = storedAddress(line);
      return address ? [{ address, partstat: partstatIn(line), line }] : [];
    });
  }

  property(name: string): ContentLine | null {
    return this.#lineAt(this.#index.own.get(name)?.[0]);
  }

  properties(name: string): ContentLine[] {
    return this.#linesAt(this.#index.own.get(name));
  }

  /** The ATTENDEE lines of that address: usually one, none where it is not invited. */
  attendeeLines(attendee: CalendarAddress): ContentLine[] {
    return this.#linesAt(this.#index.placesOf(attendee));
  }

  invites(attendee: CalendarAddress): boolean {
    return this.#index.placesOf(attendee).length > 0;
  }

  /** Null: not an attendee. */
  partstatOf(attendee: CalendarAddress): Partstat | null {
    const line = this.#lineAt(this.#index.placesOf(attendee)[0]);
    return line && partstatIn(line);
  }

  /** The same component with those ATTENDEE lines changed; `change` must leave name and address as they are. */
  withAttendee(attendee: CalendarAddress, change: (line: ContentLine) => ContentLine): EventComponent {
    const parts = [...this.parts];
    for (const at of this.#index.placesOf(attendee)) {
      const line = this.#lineAt(at);
      if (line) parts[at] = change(line);
    }
    return new EventComponent({ ...this, parts }, this.vtimezones, this.#index);
  }

  withParts(parts: readonly Part[]): EventComponent {
    return new EventComponent({ ...this, parts }, this.vtimezones);
  }

  #readEnd(): CalendarTime | null {
    const { start, vtimezones } = this;
    const written = timeOf(this.property('DTEND') ?? this.property('DUE'), vtimezones);
    if (written || !start) return written;
    const end = endAfter(start, this.property('DURATION')?.value ?? '', vtimezones);
    return end ?? (start.form === 'date' ? endAfter(start, 'P1D', vtimezones) : null);
  }

  #linesAt(places: readonly number[] = []): ContentLine[] {
    return places.flatMap((at) => this.#lineAt(at) ?? []);
  }

  #lineAt(place = -1): ContentLine | null {
    const part = this.parts[place];
    return part instanceof ContentLine ? part : null;
  }
}

/** Where what is found by name or address stands in the parts; made once, on first use, and shared by changed copies. */
class ComponentIndex {
  readonly #parts: readonly Part[];
  readonly vtimezones: readonly string[];
  #own: ReadonlyMap<string, readonly number[]> | null = null;
  #attendees: AttendeeIndex | null = null;
  /** Kept once read. */
  recurrenceId: { readonly id: string | null } | null = null;
  start: { readonly time: CalendarTime | null } | null = null;
  end: { readonly time: CalendarTime | null } | null = null;

  constructor(parts: readonly Part[], vtimezones: readonly string[]) {
    this.#parts = parts;
    this.vtimezones = vtimezones;
  }

  get own(): ReadonlyMap<string, readonly number[]> {
    this.#own ??= indexNames(this.#parts);
    return this.#own;
  }

  placesOf({ key }: CalendarAddress): readonly number[] {
    this.#attendees ??= indexAttendees(this.#parts, this.own.get('ATTENDEE') ?? []);
    return this.#attendees.byValue.get(key) ?? this.#attendees.byEmail.get(key) ?? [];
  }
}

interface AttendeeIndex {
  readonly byValue: ReadonlyMap<string, readonly number[]>;
  /** By the parameter EMAIL of stored events (RFC 7986 §6.2): for `urn:uuid:` and principal paths. */
  readonly byEmail: ReadonlyMap<string, readonly number[]>;
}

function indexNames(parts: readonly Part[]): Map<string, number[]> {
  const own = new Map<string, number[]>();
  for (const [at, part] of parts.entries()) if (part instanceof ContentLine) append(own, part.name, at);
  return own;
}

function indexAttendees(parts: readonly Part[], places: readonly number[]): AttendeeIndex {
  const byValue = new Map<string, number[]>();
  const byEmail = new Map<string, number[]>();
  for (const at of places) {
    const line = parts[at];
    if (!(line instanceof ContentLine)) continue;
    const value = calendarAddress(line.value);
    const email = /;email=/i.test(line.text) ? calendarAddress(line.param('EMAIL') ?? '') : null;
    if (value) append(byValue, value.key, at);
    if (email) append(byEmail, email.key, at);
  }
  return { byValue, byEmail };
}

function append(map: Map<string, number[]>, key: string, at: number): void {
  const places = map.get(key);
  if (places) places.push(at);
  else map.set(key, [at]);
}

/** One that cannot be read still makes an override: of an occurrence that nobody can name. */
function readRecurrenceId(line: ContentLine | null, vtimezones: readonly string[]): string | null {
  const time = timeOf(line, vtimezones);
  return time ? occurrenceIdOf(time) : (line?.value ?? null);
}

/** The value of an ATTENDEE or ORGANIZER of a stored event, or its EMAIL= where the value is no mail address. */
export function storedAddress(line: ContentLine): CalendarAddress | null {
  return calendarAddress(line.value) ?? calendarAddress(line.param('EMAIL') ?? '');
}

const PARTSTATS: ReadonlySet<string> = new Set<Partstat>([
  'NEEDS-ACTION',
  'ACCEPTED',
  'DECLINED',
  'TENTATIVE',
  'DELEGATED',
  'COMPLETED',
  'IN-PROCESS',
]);

/** RFC 5545 §3.2.12: NEEDS-ACTION where missing or unknown. */
export function partstatIn(attendee: ContentLine): Partstat {
  const text = attendee.param('PARTSTAT')?.trim().toUpperCase() ?? '';
  return PARTSTATS.has(text) ? (text as Partstat) : 'NEEDS-ACTION';
}

/** RFC 5545 §3.8.7.4; null where missing or no number. */
export function readSequence(line: ContentLine | null): number | null {
  const text = line?.value.trim() ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
