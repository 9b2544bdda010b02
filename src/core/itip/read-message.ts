// A calendar message as some client sent it: text comes in, what it states goes out, component by component. Reading is
// lenient about everything that leaves no doubt of what is meant, and says in `unusable` what was left out and why. It
// refuses (`calendar-unparseable`) what holds no calendar or several. Nothing here says that the sender may say so.
import { GatewayError } from '../errors.ts';
import { type ContentLine, splitLines } from '../ical/content-lines.ts';
import { beginOrEnd } from '../ical/event-document.ts';
import { type ClaimedComponent, readCounter, readRefresh, readReply } from './read-component.ts';
import type { ClaimedItem, ItipMessage } from './types.ts';

/**
 * Reads calendar text from a mail part. `headerMethod` is the `method` parameter of its Content-Type (RFC 6047 §2.4); the
 * METHOD inside wins: Google sends COUNTER inside of `method=REPLY`.
 * @throws GatewayError `calendar-unparseable`
 */
export function readMessage(text: string, headerMethod: string | null): ItipMessage {
  const calendar = readCalendar(splitLines(text));
  const method = readMethod(calendar.method) ?? readMethod(headerMethod);
  const items: ClaimedItem[] = [];
  const unusable = [...calendar.unusable];
  const read = READERS.get(method ?? '');
  if (read && calendar.components.length > MOST_COMPONENTS)
    throw unparseable(`more than ${MOST_COMPONENTS} components`);
  for (const component of read ? calendar.components : []) {
    const claims = read?.(component) ?? [];
    if (typeof claims === 'string') unusable.push(claims);
    else items.push(...claims);
  }
  return { method, items, unusable };
}

/** Each may ask the CalDAV server something: a mail of thousands would keep it busy. */
const MOST_COMPONENTS = 200;

/** A string says why the component gives nothing. */
type Reader = (component: ClaimedComponent) => readonly ClaimedItem[] | string;

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['REPLY', readReply],
  ['COUNTER', readCounter],
  ['REFRESH', readRefresh],
]);

function readMethod(text: string | null): string | null {
  const method = text?.trim().replace(/^"|"$/g, '').toUpperCase() ?? '';
  return /^[A-Z-]+$/.test(method) ? method : null;
}

interface ReadCalendar {
  /** The first METHOD: some clients write it twice. */
  readonly method: string | null;
  readonly components: readonly ClaimedComponent[];
  readonly unusable: readonly string[];
}

/** The open components while reading, outermost first; `lines` are what stands directly in it. */
interface Open {
  readonly name: string;
  readonly lines: ContentLine[];
  readonly from: number;
}

function readCalendar(lines: readonly ContentLine[]): ReadCalendar {
  const found: { name: 'VEVENT' | 'VTODO'; lines: ContentLine[] }[] = [];
  const vtimezones: string[] = [];
  const unusable: string[] = [];
  const open: Open[] = [];
  let calendar: Open | null = null;
  for (const [at, line] of lines.entries()) {
    const word = beginOrEnd(line);
    const name = word === null ? '' : line.value.trim().toUpperCase();
    if (word === null) open.at(-1)?.lines.push(line);
    if (word === 'BEGIN') {
      if (name === 'VCALENDAR' && calendar !== null) throw unparseable('several VCALENDARs in one part');
      if (open.length > 20) throw unparseable('nested too deep');
      // What stands around the calendar is the text of a letter, whatever it looks like.
      if (name === 'VCALENDAR' || open.length > 0) open.push({ name, lines: [], from: at });
      calendar ??= open[0] ?? null;
    }
    // An END that opens nothing is passed over; one further out closes what was left open inside.
    const begin = word === 'END' ? open.findLastIndex((each) => each.name === name) : -1;
    const closed = open[begin];
    if (closed === undefined) continue;
    if (begin < open.length - 1) unusable.push(`${open.at(-1)?.name} has no END`);
    if (begin === 1 && isEvent(name)) found.push({ name, lines: closed.lines });
    if (begin === 1 && name === 'VTIMEZONE') vtimezones.push(textOf(lines, closed.from, at));
    open.length = begin;
  }
  if (calendar === null) throw unparseable('no VCALENDAR');
  unusable.push(...open.slice(1).map((each) => `${each.name} has no END: the text was cut off`));
  const method = calendar.lines.find((line) => line.name === 'METHOD')?.value ?? null;
  return { method, components: found.map((each) => ({ ...each, vtimezones })), unusable };
}

function isEvent(name: string): name is 'VEVENT' | 'VTODO' {
  return name === 'VEVENT' || name === 'VTODO';
}

function textOf(lines: readonly ContentLine[], from: number, to: number): string {
  return lines
    .slice(from, to + 1)
    .map((line) => `${line.text}\r\n`)
    .join('');
}

function unparseable(what: string): GatewayError {
  return new GatewayError('calendar-unparseable', `the calendar cannot be read: ${what}`);
}
