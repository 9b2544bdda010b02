// A calendar message as some client sent it: text comes in, what it states goes out, component by component. Reading is
// lenient about everything that leaves no doubt of what is meant, and says in `unusable` what was left out and why. It
// refuses (`calendar-unparseable`) what holds no calendar or several. Nothing here says that the sender may say so.
import { joinLines, splitLines } from '../ical/content-lines.ts';
import { EventComponent, isEvent } from '../ical/event-component.ts';
import { unparseable } from '../ical/event-document.ts';
import { componentsIn, linesOf, ownLines, readComponents } from '../ical/read-components.ts';
import { readCounter, readRefresh, readReply } from './read-component.ts';
import type { ClaimedItem, ItipMessage } from './types.ts';

/**
 * Reads calendar text from a mail part. `headerMethod` is the `method` parameter of its Content-Type (RFC 6047 §2.4); the
 * METHOD inside wins: Google sends COUNTER inside of `method=REPLY`.
 * @throws GatewayError `calendar-unparseable`
 */
export function readMessage(text: string, headerMethod: string | null): ItipMessage {
  const calendar = readCalendar(text);
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
type Reader = (component: EventComponent) => readonly ClaimedItem[] | string;

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
  readonly components: readonly EventComponent[];
  readonly unusable: readonly string[];
}

function readCalendar(text: string): ReadCalendar {
  // What stands around the calendar is the text of a letter, whatever it looks like.
  const { components, faults } = readComponents(splitLines(text), 'VCALENDAR');
  const [calendar, another] = components.filter(({ name }) => name === 'VCALENDAR');
  if (calendar === undefined) throw unparseable('no VCALENDAR');
  if (another !== undefined) throw unparseable('several VCALENDARs in one part');
  if (faults.some(({ kind }) => kind === 'too-deep')) throw unparseable('nested too deep');
  const whole = componentsIn(calendar).filter(({ endLine }) => endLine !== null);
  const vtimezones = whole.filter(({ name }) => name === 'VTIMEZONE').map((zone) => joinLines(linesOf([zone])));
  const events = whole.filter(isEvent);
  return {
    method: ownLines(calendar).find((line) => line.name === 'METHOD')?.value ?? null,
    components: events.map((event) => new EventComponent(event, vtimezones)),
    unusable: faults.flatMap(({ kind, name, what }) => (kind === 'no-end' && name !== 'VCALENDAR' ? what : [])),
  };
}
