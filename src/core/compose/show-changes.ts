// Describes the changes of an event in words. In: the event as last mailed to this recipient and as it is now; out: the
// changes with the old and the new text, also those of single occurrences of a series. It omits changes of properties that
// the mail does not show. It refuses a calendar that cannot be parsed.
import { parseEvent, recurrenceIdsOf } from '../ical/event-document.ts';
import type { AsOf } from '../ical/next-occurrence.ts';
import { type EventDifference, whatChanged } from '../itip/what-changed.ts';
import { readTime } from '../ical/time-zones.ts';
import { MEETING_LINKS } from './event-links.ts';
import { readEventView } from './event-view.ts';
import { describeDay, describeWhen, localeOf, type Reader } from './format-time.ts';
import { displayName, plainLine } from './plain-text.ts';
import { describeRecurrence } from './recurrence-words.ts';
import { safeLink } from './safe-link.ts';
import type { EventView, Recurrence, Templates } from './types.ts';

export interface ShownChange {
  readonly label: string;
  /** Null if there was none, or it is not shown. */
  readonly was: string | null;
  readonly now: string;
}

/** A series may have changes on every date; more than this is not useful. */
const MAX_CHANGES = 10;
const MAX_NAMES = 5;

export interface ChangeContext {
  /** The event as last mailed, and as the mail shows it. */
  readonly previous: EventView;
  readonly event: EventView;
  /** The recurrence of the series in both states, null if the change is about one occurrence. */
  readonly recurrence: { readonly before: Recurrence | null; readonly after: Recurrence | null } | null;
  readonly reader: Reader;
  readonly templates: Templates;
}

function message(
  { reader, templates }: ChangeContext,
  key: string,
  values: Readonly<Record<string, string>> = {},
): string {
  return templates.message(reader.language, `mail.${key}`, values);
}

/** Returns the label, with the date if the change concerns one occurrence of a series. */
function labelOf(context: ChangeContext, key: string, recurrenceId: string | null): string {
  const label = message(context, `label.${key}`);
  if (recurrenceId === null || recurrenceId === context.event.recurrenceId) return label;
  const date = dateOf(recurrenceId, context.event, context.reader);
  return date === '' ? label : message(context, 'changed.on', { label, date });
}

/** Returns the date of an occurrence in the event's zone, not in UTC; '' if the id is invalid. */
export function dateOf(recurrenceId: string, { start }: EventView, reader: Reader): string {
  const time = readTime(recurrenceId, {}, []);
  return time === null ? '' : describeDay(time, { ...reader, timezone: start?.zone ?? reader.timezone });
}

function showTexts(
  context: ChangeContext,
  difference: EventDifference,
  key: string,
  was: string,
  now: string,
): ShownChange[] {
  if (was === now) return [];
  const label = labelOf(context, key, difference.recurrenceId);
  return [{ label, was: was || null, now: now || message(context, 'changed.nothing') }];
}

type TextDifference = Extract<EventDifference, { property: string }>;

function showText(context: ChangeContext, difference: TextDifference): ShownChange[] {
  const { kind, property, recurrenceId } = difference;
  const [was, now] = [difference.before ?? '', difference.after ?? ''];
  if (kind === 'title') return showTexts(context, difference, 'title', plainLine(was), plainLine(now));
  if (kind === 'place') return showTexts(context, difference, 'where', plainLine(was), plainLine(now));
  // The old and the new text would be too long; the mail shows the new description below.
  if (kind === 'description')
    return [{ label: labelOf(context, 'notes', recurrenceId), was: null, now: message(context, 'changed.notes') }];
  if (kind === 'status') return showStatus(context, difference);
  if (!MEETING_LINKS.includes(property)) return [];
  return showTexts(context, difference, 'join', linksIn(was), linksIn(now));
}

/** A property that occurs several times has a line for each. */
function linksIn(lines: string): string {
  return lines
    .split('\n')
    .flatMap((line) => safeLink(line) ?? [])
    .join(' / ');
}

function showStatus(context: ChangeContext, { before, after, recurrenceId }: TextDifference): ShownChange[] {
  const [wasOff, isOff] = [before, after].map((status) => status?.toUpperCase() === 'CANCELLED');
  if (wasOff === isOff) return [];
  const now = message(context, isOff ? 'changed.off' : 'changed.restored');
  return [{ label: labelOf(context, 'when', recurrenceId), was: null, now }];
}

function showGuests(
  context: ChangeContext,
  difference: Extract<EventDifference, { kind: 'attendees' }>,
): ShownChange[] {
  const { previous, event, reader } = context;
  const label = labelOf(context, 'guests', difference.recurrenceId);
  const nameOf = (key: string): string => {
    const guest = [...event.guests, ...previous.guests].find((one) => one.key === key);
    return displayName(guest?.name ?? null, guest?.address ?? key);
  };
  const list = (keys: readonly string[]): string => {
    const names = keys.slice(0, MAX_NAMES).map(nameOf);
    const all = keys.length > MAX_NAMES ? [...names, '…'] : names;
    return new Intl.ListFormat(localeOf(reader.language), { type: 'unit' }).format(all);
  };
  return (['added', 'removed'] as const)
    .filter((change) => difference[change].length > 0)
    .map((change) => ({
      label,
      was: null,
      now: message(context, `changed.${change}`, { names: list(difference[change]) }),
    }));
}

export function showDifference(context: ChangeContext, difference: EventDifference): ShownChange[] {
  const { reader, templates } = context;
  switch (difference.kind) {
    case 'time': {
      const [was, now] = [difference.before, difference.after].map(({ start, end }) =>
        describeWhen(start, end, reader, templates).join(' / '),
      );
      return showTexts(context, difference, 'when', was ?? '', now ?? '');
    }
    case 'recurrence': {
      const { before = null, after = null } = context.recurrence ?? {};
      const [was, now] = [before, after].map((each) => describeRecurrence(each, reader, templates) ?? '');
      return showTexts(context, difference, 'repeats', was ?? '', now ?? '');
    }
    case 'attendees':
      return showGuests(context, difference);
    case 'occurrence': {
      const key = difference.change === 'added' ? 'changed.dateAdded' : 'changed.off';
      return [{ label: labelOf(context, 'when', difference.recurrenceId), was: null, now: message(context, key) }];
    }
    default:
      return showText(context, difference);
  }
}

/**
 * @param event the view of `calendar` that the mail shows
 * @param asOf omits dates of the recurrence that are past
 * @param guestList whether the reader may see the other guests
 * @throws GatewayError `calendar-unparseable`
 */
export function showChanges(
  previousCalendar: string,
  calendar: string,
  event: EventView,
  guestList: boolean,
  asOf: AsOf,
  reader: Reader,
  templates: Templates,
): readonly ShownChange[] {
  const previous = readEventView(previousCalendar, event.recurrenceId, null, asOf);
  const [before, after] = [previousCalendar, calendar].map((each) => readEventView(each, null, null, asOf).recurrence);
  const recurrence = { before: before ?? null, after: after ?? null };
  const context: ChangeContext = { previous, event, recurrence, reader, templates };
  // A mail about single occurrences does not describe changes of the series or of other occurrences.
  const covered = recurrenceIdsOf(parseEvent(calendar));
  const isCovered = ({ kind, recurrenceId }: EventDifference): boolean =>
    (guestList || kind !== 'attendees') && (covered.includes(null) || covered.includes(recurrenceId));
  const differences = whatChanged(previousCalendar, calendar).filter(isCovered);
  const changes = differences.flatMap((difference) => showDifference(context, difference));
  // A description in several forms is several differences with the same text.
  const unique = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return [...unique.values()].slice(0, MAX_CHANGES);
}
