// What a mail told its recipient about one occurrence: a mailed revision and the occurrence come in, the SEQUENCE and the
// time that were told of it go out. A server that mails an event as a whole moves one occurrence within it: the mail's own
// SEQUENCE and fingerprint are the series' and say nothing of that.
import { GatewayError } from '../errors.ts';
import { componentFor, type EventDocument, parseEvent } from './event-document.ts';
import { durationOf } from './normal-form.ts';
import { occurrenceIdOf } from './occurrence-id.ts';
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
  const document = recurrenceId === null ? null : readMailed(mail.calendar);
  const component = document && componentFor(document, recurrenceId);
  if (!document || !component) return { sequence: mail.sequence, time: null, overridden: false };
  const overridden = component.recurrenceId !== null;
  const start = overridden && component.start ? occurrenceIdOf(component.start) : recurrenceId;
  const time = `${start}/${durationOf(component, document.vtimezones)}`;
  return { sequence: component.sequence, time, overridden };
}

function readMailed(calendar: string): EventDocument | null {
  try {
    return calendar === '' ? null : parseEvent(calendar);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}
