// Reads one occurrence from a mail that we sent. In: a mailed revision and the occurrence; out: the SEQUENCE and the time that
// the mail had for it. In a mail of the whole event, one occurrence may have moved; the SEQUENCE and the fingerprint of the mail do
// not show this, because they are those of the series. It refuses nothing.
import type { EventComponent } from '../ical/event-component.ts';
import { componentsOf, nullIfUnparseable, parseEvent } from '../ical/event-document.ts';
import { occurrenceIdOf } from '../ical/occurrence-id.ts';
import { lengthAt } from '../ical/occurrence-span.ts';
import { memoizeText } from '../ical/memoize-text.ts';
import type { MailedRevision } from './types.ts';

export interface MailedOccurrence {
  readonly sequence: number;
  /** As a recurrenceId; null if the mailed calendar is no longer stored. */
  readonly start: string | null;
  /** A key that is equal for the same start and length; null if the mailed calendar is no longer stored. */
  readonly time: string | null;
  /** Whether it had an override, and therefore its own SEQUENCE. */
  readonly overridden: boolean;
}

/** For `recurrenceId` null it returns the SEQUENCE of the mail, the start of the event and no time. */
export function mailedOccurrence(mail: MailedRevision, recurrenceId: string | null): MailedOccurrence {
  const components = readMailed(mail.calendar);
  const master = components?.get(null);
  const override = recurrenceId === null ? undefined : components?.get(recurrenceId);
  const component = override ?? master;
  if (!component || recurrenceId === null) {
    return { sequence: mail.sequence, start: master?.start ?? null, time: null, overridden: false };
  }
  const start = override?.start ?? recurrenceId;
  const time = `${start}/${component.lengthAt(recurrenceId)}`;
  const sequence = mail.raised[override ? recurrenceId : ''] ?? component.sequence;
  return { sequence, start, time, overridden: override !== undefined };
}

/** Returns whether the mail was about this occurrence (null: about the event itself). */
export function concerns(mail: MailedRevision, recurrenceId: string | null): boolean {
  return mail.recurrenceId === null || mail.recurrenceId === recurrenceId;
}

interface MailedComponent {
  readonly sequence: number;
  /** As a recurrenceId. */
  readonly start: string | null;
  /** Milliseconds. */
  readonly lengthAt: (recurrenceId: string) => number;
}

/**
 * Returns the components by recurrenceId, null if the calendar cannot be parsed. Memoized, because all guests of an event were
 * mailed the same calendar, and a batch of their answers reads it many times.
 */
const readMailed = memoizeText((calendar): ReadonlyMap<string | null, MailedComponent> | null => {
  const document = nullIfUnparseable(() => parseEvent(calendar));
  return document && new Map(componentsOf(document).map((each) => [each.recurrenceId, summarize(each)]));
}, 8_000_000);

function summarize(component: EventComponent): MailedComponent {
  const { sequence, start } = component;
  return { sequence, start: start && occurrenceIdOf(start), lengthAt: (id) => lengthAt(component, id) };
}
