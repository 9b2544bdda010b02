// Decides whether a schedule message is worth a mail. In: the message and the earlier mails to its recipient; out: true
// if the last of them had the same content for the recipient. It refuses a calendar that cannot be parsed.
import { parseEvent, recurrenceIdsOf } from '../../core/ical/event-document.ts';
import { HOUR } from '../../core/ical/local-time.ts';
import { attendeeFingerprint } from '../../core/itip/attendee-fingerprint.ts';
import { fingerprintFor } from '../../core/itip/fingerprint.ts';
import { isFromAttendee } from '../../core/itip/methods.ts';
import type { Mailing } from '../ports/spool.ts';
import type { Job } from '../records/records.ts';
import type { ScheduleMessageRecord } from '../records/schedule-message.ts';

/** SHOW_GUEST_LIST. */
interface FingerprintOptions {
  readonly guestList: boolean;
}

/** A message with the occurrence that it is about and the earlier mails to its recipient, oldest first. */
interface Message extends Job<'schedule-message'> {
  readonly recurrenceId: string | null;
  readonly mailings: readonly Mailing[];
}

/** An attendee may repeat an answer after this time, because the first mail may have been lost. */
const REPEAT_AFTER_MS = HOUR;

/** `fingerprint`: that of the message. */
export function isNothingNew(options: FingerprintOptions, message: Message, fingerprint: string): boolean {
  const { body, task } = message;
  const last = lastAbout(message);
  if (last === null || last.method !== body.method) return false;
  if (body.method === 'CANCEL' && cancelsAll(last, body.calendar)) return true;
  if (isFromAttendee(body.method) && task.createdAt - last.mailedAt >= REPEAT_AFTER_MS) return false;
  if (last.fingerprint === fingerprint) return true;
  // The ledger may have the fingerprint of an earlier version of the gateway.
  return last.calendar !== '' && fingerprintOf(options, { ...body, calendar: last.calendar }) === fingerprint;
}

/** Returns the fingerprint of the content that matters to the recipient. */
export function fingerprintOf({ guestList }: FingerprintOptions, message: ScheduleMessageRecord): string {
  const { method, to, calendar } = message;
  return isFromAttendee(method) ? attendeeFingerprint(message) : fingerprintFor(calendar, to, guestList);
}

/**
 * Returns the last mail to this recipient about the same occurrence. A CANCEL of the event also counts for its
 * occurrences, and a CANCEL of an occurrence for the event, so that a REQUEST after a CANCEL is mailed.
 */
function lastAbout({ recurrenceId, mailings }: Message): Mailing | null {
  const isAbout = (mailing: Mailing): boolean =>
    mailing.recurrenceId === recurrenceId ||
    (mailing.method === 'CANCEL' && (mailing.recurrenceId === null || recurrenceId === null));
  return mailings.findLast(isAbout) ?? null;
}

/** Whether the earlier CANCEL cancelled every occurrence that the later one cancels. */
function cancelsAll({ calendar }: Mailing, later: string): boolean {
  if (calendar === '') return false;
  const cancelled = recurrenceIdsOf(parseEvent(calendar));
  return cancelled.includes(null) || recurrenceIdsOf(parseEvent(later)).every((id) => cancelled.includes(id));
}
