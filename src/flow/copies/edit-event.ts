// Load, edit, write with If-Match; again when somebody else wrote first. The edit is decided anew on what was loaded, so
// nothing is ever written blind (RFC 4791 §5.3.4).
import type { CalendarStore } from '../ports/calendar-store.ts';
import { GatewayError } from '../../core/errors.ts';
import { type EventDocument, eventText, parseEvent } from '../../core/ical/event-document.ts';
import type { CalendarAddress, StoredEvent } from '../../core/ical/types.ts';
import type { HoldReason } from '../../core/reasons.ts';

export interface Edited<T> {
  readonly document: EventDocument;
  readonly result: T;
}

export type EditResult<T> =
  | {
      readonly kind: 'edited';
      readonly href: string;
      readonly text: string;
      readonly written: boolean;
      readonly result: T;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' }
  /** The server holds something under that UID that is no calendar we can edit. */
  | { readonly kind: 'unusable'; readonly why: string };

/** Why nothing could be edited. */
export const withoutEvent = {
  none: 'unknown-event',
  ambiguous: 'ambiguous-event',
  unusable: 'event-unusable',
} as const satisfies Record<Exclude<EditResult<unknown>['kind'], 'edited'>, HoldReason>;

const MOST_CONFLICTS = 8;

export async function editEvent<T>(
  store: CalendarStore,
  which: { readonly organizer: CalendarAddress; readonly uid: string; readonly href: string | null },
  edit: (document: EventDocument, event: StoredEvent) => Promise<Edited<T>>,
): Promise<EditResult<T>> {
  let href = which.href;
  let lookedAgain = false;
  for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts += 1) {
    const found = await store.find(which.organizer, which.uid, href);
    if (found.kind !== 'found') return { kind: found.kind };
    const { event } = found;
    let document: EventDocument;
    try {
      document = parseEvent(event.text, event.lastModified);
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'calendar-unparseable')
        return { kind: 'unusable', why: error.message };
      throw error;
    }
    const edited = await edit(document, event);
    const text = eventText(edited.document);
    const done = { kind: 'edited', href: event.href, text, result: edited.result } as const;
    if (text === event.text) return { ...done, written: false };
    const written = await store.write(which.organizer, event, text).catch((error: unknown) => {
      if (lookedAgain || !(error instanceof GatewayError && error.code === 'caldav-unreachable')) throw error;
      return null;
    });
    // Nobody knows whether it was written. Seen at once, it is known before the next answer to this event comes.
    if (written === null) {
      lookedAgain = true;
      continue;
    }
    if (written.kind === 'written') return { ...done, written: true };
    if (written.kind === 'gone') href = null;
  }
  throw new GatewayError('caldav-refused', `others kept writing the event: ${MOST_CONFLICTS} conflicts in a row`, {
    temporary: true,
  });
}
