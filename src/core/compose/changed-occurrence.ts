// Selects the event that a mail shows. In: the mail; out: the view of the occurrence that changed if only occurrences of a series
// changed, else of the series with its next occurrence, and whether the mail is about that one occurrence only. It refuses a
// calendar without an event.
import { parseEvent } from '../ical/event-document.ts';
import { type AsOf, isOver } from '../ical/next-occurrence.ts';
import { formOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { type EventDifference, whatChanged } from '../itip/what-changed.ts';
import { readEventView } from './event-view.ts';
import type { EventView, InvitationMail } from './types.ts';

export interface MailedEvent {
  readonly event: EventView;
  /** Whether the mail is about one occurrence of a series. */
  readonly isOneDate: boolean;
}

/** @throws GatewayError `calendar-unparseable` */
export function mailedEvent(mail: InvitationMail, asOf: AsOf): MailedEvent {
  const changed = changedOccurrences(mail);
  const views = changed.map((change) => viewOf(mail, change));
  const shown = views.find((view) => !isOver(view, asOf)) ?? views.at(-1);
  if (shown !== undefined) return { event: shown, isOneDate: changed.length === 1 };
  const event = readEventView(mail.calendar, null, mail.recipient, asOf);
  return { event, isOneDate: event.recurrenceId !== null && event.recurrence === null };
}

interface ChangedOccurrence {
  readonly recurrenceId: string;
  readonly isRemoved: boolean;
}

/** Returns the occurrences that changed, in order; [] if the series changed, or nothing that this recipient sees. */
function changedOccurrences({ kind, previousCalendar, calendar, guestList }: InvitationMail): ChangedOccurrence[] {
  if (kind !== 'update' || previousCalendar === null || parseEvent(calendar).master === null) return [];
  const differences = whatChanged(previousCalendar, calendar).filter((each) => guestList || each.kind !== 'attendees');
  const changed = new Map<string, ChangedOccurrence>();
  for (const difference of differences) {
    const occurrences = occurrencesOf(difference, calendar);
    if (occurrences.length === 0) return [];
    for (const each of occurrences) changed.set(each.recurrenceId, each);
  }
  return [...changed.values()].sort((a, b) => a.recurrenceId.localeCompare(b.recurrenceId));
}

/** Returns the occurrences that the difference is about, [] if it is about the series. */
function occurrencesOf(difference: EventDifference, calendar: string): ChangedOccurrence[] {
  const { kind, recurrenceId } = difference;
  if (recurrenceId !== null)
    return [{ recurrenceId, isRemoved: kind === 'occurrence' && difference.change === 'removed' }];
  return kind === 'recurrence' ? changedDates(difference, calendar) : [];
}

/** Returns the dates that were added or excluded, [] if the rule has changed as well. */
function changedDates(
  { before, after }: Extract<EventDifference, { kind: 'recurrence' }>,
  calendar: string,
): ChangedOccurrence[] {
  if (before.rules.join('\n') !== after.rules.join('\n')) return [];
  const dates = [
    ...datesOnlyIn(after.excluded, before.excluded).map((recurrenceId) => ({ recurrenceId, isRemoved: true })),
    ...datesOnlyIn(before.added, after.added).map((recurrenceId) => ({ recurrenceId, isRemoved: true })),
    ...datesOnlyIn(before.excluded, after.excluded).map((recurrenceId) => ({ recurrenceId, isRemoved: false })),
    ...datesOnlyIn(after.added, before.added).map((recurrenceId) => ({ recurrenceId, isRemoved: false })),
  ];
  const start = parseEvent(calendar).master?.start;
  // In a series of times, Exchange excludes a whole day by its date, which identifies no occurrence.
  const form = start ? formOf(occurrenceIdOf(start)) : null;
  return dates.every(({ recurrenceId }) => formOf(recurrenceId) === form) ? dates : [];
}

/** Returns the keys without the end of a PERIOD. */
function datesOnlyIn(dates: readonly string[], others: readonly string[]): string[] {
  return dates.filter((date) => !others.includes(date)).map((date) => date.split('/')[0] ?? date);
}

/** A removed occurrence is shown as it was mailed last, because its override may be gone. */
function viewOf(mail: InvitationMail, { recurrenceId, isRemoved }: ChangedOccurrence): EventView {
  const calendar = isRemoved ? (mail.previousCalendar ?? mail.calendar) : mail.calendar;
  return readEventView(calendar, recurrenceId, mail.recipient, null);
}
