// Reads a meeting response from winmail.dat. In: the parsed TNEF message; out: the same items as from a calendar, an answer
// and possibly a proposal of another time. It refuses other messages: null for ordinary mails, no items for requests and
// cancellations.
import { calendarAddress } from '../ical/calendar-address.ts';
import { occurrenceOn, readGlobalObjectId } from '../ical/global-object-id.ts';
import { formatLocal } from '../ical/local-time.ts';
import type { CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ItipMessage } from '../itip/types.ts';
import { readComment } from './read-comment.ts';
import type { TnefMessage } from './tnef.ts';

/** MS-OXOCAL §2.2.6.1. */
const PARTSTATS: Readonly<Record<string, Partstat>> = { pos: 'ACCEPTED', neg: 'DECLINED', tent: 'TENTATIVE' };
const METHODS: Readonly<Record<string, string>> = { request: 'REQUEST', canceled: 'CANCEL' };

/** The name of a custom form may follow the class. */
const MEETING_CLASS = /^IPM\.Schedule\.Meeting\.(?:Resp\.(Pos|Neg|Tent)|(Request|Canceled))(?:\.|$)/i;

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

/** Returns the UID and RECURRENCE-ID of the meeting, null if its global object ID is invalid. The clean ID is without date. */
export function readOccurrence({ globalObjectId, cleanGlobalObjectId, ...tnef }: TnefMessage): OccurrenceKey | null {
  const octets = globalObjectId ?? cleanGlobalObjectId;
  const id = octets === null ? null : readGlobalObjectId(octets);
  if (id === null) return null;
  const { uid, date } = id;
  return { uid, recurrenceId: date === null ? null : occurrenceOn(date, [tnef.originalStart, tnef.start]) };
}

function utcTime(instant: number): CalendarTime {
  return { form: 'zoned', local: formatLocal(instant), zone: 'UTC', instant };
}
