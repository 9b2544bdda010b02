// Finds the iTIP messages to send after a calendar user has changed an event (RFC 6638 §3.2). In: the stored text before and
// after the change; out: the messages, each with the differences for its recipient. A change by the organizer gives REQUESTs
// and CANCELs, one by an attendee gives a REPLY, and one by another user gives none. It refuses (`calendar-unparseable`) an
// object with several organizers.
import { GatewayError } from '../errors.ts';
import { answersOf } from './attendee-answers.ts';
import type { ContentLine } from '../ical/content-lines.ts';
import { componentsOf, type EventDocument, parseEvent } from '../ical/event-document.ts';
import type { Method } from './methods.ts';
import { cancelFor, replyFor, requestFor } from './schedule-message.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { documentDifferences, type EventDifference } from './what-changed.ts';

export { type EventDifference, whatChanged } from './what-changed.ts';

export interface CompareOptions {
  /** The owner of the calendar. */
  readonly user: CalendarAddress;
  /** DTSTAMP of the messages, in milliseconds since 1970. */
  readonly now: number;
}

/** One message to send. */
export interface DueMessage {
  readonly method: Method;
  readonly recipient: CalendarAddress;
  readonly reason: 'invited' | 'changed' | 'forced' | 'uninvited' | 'cancelled' | 'answered';
  /** The differences for this recipient. Empty for `invited`, because everything is new, and for `forced`. */
  readonly differences: readonly EventDifference[];
  readonly calendar: string;
}

/**
 * Returns the messages in the order of the recipients. `old` and `now` are the stored event before and after the change; null
 * if it did not exist or was deleted.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function compare(old: string | null, now: string | null, { user, now: time }: CompareOptions): DueMessage[] {
  const before = old === null ? null : parseEvent(old);
  const after = now === null ? null : parseEvent(now);
  const organizer = (after && organizerOf(after)) ?? (before && organizerOf(before));
  if (!organizer) return [];
  if (organizer.key === user.key) {
    return messagesFromOrganizer({ before, after, organizer, now: time, sequence: sequencesOf(before, after) });
  }
  return messagesFromAttendee(before, after, user, organizer, time);
}

/**
 * Returns whether SCHEDULE-AGENT of this recipient is CLIENT or NONE. The recipient is an attendee for REQUEST and CANCEL,
 * the organizer for REPLY.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function mailingForbidden(calendar: string, recipient: CalendarAddress): boolean {
  return isForbidden(parseEvent(calendar), recipient);
}

interface Change {
  readonly before: EventDocument | null;
  readonly after: EventDocument | null;
  readonly organizer: CalendarAddress;
  readonly now: number;
  /** The minimum SEQUENCE of a REQUEST and of a CANCEL (RFC 5546 §2.1.4). */
  readonly sequence: { readonly request: number; readonly cancel: number };
}

function messagesFromOrganizer(change: Change): DueMessage[] {
  const { before, after, organizer } = change;
  const recipients = new Map<string, CalendarAddress>();
  for (const component of [...componentsOf(before), ...componentsOf(after)]) {
    for (const { address } of component.attendees) recipients.set(address.key, address);
  }
  recipients.delete(organizer.key);
  // Guests who are invited to the same occurrences get the same text, which is made only once.
  const requests = new Map<string, Pick<DueMessage, 'reason' | 'differences' | 'calendar'>>();
  return [...recipients.values()].flatMap((recipient) => messagesTo(change, recipient, requests));
}

function messagesTo(
  change: Change,
  recipient: CalendarAddress,
  requests: Map<string, Pick<DueMessage, 'reason' | 'differences' | 'calendar'>>,
): DueMessage[] {
  const { before, after } = change;
  const previousIds = occurrencesOf(before, recipient);
  const currentIds = occurrencesOf(after, recipient);
  const toCancel = occurrencesToCancel(change, recipient, previousIds, currentIds);
  const messages: DueMessage[] = [];
  const cancel = toCancel.length > 0 ? makeCancel(change, recipient, toCancel) : null;
  if (cancel) messages.push(cancel);
  if (!after || currentIds.size === 0) return messages;
  // If the series is cancelled for the recipient, a REQUEST for single occurrences is a new invitation.
  const previous = previousIds.size > 0 && !toCancel.includes(null) ? before : null;
  const key = JSON.stringify([previous && [...previousIds], [...currentIds], toCancel]);
  const request = requests.get(key) ?? makeRequest(change, previous, after, recipient, toCancel);
  requests.set(key, request);
  if (request.reason === 'invited' || request.differences.length > 0) {
    messages.push({ method: 'REQUEST', recipient, ...request });
  } else if (isForced(after, recipient)) messages.push({ method: 'REQUEST', recipient, ...request, reason: 'forced' });
  return messages;
}

function makeRequest(
  { now, sequence }: Change,
  previous: EventDocument | null,
  after: EventDocument,
  recipient: CalendarAddress,
  toCancel: readonly (string | null)[],
): Pick<DueMessage, 'reason' | 'differences' | 'calendar'> {
  const stamp = { now, sequence: sequence.request };
  const calendar = requestFor(after, recipient, stamp);
  if (!previous) return { reason: 'invited', differences: [], calendar };
  const differences = documentDifferences(parseEvent(requestFor(previous, recipient, stamp)), parseEvent(calendar));
  // The differences of cancelled occurrences are in the CANCEL.
  return {
    reason: 'changed',
    differences: differences.filter((each) => !toCancel.includes(each.recurrenceId)),
    calendar,
  };
}

/** Returns the occurrences (null: the series) that need a CANCEL. */
function occurrencesToCancel(
  { before, after }: Change,
  recipient: CalendarAddress,
  previousIds: ReadonlySet<string | null>,
  currentIds: ReadonlySet<string | null>,
): (string | null)[] {
  if (previousIds.has(null) && !currentIds.has(null)) return [null];
  if (previousIds.size === 0) return [];
  if (!previousIds.has(null)) return [...previousIds].filter((id) => !currentIds.has(id) && !currentIds.has(null));
  // The series remains. For an occurrence to which they are no longer invited, the REQUEST has an EXDATE instead.
  const wasCancelled = new Set(before?.overrides.filter((each) => each.cancelled).map((each) => each.recurrenceId));
  const cancelled = after?.overrides.filter((each) => each.cancelled && each.invites(recipient)) ?? [];
  return cancelled.map((each) => each.recurrenceId).filter((id) => !wasCancelled.has(id));
}

function makeCancel(
  { before, after, now, sequence }: Change,
  recipient: CalendarAddress,
  ids: readonly (string | null)[],
): DueMessage | null {
  const eventCancelled = after === null || after.master?.cancelled === true || organizerOf(after) === null;
  const overrides = after?.overrides.filter((each) => each.cancelled && ids.includes(each.recurrenceId)) ?? [];
  const cancelled = eventCancelled || overrides.length > 0;
  // The changed event may no longer list the recipient; the previous one does.
  const source = overrides.some((each) => each.invites(recipient)) ? after : before;
  if (!source) return null;
  return {
    method: 'CANCEL',
    recipient,
    reason: cancelled ? 'cancelled' : 'uninvited',
    differences: [],
    calendar: cancelFor(source, [recipient], ids, { now, sequence: sequence.cancel, cancelled }),
  };
}

function messagesFromAttendee(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
  organizer: CalendarAddress,
  now: number,
): DueMessage[] {
  const source = after ?? before;
  if (!source || isForbidden(source, organizer)) return [];
  const forced =
    after !== null && componentsOf(after).some((each) => hasForceSend(each.property('ORGANIZER'), 'REPLY'));
  const answers = answersOf(before, after, attendee, forced);
  if (answers.size === 0) return [];
  const calendar = replyFor(source, before, attendee, answers, now);
  return [{ method: 'REPLY', recipient: organizer, reason: forced ? 'forced' : 'answered', differences: [], calendar }];
}

/**
 * Returns the occurrences (null: the series or single event) that are not cancelled and invite the recipient. Returns none if
 * SCHEDULE-AGENT of the recipient is CLIENT or NONE, so that a change of SCHEDULE-AGENT gives a REQUEST or a CANCEL (RFC 6638
 * §3.2.1.2).
 */
function occurrencesOf(document: EventDocument | null, recipient: CalendarAddress): ReadonlySet<string | null> {
  if (document === null || document.master?.cancelled || isForbidden(document, recipient)) return new Set();
  const components = componentsOf(document).filter((each) => !each.cancelled && each.invites(recipient));
  return new Set(components.map((each) => each.recurrenceId));
}

/** RFC 4791 §4.1: one ORGANIZER per object. @throws GatewayError `calendar-unparseable` */
function organizerOf(document: EventDocument): CalendarAddress | null {
  const organizers = componentsOf(document).flatMap((each) => each.organizer?.address ?? []);
  if (new Set(organizers.map(({ key }) => key)).size > 1) {
    throw new GatewayError('calendar-unparseable', 'the components of the event have different organizers');
  }
  return organizers[0] ?? null;
}

/**
 * Returns the minimum SEQUENCEs. A change of time and a CANCEL must raise SEQUENCE (RFC 5546 §2.1.4). If the organizer's client
 * has not raised it, the message does.
 */
function sequencesOf(before: EventDocument | null, after: EventDocument | null): Change['sequence'] {
  const [old, current] = [highestSequence(before), highestSequence(after)];
  const cancel = Math.max(current, old + 1);
  if (!before || !after || current > old) return { request: 0, cancel };
  const moved = documentDifferences(before, after).some(({ kind }) => kind === 'time' || kind === 'recurrence');
  return { request: moved ? old + 1 : 0, cancel };
}

function highestSequence(document: EventDocument | null): number {
  return Math.max(0, ...componentsOf(document).map((each) => each.sequence));
}

/** RFC 6638 §7.1: an unknown SCHEDULE-AGENT means NONE. */
function isForbidden(document: EventDocument, recipient: CalendarAddress): boolean {
  const lines = componentsOf(document).flatMap((each) =>
    each.organizer?.address.key === recipient.key ? (each.property('ORGANIZER') ?? []) : each.attendeeLines(recipient),
  );
  const agent = lines[0]?.param('SCHEDULE-AGENT')?.trim().toUpperCase() ?? 'SERVER';
  return agent !== 'SERVER';
}

/** Returns whether the recipient has SCHEDULE-FORCE-SEND=REQUEST (RFC 6638 §7.2). */
function isForced(document: EventDocument, recipient: CalendarAddress): boolean {
  return componentsOf(document).some((each) =>
    each.attendeeLines(recipient).some((line) => hasForceSend(line, 'REQUEST')),
  );
}

function hasForceSend(line: ContentLine | null, method: Method): boolean {
  return line?.param('SCHEDULE-FORCE-SEND')?.trim().toUpperCase() === method;
}
