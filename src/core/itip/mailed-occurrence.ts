// What a mail told its recipient about one occurrence: a mailed revision and the occurrence come in, the SEQUENCE and the
// time that were told of it go out. A server that mails an event as a whole moves one occurrence within it: the mail's own
// SEQUENCE and fingerprint are the series' and say nothing of that.
import type { EventComponent } from '../ical/event-component.ts';
import { componentsOf, nullIfUnparseable, parseEvent } from '../ical/event-document.ts';
import { durationOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { remember } from '../ical/memoize-text.ts';
import type { MailedRevision } from './types.ts';

export interface ToldOccurrence {
  readonly sequence: number;
  /** Equal where start and length are; null where the calendar is not known any more. */
  readonly time: string | null;
  /** It had a component of its own, and so a SEQUENCE of its own. */
  readonly overridden: boolean;
}

/** `recurrenceId` null: the event itself, which is what the mail's record is about. */
export function toldAbout(mail: MailedRevision, recurrenceId: string | null): ToldOccurrence {
  const told = recurrenceId === null ? null : readMailed(mail.calendar);
  const override = told?.get(recurrenceId);
  const component = override ?? told?.get(null);
  if (!component) return { sequence: mail.sequence, time: null, overridden: false };
  const time = `${override?.start ?? recurrenceId}/${component.duration}`;
  return { sequence: component.sequence, time, overridden: override !== undefined };
}

interface ToldComponent {
  readonly sequence: number;
  /** As a recurrenceId. */
  readonly start: string | null;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * By recurrenceId; null where the calendar cannot be read. Guests of one event were mailed the same: a batch of their
 * answers reads it once, however large it is.
 */
const readMailed = remember((calendar): ReadonlyMap<string | null, ToldComponent> | null => {
  const document = nullIfUnparseable(() => parseEvent(calendar));
  return document && new Map(componentsOf(document).map((each) => [each.recurrenceId, whatIsTold(each)]));
}, 8_000_000);

function whatIsTold(component: EventComponent): ToldComponent {
  const { sequence, start } = component;
  return { sequence, start: start && occurrenceIdOf(start), duration: durationOf(component) };
}
