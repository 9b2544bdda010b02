// One VEVENT or VTODO of a stored event. In: its content lines; out: its times, attendees and other properties. It reads only its
// own properties, not those of a VALARM, whose ATTENDEE is not an attendee. It is immutable; a changed copy shares the unchanged
// parts and the index, so that a change costs only a copy of the list of parts. It refuses nothing.
import { calendarAddress } from './calendar-address.ts';
import { ContentLine, unescapeText } from './content-lines.ts';
import { endAfter } from './duration.ts';
import { endIfLater, occurrenceIdOf, timeOf } from './occurrence-id.ts';
import type { Component, Part } from './read-components.ts';
import { type CalendarAddress, type CalendarTime, type Partstat, PARTSTATS } from './types.ts';

export type ComponentName = 'VEVENT' | 'VTODO';

export interface Attendee {
  readonly address: CalendarAddress;
  readonly partstat: Partstat;
  readonly line: ContentLine;
}

export interface Organizer {
  readonly address: CalendarAddress;
  /** The person who acts on behalf of the organizer (RFC 5545 §3.2.18). */
  readonly sentBy: CalendarAddress | null;
}

/** One value of RDATE or EXDATE. */
export interface ListedDate {
  readonly written: string;
  /** The date or time, or the start of a PERIOD. */
  readonly time: CalendarTime | null;
  /** The end of a PERIOD, else null. */
  readonly end: CalendarTime | null;
}

/** Returns whether the part is a VEVENT or VTODO. */
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

  /** DTSTART, or DUE of a VTODO without DTSTART. */
  get startLine(): ContentLine | null {
    return this.property('DTSTART') ?? (this.name === 'VTODO' ? this.property('DUE') : null);
  }

  /** The time of `startLine`, from which the occurrences are computed. */
  get start(): CalendarTime | null {
    this.#index.start ??= { time: timeOf(this.startLine, this.vtimezones) };
    return this.#index.start.time;
  }

  /** DTEND or DUE, null if it is not after the start. */
  get endTimeLine(): ContentLine | null {
    const { start } = this;
    const line = this.property('DTEND') ?? this.property('DUE');
    return start === null || endIfLater(start, timeOf(line, this.vtimezones)) !== null ? line : null;
  }

  /** The exclusive end: DTEND, DUE, or the start plus DURATION. Without them, a date ends after its day (RFC 5545 §3.6.1). */
  get end(): CalendarTime | null {
    this.#index.end ??= { time: this.#readEnd() };
    return this.#index.end.time;
  }

  /** Returns the values of RDATE or EXDATE. */
  dates(name: 'RDATE' | 'EXDATE'): ListedDate[] {
    const { vtimezones } = this;
    return this.properties(name).flatMap((line) =>
      line.value.split(',').map((value) => {
        const written = value.trim();
        const [from = '', until = ''] = written.split('/', 2);
        const time = timeOf(line, vtimezones, from);
        // RFC 5545 §3.3.9: a period has an end or a duration.
        const end = timeOf(line, vtimezones, until) ?? (time && endAfter(time, until, vtimezones));
        return { written, time, end };
      }),
    );
  }

  get uid(): string | null {
    const line = this.property('UID');
    return line === null ? null : unescapeText(line.value).trim();
  }

  /** RFC 5546 §2.1.4: 0 if missing. */
  get sequence(): number {
    return readSequence(this.property('SEQUENCE')) ?? 0;
  }

  get cancelled(): boolean {
    return this.property('STATUS')?.value.trim().toUpperCase() === 'CANCELLED';
  }

  /** LAST-MODIFIED in milliseconds since 1970, null if missing or invalid. */
  get lastModified(): number | null {
    return timeOf(this.property('LAST-MODIFIED'), [])?.instant ?? null;
  }

  /** The address in the value, or else in EMAIL; null if neither is a mail address. */
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

  /** Returns the ATTENDEE lines with this address, usually one. Returns [] if the address is not invited. */
  attendeeLines(attendee: CalendarAddress): ContentLine[] {
    return this.#linesAt(this.#index.positionsOf(attendee));
  }

  invites(attendee: CalendarAddress): boolean {
    return this.#index.positionsOf(attendee).length > 0;
  }

  /** Returns null if the address is not an attendee. */
  partstatOf(attendee: CalendarAddress): Partstat | null {
    const line = this.#lineAt(this.#index.positionsOf(attendee)[0]);
    return line && partstatIn(line);
  }

  /** Returns the component with changed ATTENDEE lines. `change` must keep the name and the address of a line. */
  withAttendee(attendee: CalendarAddress, change: (line: ContentLine) => ContentLine): EventComponent {
    const parts = [...this.parts];
    for (const at of this.#index.positionsOf(attendee)) {
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
    const written = timeOf(this.endTimeLine, vtimezones);
    if (written || !start) return written;
    const end = endAfter(start, this.property('DURATION')?.value ?? '', vtimezones);
    return end ?? (start.form === 'date' ? endAfter(start, 'P1D', vtimezones) : null);
  }

  #linesAt(positions: readonly number[] = []): ContentLine[] {
    return positions.flatMap((at) => this.#lineAt(at) ?? []);
  }

  #lineAt(position = -1): ContentLine | null {
    const part = this.parts[position];
    return part instanceof ContentLine ? part : null;
  }
}

/** The positions of the parts by name and by address. It is computed on first use and shared by changed copies. */
class ComponentIndex {
  readonly #parts: readonly Part[];
  readonly vtimezones: readonly string[];
  #own: ReadonlyMap<string, readonly number[]> | null = null;
  #attendees: AttendeeIndex | null = null;
  /** Cached on first use. */
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

  positionsOf({ key }: CalendarAddress): readonly number[] {
    this.#attendees ??= indexAttendees(this.#parts, this.own.get('ATTENDEE') ?? []);
    return this.#attendees.byValue.get(key) ?? this.#attendees.byEmail.get(key) ?? [];
  }
}

interface AttendeeIndex {
  readonly byValue: ReadonlyMap<string, readonly number[]>;
  /** By the parameter EMAIL of stored events (RFC 7986 §6.2), for values such as `urn:uuid:` and principal paths. */
  readonly byEmail: ReadonlyMap<string, readonly number[]>;
}

function indexNames(parts: readonly Part[]): Map<string, number[]> {
  const own = new Map<string, number[]>();
  for (const [at, part] of parts.entries()) if (part instanceof ContentLine) append(own, part.name, at);
  return own;
}

function indexAttendees(parts: readonly Part[], positions: readonly number[]): AttendeeIndex {
  const byValue = new Map<string, number[]>();
  const byEmail = new Map<string, number[]>();
  for (const at of positions) {
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
  const positions = map.get(key);
  if (positions) positions.push(at);
  else map.set(key, [at]);
}

/** Returns an invalid RECURRENCE-ID as written, so that the component is still an override and not the master. */
function readRecurrenceId(line: ContentLine | null, vtimezones: readonly string[]): string | null {
  const time = timeOf(line, vtimezones);
  return time ? occurrenceIdOf(time) : (line?.value ?? null);
}

/** Returns the address of an ATTENDEE or ORGANIZER of a stored event: the value or, if it is not a mail address, EMAIL. */
export function storedAddress(line: ContentLine): CalendarAddress | null {
  return calendarAddress(line.value) ?? calendarAddress(line.param('EMAIL') ?? '');
}

/** Returns the PARTSTAT of an ATTENDEE of a stored event. RFC 5545 §3.2.12: NEEDS-ACTION if missing or unknown. */
export function partstatIn(attendee: ContentLine): Partstat {
  return asPartstat(attendee.param('PARTSTAT')?.trim().toUpperCase() ?? '') ?? 'NEEDS-ACTION';
}

/** Returns null for a value that RFC 5545 §3.2.12 does not define. */
export function asPartstat(text: string): Partstat | null {
  return PARTSTATS.find((partstat) => partstat === text) ?? null;
}

/** RFC 5545 §3.8.7.4. Returns null if missing or invalid. */
export function readSequence(line: ContentLine | null): number | null {
  const text = line?.value.trim() ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
