// Loads a copy, plans its new text and writes it with If-Match. After a conflict it loads and plans again, so that no
// change of another client is overwritten (RFC 4791 §5.3.4).
import { GatewayError } from '../../core/errors.ts';
import { type EventDocument, eventText, parseEvent } from '../../core/ical/event-document.ts';
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import type { CalendarStore } from '../ports/calendar-store.ts';
import type { Stored } from './copy.ts';

export interface EditedCopy<T> {
  readonly stored: Stored;
  /** The text as stored now; null: there is no event that can be edited. */
  readonly text: string | null;
  readonly href: string | null;
  readonly written: boolean;
  readonly result: T;
}

const MAX_CONFLICTS = 8;

/** `plan` returns the document to store, or null for none. It is called each time the copy is loaded. */
export async function editCopy<T>(
  store: CalendarStore,
  which: { readonly owner: CalendarAddress; readonly uid: string; readonly href: string | null },
  plan: (stored: Stored) => Promise<{ readonly document: EventDocument | null; readonly result: T }>,
): Promise<EditedCopy<T>> {
  const { owner, uid } = which;
  let href = which.href;
  let reloadedAfterError = false;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const found = await store.find(owner, uid, href);
    const stored = found.kind === 'found' ? readStored(found.event) : found;
    const { document, result } = await plan(stored);
    if (found.kind !== 'found' || stored.kind !== 'loaded' || document === null) {
      return { stored, text: null, href: null, written: false, result };
    }
    const { event } = found;
    const text = eventText(document);
    const edited = { stored, text, href: event.href, result };
    if (text === event.text) return { ...edited, written: false };
    const written = await store.write(owner, event, text).catch((error: unknown) => {
      if (reloadedAfterError || !(error instanceof GatewayError && error.code === 'caldav-unreachable')) throw error;
      return null;
    });
    // The outcome of the PUT is unknown: reload at once, before the next answer to this event is judged.
    if (written === null) {
      reloadedAfterError = true;
      continue;
    }
    if (written.kind === 'written') return { ...edited, written: true };
    if (written.kind === 'gone') href = null;
  }
  throw new GatewayError(
    'caldav-refused',
    `other clients keep changing the event: ${MAX_CONFLICTS} conflicts in a row`,
    {
      temporary: true,
    },
  );
}

function readStored({ text, lastModified }: StoredEvent): Stored {
  try {
    return { kind: 'loaded', text, document: parseEvent(text, lastModified) };
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') {
      return { kind: 'unusable', why: error.message };
    }
    throw error;
  }
}
