// In: an event as this recipient was mailed it last and as it is now, the reader. Out: what changed, old and new, in words;
// of a series also what changed about single dates. Nothing where only such things changed as a reader does not see.
import { parseEvent, recurrenceIdsOf } from '../ical/event-document.ts';
import { type EventDifference, whatChanged } from '../itip/what-changed.ts';
import { readTime } from '../ical/time-zones.ts';
import { readEventView } from './event-view.ts';
import { describeDay, describeWhen, localeOf, type Reader } from './format-time.ts';
import { displayName, plainLine } from './plain-text.ts';
import { describeRecurrence } from './recurrence-words.ts';
import { safeLink } from './safe-link.ts';
import type { EventView, Templates } from './types.ts';

export interface ShownChange {
  readonly label: string;
  /** Null: it had none, or the old text would not help. */
  readonly was: string | null;
  readonly now: string;
}

/** Of a series whose every date changed, nobody reads more. */
const SHOWN_CHANGES = 10;
const SHOWN_NAMES = 5;

interface Telling {
  readonly previous: EventView;
  readonly event: EventView;
  readonly reader: Reader;
  readonly templates: Templates;
}

function say({ reader, templates }: Telling, key: string, values: Readonly<Record<string, string>> = {}): string {
  return templates.message(reader.language, `mail.${key}`, values);
}

/** The label, with the date where it is about one date of a series. */
function labelOf(telling: Telling, key: string, recurrenceId: string | null): string {
  const label = say(telling, `label.${key}`);
  const { recurrenceId: shown, start } = telling.event;
  if (recurrenceId === null || recurrenceId === shown) return label;
  const time = readTime(recurrenceId, {}, []);
  // The instant of an occurrence is a day where the event is, not in Greenwich.
  const reader = { ...telling.reader, timezone: start?.zone ?? telling.reader.timezone };
  return time === null ? label : say(telling, 'changed.on', { label, date: describeDay(time, reader) });
}

function showTexts(
  telling: Telling,
  difference: EventDifference,
  key: string,
  was: string,
  now: string,
): ShownChange[] {
  if (was === now) return [];
  const label = labelOf(telling, key, difference.recurrenceId);
  return [{ label, was: was || null, now: now || say(telling, 'changed.nothing') }];
}

type TextDifference = Extract<EventDifference, { property: string }>;

function showText(telling: Telling, difference: TextDifference): ShownChange[] {
  const { kind, property, recurrenceId } = difference;
  const [was, now] = [difference.before ?? '', difference.after ?? ''];
  if (kind === 'title') return showTexts(telling, difference, 'title', plainLine(was), plainLine(now));
  if (kind === 'place') return showTexts(telling, difference, 'where', plainLine(was), plainLine(now));
  // Two long texts side by side help nobody: the new one stands below.
  if (kind === 'description')
    return [{ label: labelOf(telling, 'notes', recurrenceId), was: null, now: say(telling, 'changed.notes') }];
  if (kind === 'status') return showStatus(telling, difference);
  const isLink = ['CONFERENCE', 'X-GOOGLE-CONFERENCE', 'X-MICROSOFT-SKYPETEAMSMEETINGURL', 'URL'].includes(property);
  return isLink ? showTexts(telling, difference, 'join', safeLink(was) ?? '', safeLink(now) ?? '') : [];
}

function showStatus(telling: Telling, { before, after, recurrenceId }: TextDifference): ShownChange[] {
  const [wasOff, isOff] = [before, after].map((status) => status?.toUpperCase() === 'CANCELLED');
  if (wasOff === isOff) return [];
  const now = say(telling, isOff ? 'changed.off' : 'changed.restored');
  return [{ label: labelOf(telling, 'when', recurrenceId), was: null, now }];
}

function showGuests(telling: Telling, difference: Extract<EventDifference, { kind: 'attendees' }>): ShownChange[] {
  const { previous, event, reader } = telling;
  const label = labelOf(telling, 'guests', difference.recurrenceId);
  const nameOf = (key: string): string => {
    const guest = [...event.guests, ...previous.guests].find((one) => one.key === key);
    return displayName(guest?.name ?? null, guest?.address ?? key);
  };
  const list = (keys: readonly string[]): string => {
    const names = keys.slice(0, SHOWN_NAMES).map(nameOf);
    const all = keys.length > SHOWN_NAMES ? [...names, '…'] : names;
    return new Intl.ListFormat(localeOf(reader.language), { type: 'unit' }).format(all);
  };
  return (['added', 'removed'] as const)
    .filter((change) => difference[change].length > 0)
    .map((change) => ({
      label,
      was: null,
      now: say(telling, `changed.${change}`, { names: list(difference[change]) }),
    }));
}

function showDifference(telling: Telling, difference: EventDifference): ShownChange[] {
  const { previous, event, reader, templates } = telling;
  switch (difference.kind) {
    case 'time': {
      const [was, now] = [difference.before, difference.after].map(({ start, end }) =>
        describeWhen(start, end, reader, templates).join(' / '),
      );
      return showTexts(telling, difference, 'when', was ?? '', now ?? '');
    }
    case 'recurrence': {
      const [was, now] = [previous, event].map((view) => describeRecurrence(view, reader, templates) ?? '');
      return showTexts(telling, difference, 'repeats', was ?? '', now ?? '');
    }
    case 'attendees':
      return showGuests(telling, difference);
    case 'occurrence': {
      const key = difference.change === 'added' ? 'changed.dateAdded' : 'changed.off';
      return [{ label: labelOf(telling, 'when', difference.recurrenceId), was: null, now: say(telling, key) }];
    }
    default:
      return showText(telling, difference);
  }
}

/**
 * @param event the view of `calendar` that the mail shows
 * @param guestList whether the reader may see who else is invited
 * @throws GatewayError `calendar-unparseable`
 */
export function showChanges(
  previousCalendar: string,
  calendar: string,
  event: EventView,
  guestList: boolean,
  reader: Reader,
  templates: Templates,
): readonly ShownChange[] {
  const previous = readEventView(previousCalendar, event.recurrenceId, null);
  const telling: Telling = { previous, event, reader, templates };
  // A mail about single dates says nothing of the series, nor of its other dates.
  const told = recurrenceIdsOf(parseEvent(calendar));
  const isTold = ({ kind, recurrenceId }: EventDifference): boolean =>
    (guestList || kind !== 'attendees') && (told.includes(null) || told.includes(recurrenceId));
  const differences = whatChanged(previousCalendar, calendar).filter(isTold);
  return differences.flatMap((difference) => showDifference(telling, difference)).slice(0, SHOWN_CHANGES);
}
