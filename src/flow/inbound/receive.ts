// In: a mail, a callback or an answer from the RSVP page that a door has accepted. Out: a task, which is durable when
// the function resolves. The content is not interpreted here.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { Method } from '../../core/itip/methods.ts';
import type { Answer } from '../../core/itip/types.ts';
import type { CalendarAddress, Partstat } from '../../core/ical/types.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import type { RsvpClaims } from '../../core/signing/types.ts';
import type { Spool } from '../ports/spool.ts';
import { GatewayError } from '../../core/errors.ts';
import { copyLane, copyOf, recordTask } from '../records/records.ts';
import type { WriteBatching } from '../queue/write-batching.ts';

export interface ReceiveOptions {
  readonly spool: Spool;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
}

/** A callback whose calendar parses and matches its headers. */
export interface CallbackRequest {
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly method: Method;
  /** The posted calendar, decoded but otherwise unchanged. */
  readonly calendar: string;
}

export interface WebAnswer {
  readonly partstat: Partstat;
  /** Plain text with LF line ends; null: none. */
  readonly comment: string | null;
  /** The SEQUENCE that the page showed; null: unknown. */
  readonly sequence: number | null;
  /** The time that the page showed (`occurrenceSchedule`); null or absent: unknown. */
  readonly schedule?: string | null;
  /** The page showed one occurrence, and the answer is for the whole series. */
  readonly wholeSeries: boolean;
}

export async function receiveMail(
  { spool, makeId }: ReceiveOptions,
  { envelope, peer, receivedAt, raw }: ReceivedMail,
): Promise<string> {
  const id = makeId(receivedAt);
  await spool.put([recordTask({ kind: 'mail', envelope, peer, receivedAt }, { id, createdAt: receivedAt, raw })]);
  return id;
}

export async function receiveCallback(
  { spool, makeId, now }: ReceiveOptions,
  { sender, recipient, method, calendar }: CallbackRequest,
): Promise<string> {
  const at = now();
  const id = makeId(at);
  const origin = { recordId: id, door: 'callback', messageId: null };
  const names = { from: sender, to: recipient, method };
  const body = { kind: 'schedule-message', origin, ...names, calendar, again: false } as const;
  await spool.put([recordTask(body, { id, createdAt: at })]);
  return id;
}

/** The token proves organizer and attendee. The answer counts as sent at the time of its POST. */
export async function receiveWebAnswer(
  { spool, makeId, now, writeBatching }: ReceiveOptions & { readonly writeBatching: WriteBatching },
  claims: RsvpClaims,
  given: WebAnswer,
): Promise<string> {
  const at = now();
  const id = makeId(at);
  const attendee = calendarAddress(claims.attendee);
  const organizer = calendarAddress(claims.organizer);
  if (attendee === null || organizer === null)
    throw new GatewayError('token-invalid', 'the token contains no valid addresses');
  const { recurrenceId } = claims;
  const schedule = given.schedule ?? null;
  const answer: Answer = {
    component: 'VEVENT',
    occurrence: { uid: claims.uid, recurrenceId: given.wholeSeries ? null : recurrenceId },
    range: null,
    start: null,
    attendee,
    organizer,
    partstat: given.partstat,
    comment: given.comment,
    delegatedTo: [],
    revision: { sequence: given.sequence, sentAt: at },
    door: 'web',
    ...(schedule === null ? {} : { shown: { recurrenceId, schedule } }),
  };
  const origin = { recordId: id, door: 'web', messageId: null };
  const body = { kind: 'answer', origin, answer, sender: attendee.asWritten, held: null, approved: false } as const;
  const dueAt = writeBatching.dueAt(copyLane(copyOf(body)));
  await spool.put([recordTask(body, { id, createdAt: at, dueAt })]);
  return id;
}
