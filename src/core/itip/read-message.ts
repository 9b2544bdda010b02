// Reads an iTIP message. In: calendar text as a client sent it; out: the items of its components. It accepts every deviation
// from RFC 5545 that leaves the meaning clear, and lists in `unusable` the components that it omits, with the reason. It does
// not verify the sender. It refuses (`calendar-unparseable`) text without a calendar, or with several.
import { joinLines, splitLines } from '../ical/content-lines.ts';
import { EventComponent, isEvent } from '../ical/event-component.ts';
import { unparseable } from '../ical/event-document.ts';
import { componentsIn, linesOf, ownLines, readComponents } from '../ical/read-components.ts';
import { readCounter, readRefresh, readReply } from './read-component.ts';
import type { ClaimedItem, ItipMessage } from './types.ts';

/**
 * Reads the calendar text of a mail part. `headerMethod` is the parameter `method` of its Content-Type (RFC 6047 §2.4). METHOD
 * of the calendar takes precedence, because Google sends a COUNTER with `method=REPLY`.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function readMessage(text: string, headerMethod: string | null): ItipMessage {
  const calendar = readCalendar(text);
  const method = readMethod(calendar.method) ?? readMethod(headerMethod);
  const items: ClaimedItem[] = [];
  const unusable = [...calendar.unusable];
  const read = READERS.get(method ?? '');
  if (read && calendar.components.length > MAX_COMPONENTS) throw unparseable(`more than ${MAX_COMPONENTS} components`);
  for (const component of read ? calendar.components : []) {
    const claims = read?.(component, calendar.isFromGoogle) ?? [];
    if (typeof claims === 'string') unusable.push(claims);
    else items.push(...claims);
  }
  return { method, items, unusable };
}

/** Each component may cause requests to the CalDAV server, so a mail with thousands of them would overload it. */
const MAX_COMPONENTS = 200;

/** Returns a string with the reason if the component cannot be used. */
type Reader = (component: EventComponent, isFromGoogle: boolean) => readonly ClaimedItem[] | string;

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
  /** The first METHOD, because some clients write it twice. */
  readonly method: string | null;
  readonly isFromGoogle: boolean;
  readonly components: readonly EventComponent[];
  readonly unusable: readonly string[];
}

function readCalendar(text: string): ReadCalendar {
  // Lines outside of the VCALENDAR are text, even if they look like content lines.
  const { components, faults } = readComponents(splitLines(text), 'VCALENDAR');
  const [calendar, another] = components.filter(({ name }) => name === 'VCALENDAR');
  if (calendar === undefined) throw unparseable('no VCALENDAR');
  if (another !== undefined) throw unparseable('several VCALENDARs in one part');
  if (faults.some(({ kind }) => kind === 'too-deep')) throw unparseable('nested too deep');
  const whole = componentsIn(calendar).filter(({ endLine }) => endLine !== null);
  const vtimezones = whole.filter(({ name }) => name === 'VTIMEZONE').map((zone) => joinLines(linesOf([zone])));
  const events = whole.filter(isEvent);
  const valueOf = (name: string) => ownLines(calendar).find((line) => line.name === name)?.value ?? null;
  return {
    method: valueOf('METHOD'),
    isFromGoogle: /\bgoogle\b/i.test(valueOf('PRODID') ?? ''),
    components: events.map((event) => new EventComponent(event, vtimezones)),
    unusable: faults.flatMap(({ kind, name, message }) => (kind === 'no-end' && name !== 'VCALENDAR' ? message : [])),
  };
}
