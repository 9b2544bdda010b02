// Loads a copy, plans its new text and writes it with If-Match. After a conflict it loads and plans again, so that no
// change of another client is overwritten (RFC 4791 §5.3.4).
import { GatewayError } from '../../core/errors.ts';
import { type EventDocument, eventText, nullIfUnparseable, parseEvent } from '../../core/ical/event-document.ts';
import { type CalendarStore, type FoundEvent, WriteRefused } from '../ports/calendar-store.ts';
import type { EventKind, Job } from '../records/records.ts';
import type { CopyFacts, CopyPlan, Stored } from './copy.ts';

export interface PlannedJob {
  readonly job: Job<EventKind>;
  readonly plan: CopyPlan;
}

/** The document to store, null if there is none, and the plans that lead to it. */
export interface PlannedCopy {
  readonly document: EventDocument | null;
  readonly planned: readonly PlannedJob[];
}

export interface EditedCopy extends Pick<PlannedCopy, 'planned'> {
  readonly stored: Stored;
  /** The text as stored now; null: there is no event that can be edited. */
  readonly text: string | null;
  readonly href: string | null;
  readonly written: boolean;
}

const MAX_CONFLICTS = 8;

/** `plan` is called each time the copy is loaded. */
export async function editCopy(
  store: CalendarStore,
  { owner, uid, context }: CopyFacts,
  plan: (stored: Stored) => Promise<PlannedCopy>,
): Promise<EditedCopy> {
  let href = context.place?.href ?? null;
  let reloadedAfterError = false;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const found = await store.find(owner, uid, href);
    const stored = readStored(found);
    const { document, planned } = await plan(stored);
    if (found.kind !== 'found' || document === null) return { stored, text: null, href: null, written: false, planned };
    const { event } = found;
    const text = eventText(document);
    const edited = { stored, text, href: event.href, planned };
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
    if (written.kind === 'refused') throw new WriteRefused(written.reason, written.detail);
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

const MISSING = { none: 'unknown-event', 'not-visible': 'not-visible', ambiguous: 'ambiguous-event' } as const;

function readStored(found: FoundEvent): Stored {
  if (found.kind !== 'found') return { kind: 'missing', reason: MISSING[found.kind] };
  const { text, lastModified } = found.event;
  const document = nullIfUnparseable(() => parseEvent(text, lastModified));
  return document === null ? { kind: 'missing', reason: 'event-unusable' } : { kind: 'loaded', text, document };
}
