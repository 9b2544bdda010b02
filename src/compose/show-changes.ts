// In: an event as it was mailed last and as it is now, its reader. Out: what changed, old and new, in the words in which
// the reader sees the event; nothing where only such things changed as a reader does not see.
import { showEvent, type ShownEvent, showTitle } from './show-event.ts';
import type { Reader } from './format-time.ts';
import { plainLine } from './plain-text.ts';
import type { EventView, Templates } from './types.ts';

export interface ShownChange {
  readonly label: string;
  /** Null: it had none, or the old text would not help. */
  readonly was: string | null;
  readonly now: string;
}

function joined(pieces: ShownEvent['location']): string {
  return (pieces ?? []).map((piece) => piece.text).join('');
}

export function showChanges(
  previous: EventView,
  event: EventView,
  reader: Reader,
  templates: Templates,
): readonly ShownChange[] {
  const say = (key: string): string => templates.message(reader.language, `mail.${key}`);
  const [was, now] = [showEvent(previous, reader, templates), showEvent(event, reader, templates)];
  const changes: ShownChange[] = [];
  const compare = (label: string, before: string, after: string): void => {
    if (before === after) return;
    changes.push({ label: say(`label.${label}`), was: before || null, now: after || say('changed.nothing') });
  };
  if (previous.cancelled && !event.cancelled) {
    changes.push({ label: say('label.changed'), was: null, now: say('changed.restored') });
  }
  compare('title', showTitle(previous, reader, templates), now.title);
  compare('when', was.when.join(' / '), now.when.join(' / '));
  compare('repeats', was.recurrence ?? '', now.recurrence ?? '');
  compare('where', joined(was.location), joined(now.location));
  compare('join', plainLine(was.url ?? ''), plainLine(now.url ?? ''));
  // Two long texts side by side help nobody: the new one stands below.
  if (previous.description.trim() !== event.description.trim()) {
    changes.push({ label: say('label.notes'), was: null, now: say('changed.notes') });
  }
  return changes;
}
