// What is due to whom after a calendar user changed an event (RFC 6638 §3.2): the stored text before and after come in,
// messages go out, each with what is new in it. The organizer's changes make REQUESTs and CANCELs, an attendee's make a
// REPLY; whoever is neither owes nobody anything. It refuses (`calendar-unparseable`) an object whose components name
// several organizers.
import { GatewayError } from '../errors.ts';
import { answersOf } from './attendee-answers.ts';
import type { ContentLine } from '../ical/content-lines.ts';
import { componentsOf, type EventDocument, parseEvent } from '../ical/event-document.ts';
import { cancelFor, type Method, replyFor, requestFor } from './schedule-message.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { documentDifferences, type EventDifference } from './what-changed.ts';

export { type EventDifference, whatChanged } from './what-changed.ts';

export interface CompareOptions {
  /** Whose calendar it is. */
  readonly user: CalendarAddress;
  /** DTSTAMP of the messages, ms since 1970. */
  readonly now: number;
}

/** One message that is due. */
export interface Due {
  readonly method: Method;
  readonly recipient: CalendarAddress;
  readonly reason: 'invited' | 'changed' | 'forced' | 'uninvited' | 'cancelled' | 'answered';
  /** What is new for that recipient; empty where all is (`invited`), or nothing is (`forced`). */
  readonly differences: readonly EventDifference[];
  readonly calendar: string;
}

/** `old` and `now` are the stored event before and after; null: there was none, it was deleted. In order of recipients. */
export function compare(old: string | null, now: string | null, { user, now: stamp }: CompareOptions): Due[] {
  const before = old === null ? null : parseEvent(old);
  const after = now === null ? null : parseEvent(now);
  const organizer = (after && organizerOf(after)) ?? (before && organizerOf(before));
  if (!organizer) return [];
  if (organizer.key === user.key) {
    return organizerDue({ before, after, organizer, now: stamp, sequence: sequencesOf(before, after) });
  }
  return attendeeDue(before, after, user, organizer, stamp);
}

/**
 * True where SCHEDULE-AGENT says that the client tells that recipient, or nobody does: of an attendee for REQUEST and
 * CANCEL, of the organizer for REPLY.
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
  /** RFC 5546 §2.1.4: what a REQUEST's SEQUENCE must at least be, and a CANCEL's. */
  readonly sequence: { readonly request: number; readonly cancel: number };
}

function organizerDue(change: Change): Due[] {
  const { before, after, organizer } = change;
  const recipients = new Map<string, CalendarAddress>();
  for (const component of [...componentsOf(before), ...componentsOf(after)]) {
    for (const { address } of component.attendees) recipients.set(address.key, address);
  }
  recipients.delete(organizer.key);
  // Guests of the same occurrences get the same text.
  const requests = new Map<string, Pick<Due, 'reason' | 'differences' | 'calendar'>>();
  return [...recipients.values()].flatMap((recipient) => {
    const speaking = [after, before].find((document) => document && isInvited(document, recipient));
    return speaking && isForbidden(speaking, recipient) ? [] : dueTo(change, recipient, requests);
  });
}

function dueTo(
  change: Change,
  recipient: CalendarAddress,
  requests: Map<string, Pick<Due, 'reason' | 'differences' | 'calendar'>>,
): Due[] {
  const { before, after } = change;
  const had = occurrencesOf(before, recipient);
  const has = occurrencesOf(after, recipient);
  const taken = takenFrom(change, recipient, had, has);
  const due: Due[] = [];
  const cancel = taken.length > 0 ? cancelDue(change, recipient, taken) : null;
  if (cancel) due.push(cancel);
  if (!after || has.size === 0) return due;
  // Who lost the series itself has nothing left that could have changed.
  const told = had.size > 0 && !taken.includes(null) ? before : null;
  const key = JSON.stringify([told && [...had], [...has], taken]);
  const request = requests.get(key) ?? requestDue(change, told, after, recipient, taken);
  requests.set(key, request);
  if (request.reason === 'invited' || request.differences.length > 0) {
    due.push({ method: 'REQUEST', recipient, ...request });
  } else if (isForced(after, recipient)) due.push({ method: 'REQUEST', recipient, ...request, reason: 'forced' });
  return due;
}

function requestDue(
  { now, sequence }: Change,
  told: EventDocument | null,
  after: EventDocument,
  recipient: CalendarAddress,
  taken: readonly (string | null)[],
): Pick<Due, 'reason' | 'differences' | 'calendar'> {
  const stamp = { now, sequence: sequence.request };
  const calendar = requestFor(after, recipient, stamp);
  if (!told) return { reason: 'invited', differences: [], calendar };
  const differences = documentDifferences(parseEvent(requestFor(told, recipient, stamp)), parseEvent(calendar));
  // What a CANCEL says need not be said again.
  return { reason: 'changed', differences: differences.filter((each) => !taken.includes(each.recurrenceId)), calendar };
}

/** The occurrences (null: the series) that a CANCEL must take back. */
function takenFrom(
  { before, after }: Change,
  recipient: CalendarAddress,
  had: ReadonlySet<string | null>,
  has: ReadonlySet<string | null>,
): (string | null)[] {
  if (had.has(null) && !has.has(null)) return [null];
  if (had.size === 0) return [];
  if (!had.has(null)) return [...had].filter((id) => !has.has(id) && !has.has(null));
  // Of a series they still have, what is cancelled; where they are no longer invited, the REQUEST has an EXDATE.
  const wasCancelled = new Set(before?.overrides.filter((each) => each.cancelled).map((each) => each.recurrenceId));
  const cancelled = after?.overrides.filter((each) => each.cancelled && each.invites(recipient)) ?? [];
  return cancelled.map((each) => each.recurrenceId).filter((id) => !wasCancelled.has(id));
}

function cancelDue(
  { before, after, now, sequence }: Change,
  recipient: CalendarAddress,
  ids: readonly (string | null)[],
): Due | null {
  const over = after === null || after.master?.cancelled === true || organizerOf(after) === null;
  const named = after?.overrides.filter((each) => each.cancelled && ids.includes(each.recurrenceId)) ?? [];
  const cancelled = over || named.length > 0;
  // What is now may no longer name them; then what they had does.
  const source = named.some((each) => each.invites(recipient)) ? after : before;
  if (!source) return null;
  return {
    method: 'CANCEL',
    recipient,
    reason: cancelled ? 'cancelled' : 'uninvited',
    differences: [],
    calendar: cancelFor(source, [recipient], ids, { now, sequence: sequence.cancel, cancelled }),
  };
}

function attendeeDue(
  before: EventDocument | null,
  after: EventDocument | null,
  attendee: CalendarAddress,
  organizer: CalendarAddress,
  now: number,
): Due[] {
  const speaking = after ?? before;
  if (!speaking || isForbidden(speaking, organizer)) return [];
  const forced = after !== null && componentsOf(after).some((each) => forces(each.property('ORGANIZER'), 'REPLY'));
  const answers = answersOf(before, after, attendee, forced);
  if (answers.size === 0) return [];
  const calendar = replyFor(speaking, before, attendee, answers, now);
  return [{ method: 'REPLY', recipient: organizer, reason: forced ? 'forced' : 'answered', differences: [], calendar }];
}

/** The occurrences (null: the series or single event) that take place and that they are invited to. */
function occurrencesOf(document: EventDocument | null, recipient: CalendarAddress): ReadonlySet<string | null> {
  if (document?.master?.cancelled) return new Set();
  const components = componentsOf(document).filter((each) => !each.cancelled && each.invites(recipient));
  return new Set(components.map((each) => each.recurrenceId));
}

/** RFC 4791 §4.1: one ORGANIZER per object. @throws GatewayError `calendar-unparseable` */
function organizerOf(document: EventDocument): CalendarAddress | null {
  const organizers = componentsOf(document).flatMap((each) => each.organizer?.address ?? []);
  if (new Set(organizers.map(({ key }) => key)).size > 1) {
    throw new GatewayError('calendar-unparseable', 'the components of an event name several organizers');
  }
  return organizers[0] ?? null;
}

/**
 * RFC 5546 §2.1.4: what moves the event raises SEQUENCE, and so does a CANCEL. The organizer's client does it; where it
 * did not, the message does.
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

function isInvited(document: EventDocument, recipient: CalendarAddress): boolean {
  return componentsOf(document).some((each) => each.invites(recipient));
}

/** RFC 6638 §7.1: what is neither SERVER nor known means NONE. */
function isForbidden(document: EventDocument, recipient: CalendarAddress): boolean {
  const lines = componentsOf(document).flatMap((each) =>
    each.organizer?.address.key === recipient.key ? (each.property('ORGANIZER') ?? []) : each.attendeeLines(recipient),
  );
  const agent = lines[0]?.param('SCHEDULE-AGENT')?.trim().toUpperCase() ?? 'SERVER';
  return agent !== 'SERVER';
}

/** RFC 6638 §7.2. */
function isForced(document: EventDocument, recipient: CalendarAddress): boolean {
  return componentsOf(document).some((each) => each.attendeeLines(recipient).some((line) => forces(line, 'REQUEST')));
}

function forces(line: ContentLine | null, method: Method): boolean {
  return line?.param('SCHEDULE-FORCE-SEND')?.trim().toUpperCase() === method;
}
