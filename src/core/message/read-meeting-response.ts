// Reads a meeting response from winmail.dat. In: the parsed TNEF message; out: the same items as from a calendar, an answer
// and possibly a proposal of another time. It refuses other messages: null for ordinary mails, no items for requests and
// cancellations.
import { calendarAddress } from '../ical/calendar-address.ts';
import { formatInstant, formatLocal, HOUR } from '../ical/local-time.ts';
import { isUid } from '../ical/uid.ts';
import type { CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ItipMessage } from '../itip/types.ts';
import { readComment } from './read-comment.ts';
import type { TnefMessage } from './tnef.ts';

/** MS-OXOCAL §2.2.6.1. */
const PARTSTATS: Readonly<Record<string, Partstat>> = { pos: 'ACCEPTED', neg: 'DECLINED', tent: 'TENTATIVE' };
const METHODS: Readonly<Record<string, string>> = { request: 'REQUEST', canceled: 'CANCEL' };

/** The name of a custom form may follow the class. */
const MEETING_CLASS = /^IPM\.Schedule\.Meeting\.(?:Resp\.(Pos|Neg|Tent)|(Request|Canceled))(?:\.|$)/i;

/** MS-OXOCAL §2.2.1.27: the first 16 octets of every global object ID, and the length of its fixed part. */
const CLASS_ID = '040000008200e00074c5b7101a82e008';
const FIXED_LENGTH = 40;

/** Returns null for an ordinary mail. The comment comes from the plain-text body, if there is one. */
export function readMeetingResponse(tnef: TnefMessage): ItipMessage | null {
  const [, response = '', other = ''] = MEETING_CLASS.exec(tnef.messageClass) ?? [];
  const partstat = PARTSTATS[response.toLowerCase()];
  if (partstat === undefined) {
    const method = METHODS[other.toLowerCase()];
    return method === undefined ? null : { method, items: [], unusable: [] };
  }
  const occurrence = readOccurrence(tnef);
  if (occurrence === null) return { method: 'REPLY', items: [], unusable: ['winmail.dat has no valid meeting ID.'] };
  const answer: ClaimedAnswer = {
    kind: 'answer',
    component: 'VEVENT',
    occurrence,
    range: null,
    start: tnef.start === null ? null : utcTime(tnef.start),
    attendee: tnef.sender === null ? null : calendarAddress(tnef.sender),
    organizer: null,
    partstat,
    comment: readComment(tnef.body ?? ''),
    delegatedTo: [],
    sequence: tnef.sequence !== null && tnef.sequence >= 0 ? tnef.sequence : null,
    stampedAt: tnef.answeredAt,
  };
  return { method: 'REPLY', items: [answer, ...readProposal(tnef, answer)], unusable: [] };
}

function readProposal(tnef: TnefMessage, answer: ClaimedAnswer): ClaimedItem[] {
  if (!tnef.isProposal || tnef.proposedStart === null) return [];
  const { occurrence, attendee, organizer, comment, sequence, stampedAt } = answer;
  const start = utcTime(tnef.proposedStart);
  const end = tnef.proposedEnd === null ? null : utcTime(tnef.proposedEnd);
  return [{ kind: 'proposal', occurrence, attendee, organizer, start, end, comment, sequence, stampedAt }];
}

/**
 * Returns the UID and RECURRENCE-ID of the meeting, null if its global object ID is invalid. If the event came to Outlook as
 * iCalendar, as ours do, the UID follows `vCal-Uid` in the ID. Otherwise the UID is the ID in hexadecimal digits with the
 * date of the occurrence set to zero (MS-OXCICAL §2.1.3.1.1.20.26). The clean ID is the ID without that date.
 */
export function readOccurrence({ globalObjectId, cleanGlobalObjectId, ...tnef }: TnefMessage): OccurrenceKey | null {
  const id = globalObjectId ?? cleanGlobalObjectId;
  if (id === null) return null;
  const bytes = Buffer.from(id);
  if (bytes.length < FIXED_LENGTH || bytes.subarray(0, 16).toString('hex') !== CLASS_ID) return null;
  const data = bytes.subarray(FIXED_LENGTH, FIXED_LENGTH + bytes.readUInt32LE(36));
  const uid = readUid(bytes, data);
  const date = { year: bytes.readUInt16BE(16), month: bytes.readUInt8(18), day: bytes.readUInt8(19) };
  if (!isUid(uid)) return null;
  if (date.year === 0) return { uid, recurrenceId: null };
  // An invalid date must not turn the answer into one for the whole series.
  if (date.year < 1601 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31)
    return null;
  return { uid, recurrenceId: recurrenceId(date, tnef) };
}

function readUid(id: Buffer, data: Buffer): string {
  if (data.subarray(0, 8).toString('latin1') === 'vCal-Uid') {
    const text = data.subarray(12).toString('utf8').replace(/\0.*$/s, '');
    if (text !== '') return text;
  }
  const clean = Buffer.from(id);
  clean.fill(0, 16, 20);
  return clean.toString('hex').toUpperCase();
}

/**
 * Returns the RECURRENCE-ID in UTC, or as a date. The global object ID contains only the date, in the organizer's time zone.
 * The instant is the original or else the current start of the occurrence, if it falls on that date in some time zone.
 */
function recurrenceId(
  { year, month, day }: { year: number; month: number; day: number },
  { originalStart, start }: { originalStart: number | null; start: number | null },
): string {
  const midnight = Date.UTC(year, month - 1, day);
  const near = [originalStart, start].find(
    (time) => time !== null && time >= midnight - 14 * HOUR && time <= midnight + 38 * HOUR,
  );
  if (near !== undefined && near !== null) return formatInstant(near);
  return `${String(year).padStart(4, '0')}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
}

function utcTime(instant: number): CalendarTime {
  return { form: 'zoned', local: formatLocal(instant), zone: 'UTC', instant };
}
