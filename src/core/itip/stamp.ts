// Stamps the calendar of a mail. In: the calendar, its METHOD, the earlier mails about the event to the same recipient, and the
// time; out: DTSTAMP, and the SEQUENCE of each component. Receivers drop a message that is not newer than the one before it,
// but some organizers' clients move an event and raise neither (Apple raises only LAST-MODIFIED). It refuses nothing.
import type { EventComponent } from '../ical/event-component.ts';
import {
  componentFor,
  componentsOf,
  type EventDocument,
  nullIfUnparseable,
  parseEvent,
} from '../ical/event-document.ts';
import { occurrenceSchedule } from './fingerprint.ts';
import { concerns, mailedOccurrence } from './mailed-occurrence.ts';
import type { MailedRevision } from './types.ts';

const SECOND = 1_000;

export interface MailStamp {
  /** DTSTAMP, in milliseconds since 1970. */
  readonly stampedAt: number;
  /** SEQUENCE by recurrenceId (null: the event itself). A component that is not in it keeps its own. */
  readonly sequences: ReadonlyMap<string | null, number>;
}

/**
 * `mailed`: oldest first.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function stampFor(
  document: EventDocument,
  method: string,
  mailed: readonly MailedRevision[],
  now: number,
): MailStamp {
  // RFC 5545 §3.8.7.2: DTSTAMP has whole seconds, so mails of the same second need different ones.
  const next = Math.max(...mailed.map(({ stampedAt }) => stampedAt + SECOND), now);
  return { stampedAt: next - (next % SECOND), sequences: sequencesFor(document, method, mailed) };
}

/** Returns the SEQUENCEs in the stamp that differ from the components' own, by recurrenceId ('': of the event itself). */
export function raisedSequences(document: EventDocument, { sequences }: MailStamp): Readonly<Record<string, number>> {
  const raised = componentsOf(document).flatMap(({ recurrenceId, sequence }) => {
    const mailed = sequences.get(recurrenceId) ?? sequence;
    return mailed === sequence ? [] : [[recurrenceId ?? '', mailed] as const];
  });
  return Object.fromEntries(raised);
}

/** Attendees do not issue SEQUENCE (RFC 5546 §2.1.4). */
const ISSUED_BY_ORGANIZER: ReadonlySet<string> = new Set(['REQUEST', 'CANCEL', 'DECLINECOUNTER']);

function sequencesFor(
  document: EventDocument,
  method: string,
  mailed: readonly MailedRevision[],
): MailStamp['sequences'] {
  if (!ISSUED_BY_ORGANIZER.has(method)) return new Map();
  const revisions = mailed.filter((mail) => mail.method === 'REQUEST' || mail.method === 'CANCEL');
  const sequences = new Map<string | null, number>();
  for (const component of componentsOf(document)) {
    const own = sequenceFor(document, component, method, revisions);
    // Clients ignore an override whose SEQUENCE is below that of its series.
    sequences.set(component.recurrenceId, Math.max(own, sequences.get(null) ?? 0));
  }
  return sequences;
}

/**
 * RFC 5546 §2.1.4: a message that changes the time, cancels or restores has a higher SEQUENCE than the last one mailed. No
 * message has a lower one.
 */
function sequenceFor(
  document: EventDocument,
  { recurrenceId, sequence }: EventComponent,
  method: string,
  revisions: readonly MailedRevision[],
): number {
  const ids = recurrenceId === null ? [null, ...formerOverrides(document, revisions)] : [recurrenceId];
  const last = ids.flatMap((id) => lastMailed(revisions, id) ?? []);
  const highest = Math.max(0, ...last.map((each) => each.sequence));
  const isNews = last.some(
    (each) =>
      method !== 'DECLINECOUNTER' &&
      (each.method !== method || (method === 'REQUEST' && each.schedule !== occurrenceSchedule(document, each.id))),
  );
  return isNews && sequence <= highest ? highest + 1 : Math.max(sequence, highest);
}

/** Returns the occurrences that were mailed as overrides and now follow the series. */
function formerOverrides(document: EventDocument, revisions: readonly MailedRevision[]): string[] {
  const now = new Set(document.overrides.map((each) => each.recurrenceId));
  const whole = revisions.findLast((mail) => mail.recurrenceId === null);
  const overrides = (whole && documentOf(whole)?.overrides) ?? [];
  const ids = [...revisions, ...overrides].flatMap((each) => each.recurrenceId ?? []);
  return [...new Set(ids)].filter((id) => !now.has(id));
}

interface LastMailed {
  readonly id: string | null;
  readonly method: string;
  readonly sequence: number;
  /** null: the mailed calendar is no longer stored. */
  readonly schedule: string | null;
}

/** Returns the last mail that had this occurrence. */
function lastMailed(revisions: readonly MailedRevision[], id: string | null): LastMailed | null {
  for (const mail of revisions.filter((each) => concerns(each, id)).toReversed()) {
    const document = documentOf(mail);
    if (document !== null && componentFor(document, id) === null) continue;
    const { sequence } = mailedOccurrence(mail, id);
    return { id, method: mail.method, sequence, schedule: document && occurrenceSchedule(document, id) };
  }
  return null;
}

function documentOf({ calendar }: MailedRevision): EventDocument | null {
  return nullIfUnparseable(() => parseEvent(calendar));
}
