// Reads one VEVENT or VTODO of a REPLY, COUNTER or REFRESH. In: the component; out: its items. It refuses, with a sentence that
// states the reason, a component that cannot be used. It handles the quirks of mail clients.
import { addressKey, calendarAddress } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { asPartstat, type EventComponent, readSequence } from '../ical/event-component.ts';
import { endAfter } from '../ical/duration.ts';
import { isUid, occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { ownLines } from '../ical/read-components.ts';
import { readTime } from '../ical/time-zones.ts';
import type { CalendarAddress, CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ClaimedProposal } from './types.ts';

/** The organizer must confirm each delegate. */
const MAX_DELEGATES = 10;

/** RFC 5546 §3.2.3. An iOS reply that proposes another time is an answer and a proposal. */
export function readReply(component: EventComponent): readonly ClaimedItem[] | string {
  const common = readCommon(component);
  if (typeof common === 'string') return common;
  const line = findReplier(component.properties('ATTENDEE'));
  if (typeof line === 'string') return `${common.occurrence.uid}: ${line}`;
  const { range, ...shared } = common;
  const attendee = claimedAddress(line.value);
  const delegates = line.paramValues('DELEGATED-TO').flatMap((text) => calendarAddress(text) ?? []);
  if (delegates.length > MAX_DELEGATES) return `${common.occurrence.uid}: more than ${MAX_DELEGATES} delegates`;
  const answer: ClaimedAnswer = {
    kind: 'answer',
    component: component.name,
    ...shared,
    range,
    attendee,
    partstat: claimedPartstat(line, component.name),
    delegatedTo: delegates,
  };
  const proposed = proposalInReply(line);
  if (proposed === null) return [answer];
  return [answer, { kind: 'proposal', ...shared, attendee, ...proposed }];
}

/** RFC 5546 §3.2.7. Exchange writes neither ORGANIZER nor ATTENDEE; the reply address identifies both. */
export function readCounter(component: EventComponent): readonly ClaimedItem[] | string {
  const common = readCommon(component);
  if (typeof common === 'string') return common;
  const { range: _, ...shared } = common;
  const start = timeIn(component, 'DTSTART');
  const duration = component.property('DURATION')?.value ?? '';
  const written = timeIn(component, 'DTEND') ?? timeIn(component, 'DUE');
  const end = written ?? (start && endAfter(start, duration, component.vtimezones));
  return [{ kind: 'proposal', ...shared, attendee: onlyAttendee(component), start, end }];
}

/** RFC 5546 §3.2.6. */
export function readRefresh(component: EventComponent): readonly ClaimedItem[] | string {
  const common = readCommon(component);
  if (typeof common === 'string') return common;
  const { occurrence, organizer, stampedAt } = common;
  return [{ kind: 'refresh', occurrence, organizer, stampedAt, attendee: onlyAttendee(component) }];
}

type Common = Pick<ClaimedAnswer, 'occurrence' | 'organizer' | 'comment' | 'sequence' | 'stampedAt' | 'range'>;

function readCommon(component: EventComponent): Common | string {
  const { uid } = component;
  if (!uid) return `${component.name} without UID`;
  if (!isUid(uid)) return `${component.name} with an invalid UID`;
  const occurrence = readOccurrence(component, uid);
  if (occurrence === null) return `${uid}: RECURRENCE-ID cannot be read`;
  const range = component.property('RECURRENCE-ID')?.param('RANGE')?.trim().toUpperCase() ?? null;
  if (range !== null && range !== 'THISANDFUTURE') return `${uid}: RANGE=${range} is unknown`;
  return {
    occurrence,
    range,
    organizer: claimedAddress(component.property('ORGANIZER')?.value ?? ''),
    comment: readComment(component),
    sequence: readSequence(component.property('SEQUENCE')),
    stampedAt: readStamp(component.property('DTSTAMP'), component.vtimezones),
  };
}

function readOccurrence(component: EventComponent, uid: string): OccurrenceKey | null {
  const line = component.property('RECURRENCE-ID');
  if (line === null) return { uid, recurrenceId: null };
  const time = timeOf(line, component.vtimezones);
  return time && { uid, recurrenceId: occurrenceIdOf(time) };
}

/**
 * Returns the ATTENDEE who replies. A REPLY has one ATTENDEE (RFC 5546 §3.2.3); repeated lines count as one. If it has a
 * delegator and the delegate (RFC 5546 §4.2.5), the delegate replies if that line has an answer, else the delegator.
 */
function findReplier(attendees: readonly ContentLine[]): ContentLine | string {
  const byKey = new Map<string, ContentLine>();
  for (const line of attendees) {
    const key = addressKey(line.value);
    const known = byKey.get(key);
    if (known && statedPartstat(known) !== statedPartstat(line)) return `${line.value} has two different answers`;
    byKey.set(key, known ?? line);
  }
  const [one, other, ...more] = byKey.values();
  if (one === undefined) return 'REPLY without ATTENDEE';
  if (other === undefined) return one;
  if (more.length === 0 && delegatedTo(one, other)) return statedPartstat(other) === 'NEEDS-ACTION' ? one : other;
  if (more.length === 0 && delegatedTo(other, one)) return statedPartstat(one) === 'NEEDS-ACTION' ? other : one;
  return 'REPLY with several ATTENDEEs';
}

function delegatedTo(delegator: ContentLine, delegate: ContentLine): boolean {
  const keysIn = (line: ContentLine, param: string) => line.paramValues(param).map(addressKey);
  return (
    statedPartstat(delegator) === 'DELEGATED' &&
    (keysIn(delegator, 'DELEGATED-TO').includes(addressKey(delegate.value)) ||
      keysIn(delegate, 'DELEGATED-FROM').includes(addressKey(delegator.value)))
  );
}

/** Reads also `Bob Guest <bob@example.com>`, which vCalendar 1.0 allows. */
function claimedAddress(text: string): CalendarAddress | null {
  return calendarAddress(text) ?? calendarAddress(/<[^<>]+>$/.exec(text.trim())?.[0] ?? '');
}

/** Returns null for COMPLETED and IN-PROCESS in a VEVENT: only a VTODO may have them (RFC 5545 §3.2.12). */
function claimedPartstat(attendee: ContentLine, component: 'VEVENT' | 'VTODO'): Partstat | null {
  const partstat = statedPartstat(attendee);
  const foreign = component === 'VEVENT' && (partstat === 'COMPLETED' || partstat === 'IN-PROCESS');
  return foreign ? null : partstat;
}

/**
 * Returns null if the PARTSTAT is missing, unknown or given twice. It is NEEDS-ACTION by default only in a stored event
 * (RFC 5545 §3.2.12), because in an answer NEEDS-ACTION withdraws the earlier one.
 */
function statedPartstat(attendee: ContentLine): Partstat | null {
  const [stated, ...more] = new Set(wordsOf(attendee, 'PARTSTAT'));
  if (stated !== undefined) return more.length === 0 ? asPartstat(stated) : null;
  const [status = '', ...others] = new Set(wordsOf(attendee, 'STATUS'));
  return others.length === 0 ? (VCALENDAR_STATUS.get(status) ?? null) : null;
}

function wordsOf({ params }: ContentLine, name: string): string[] {
  return params.flatMap((param) =>
    param.name === name ? param.values.map((value) => value.trim().toUpperCase()) : [],
  );
}

/** The parameter STATUS of vCalendar 1.0. Its NEEDS ACTION and SENT describe the invitation, so they are not answers. */
const VCALENDAR_STATUS: ReadonlyMap<string, Partstat> = new Map([
  ['ACCEPTED', 'ACCEPTED'],
  ['CONFIRMED', 'ACCEPTED'],
  ['DECLINED', 'DECLINED'],
  ['TENTATIVE', 'TENTATIVE'],
  ['DELEGATED', 'DELEGATED'],
  ['COMPLETED', 'COMPLETED'],
]);

function onlyAttendee(component: EventComponent): CalendarAddress | null {
  const addresses = component
    .properties('ATTENDEE')
    .map((line) => ({ key: addressKey(line.value), address: claimedAddress(line.value) }));
  return new Set(addresses.map((each) => each.key)).size === 1 ? (addresses[0]?.address ?? null) : null;
}

/** iOS proposes a time with `TO-ALL-PROPOSED-NEW-TIME="DTSTART:20261122T100000Z;STATUS:NEEDS-ACTION"` on the ATTENDEE. */
function proposalInReply(attendee: ContentLine): Pick<ClaimedProposal, 'start' | 'end'> | null {
  const text = attendee.param('TO-ALL-PROPOSED-NEW-TIME');
  if (text === null) return null;
  const field = (name: string) => new RegExp(`(?:^|;)${name}:([0-9TZtz]+)`, 'i').exec(text)?.[1];
  const start = readTime(field('DTSTART') ?? '', {}, []);
  return start && { start, end: readTime(field('DTEND') ?? '', {}, []) };
}

const COMMENTS = new Set(['COMMENT', 'X-CALENDARSERVER-PRIVATE-COMMENT', 'X-CALENDARSERVER-ATTENDEE-COMMENT']);

/** Returns the attendee's comment from all places where clients write it, without repeated texts. */
function readComment(component: EventComponent): string | null {
  const texts: string[] = [];
  let inComment = false;
  for (const line of ownLines(component)) {
    // A client that does not escape line breaks splits the value into lines that are not content lines.
    if (line.name === '' && inComment) texts.push(`${texts.pop() ?? ''}\n${unescapeText(line.text)}`);
    if (line.name === '') continue;
    inComment = COMMENTS.has(line.name);
    if (inComment) texts.push(unescapeText(line.value));
    // Google writes it into a parameter of the ATTENDEE.
    if (line.name === 'ATTENDEE') texts.push(unescapeText(line.param('X-RESPONSE-COMMENT') ?? ''));
  }
  const comments = new Set(texts.map((text) => text.trim()).filter((text) => text !== ''));
  return comments.size === 0 ? null : [...comments].join('\n\n');
}

/**
 * Returns milliseconds since 1970, null if DTSTAMP is missing or invalid. RFC 5545 §3.8.7.2 requires UTC, but some clients
 * write ISO 8601 punctuation or a TZID.
 */
function readStamp(line: ContentLine | null, vtimezones: readonly string[]): number | null {
  const value = line?.value.trim().replace(/(\d)[-:](?=\d)/g, '$1') ?? '';
  return readTime(value, { tzid: line?.param('TZID') ?? null }, vtimezones)?.instant ?? null;
}

function timeIn(component: EventComponent, name: string): CalendarTime | null {
  return timeOf(component.property(name), component.vtimezones);
}
