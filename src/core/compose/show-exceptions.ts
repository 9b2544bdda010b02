// Describes the exceptions of a series in words. In: an EventView; out: a line for each occurrence that differs from the series,
// such as `December 1, 2026: Wednesday, December 2, 2026, 2:00 – 3:00 PM`. It refuses nothing: it omits differences of
// properties that the mail does not show.
import type { EventDifference } from '../itip/what-changed.ts';
import { dateOf, type ChangeContext, showDifference } from './show-changes.ts';
import type { EventView, Templates } from './types.ts';
import type { Reader } from './format-time.ts';

const MAX_EXCEPTIONS = 10;

export function showExceptions(event: EventView, reader: Reader, templates: Templates): readonly string[] {
  const separator = templates.message(reader.language, 'mail.exception.separator');
  const ids = new Set(event.exceptions.map(({ recurrenceId }) => recurrenceId ?? ''));
  const lines = [...ids].flatMap((recurrenceId) => {
    const differences = event.exceptions.filter((each) => each.recurrenceId === recurrenceId);
    const parts = differences.flatMap((each) => describe(each, { event, reader, templates }));
    const date = dateOf(recurrenceId, event, reader);
    if (parts.length === 0 || date === '') return [];
    return [templates.message(reader.language, 'mail.exception.one', { date, changes: parts.join(separator) })];
  });
  const more = lines.length - MAX_EXCEPTIONS;
  if (more <= 0) return lines;
  return [
    ...lines.slice(0, MAX_EXCEPTIONS),
    templates.message(reader.language, 'mail.exception.more', { count: more }),
  ];
}

function describe(
  difference: EventDifference,
  { event, reader, templates }: Pick<ChangeContext, 'event' | 'reader' | 'templates'>,
): string[] {
  if (difference.kind === 'description') return [templates.message(reader.language, 'mail.exception.notes')];
  // The line begins with the date, so the labels need none.
  const own = { ...event, recurrenceId: difference.recurrenceId };
  const changes = showDifference({ previous: event, event: own, recurrence: null, reader, templates }, difference);
  return changes.map(({ label, now }) =>
    difference.kind === 'time' ? now : `${label}${templates.message(reader.language, 'mail.colon')} ${now}`,
  );
}
