// Reads one VEVENT or VTODO of a REPLY, COUNTER or REFRESH. In: the component; out: its items. It refuses, with a sentence that
// states the reason, a component that cannot be used. It handles the quirks of mail clients.
import { decodeHTMLStrict } from 'entities';
import { calendarAddress } from '../ical/calendar-address.ts';
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import { asPartstat, type EventComponent, readSequence } from '../ical/event-component.ts';
import { endAfter } from '../ical/duration.ts';
import { endIfLater, occurrenceIdOf, timeOf } from '../ical/occurrence-id.ts';
import { isUid } from '../ical/uid.ts';
import { ownLines } from '../ical/read-components.ts';
import { readTime } from '../ical/time-zones.ts';
import type { CalendarAddress, CalendarTime, OccurrenceKey, Partstat } from '../ical/types.ts';
import type { ClaimedAnswer, ClaimedItem, ClaimedProposal } from './types.ts';

/** The organizer must confirm each delegate. */
const MAX_DELEGATES = 10;

/**
 * RFC 5546 §3.2.3. Returns an answer for each ATTENDEE, because some clients send back the whole event, or a line for each of
 * their user's addresses; `claimsOf` chooses among them. An iOS reply that proposes another time is an answer and a proposal.
 */
export function readReply(component: EventComponent, isFromGoogle = false): readonly ClaimedItem[] | string {
  const common = readCommon(component, isFromGoogle);
  if (typeof common === 'string') return common;
  const attendees = readAttendees(component);
  if (attendees.length === 0) return `${common.occurrence.uid}: REPLY without ATTENDEE`;
  const { range, commentOf, ...shared } = common;
  return attendees.flatMap(({ address: attendee, lines }): ClaimedItem[] => {
    const comment = commentOf(lines);
    const answer: ClaimedAnswer = {
      kind: 'answer',
      component: component.name,
      ...shared,
      range,
      start: component.start,
      attendee,
      comment,
      ...readAnswer(lines, component.name),
    };
    const proposed = lines.map(proposalInReply).find((each) => each !== null);
    return proposed === undefined
      ? [answer]
      : [answer, { kind: 'proposal', ...shared, comment, attendee, ...proposed }];
  });
}

/** RFC 5546 §3.2.7. Exchange writes neither ORGANIZER nor ATTENDEE; the reply address identifies both. */
export function readCounter(component: EventComponent, isFromGoogle = false): readonly ClaimedItem[] | string {
  const common = readCommon(component, isFromGoogle);
  if (typeof common === 'string') return common;
  const { range: _, commentOf, ...shared } = common;
  const start = timeIn(component, 'DTSTART');
  const duration = component.property('DURATION')?.value ?? '';
  const written = timeIn(component, 'DTEND') ?? timeIn(component, 'DUE');
  const end =
    start === null ? written : (endIfLater(start, written) ?? endAfter(start, duration, component.vtimezones));
  return orNobody(readAttendees(component)).map(({ address: attendee, lines }) => {
    return {
      kind: 'proposal',
      ...shared,
      comment: commentOf(lines),
      attendee,
      start,
      end,
    };
  });
}

/** RFC 5546 §3.2.6. */
export function readRefresh(component: EventComponent): readonly ClaimedItem[] | string {
  const common = readCommon(component);
  if (typeof common === 'string') return common;
  const { occurrence, organizer, stampedAt } = common;
  return orNobody(readAttendees(component)).map(({ address: attendee }) => {
    return { kind: 'refresh', occurrence, organizer, stampedAt, attendee };
  });
}

interface Common extends Pick<ClaimedAnswer, 'occurrence' | 'organizer' | 'sequence' | 'stampedAt' | 'range'> {
  /** Returns the comments of the component and of these ATTENDEE lines. */
  readonly commentOf: (attendee: readonly ContentLine[]) => string | null;
}

function readCommon(component: EventComponent, isFromGoogle = false): Common | string {
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
    commentOf: commentReader(readComments(component).map((text) => (isFromGoogle ? decodeHTMLStrict(text) : text))),
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

interface ClaimedAttendee {
  /** null: not a mail address. */
  readonly address: CalendarAddress | null;
  /** The ATTENDEE lines with this address. */
  readonly lines: readonly ContentLine[];
}

const NOBODY: ClaimedAttendee = { address: null, lines: [] };

/** Returns the attendees of the component in the order of the text, each once. */
function readAttendees(component: EventComponent): ClaimedAttendee[] {
  const byKey = new Map<string, { address: CalendarAddress | null; lines: ContentLine[] }>();
  for (const line of component.properties('ATTENDEE')) {
    const address = claimedAddress(line.value);
    const known = byKey.get(address?.key ?? '');
    if (known) known.lines.push(line);
    else byKey.set(address?.key ?? '', { address, lines: [line] });
  }
  return [...byKey.values()];
}

function orNobody(attendees: readonly ClaimedAttendee[]): readonly ClaimedAttendee[] {
  return attendees.length === 0 ? [NOBODY] : attendees;
}

/** Returns the answer of one attendee; none if the lines state different answers or name too many delegates. */
function readAnswer(
  lines: readonly ContentLine[],
  component: 'VEVENT' | 'VTODO',
): Pick<ClaimedAnswer, 'partstat' | 'delegatedTo'> {
  const [partstat = null, ...others] = new Set(lines.map((line) => claimedPartstat(line, component)));
  const delegates = lines.flatMap((line) =>
    line.paramValues('DELEGATED-TO').flatMap((text) => calendarAddress(text) ?? []),
  );
  const delegatedTo = [...new Map(delegates.map((delegate) => [delegate.key, delegate])).values()];
  if (others.length > 0 || delegatedTo.length > MAX_DELEGATES) return { partstat: null, delegatedTo: [] };
  return { partstat, delegatedTo };
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

/** iOS proposes a time with `TO-ALL-PROPOSED-NEW-TIME="DTSTART:20261122T100000Z;STATUS:NEEDS-ACTION"` on the ATTENDEE. */
function proposalInReply(attendee: ContentLine): Pick<ClaimedProposal, 'start' | 'end'> | null {
  const text = attendee.param('TO-ALL-PROPOSED-NEW-TIME');
  if (text === null) return null;
  const field = (name: string) => new RegExp(`(?:^|;)${name}:([0-9TZtz]+)`, 'i').exec(text)?.[1];
  const start = readTime(field('DTSTART') ?? '', {}, []);
  return start && { start, end: endIfLater(start, readTime(field('DTEND') ?? '', {}, [])) };
}

const COMMENTS = new Set(['COMMENT', 'X-CALENDARSERVER-PRIVATE-COMMENT', 'X-CALENDARSERVER-ATTENDEE-COMMENT']);

/** Returns the comments from all properties where clients write them. */
function readComments(component: EventComponent): string[] {
  const texts: string[] = [];
  let inComment = false;
  for (const line of ownLines(component)) {
    // A client that does not escape line breaks splits the value into lines that are not content lines.
    if (line.name === '' && inComment) texts.push(`${texts.pop() ?? ''}\n${unescapeText(line.text)}`);
    if (line.name === '') continue;
    inComment = COMMENTS.has(line.name);
    if (inComment) texts.push(unescapeText(line.value));
  }
  return texts;
}

/** Google writes the comment into a parameter of the ATTENDEE, with HTML entities, as in `I&rsquo\;ll`. */
function commentIn(attendee: ContentLine): string {
  return decodeHTMLStrict(unescapeText(attendee.param('X-RESPONSE-COMMENT') ?? ''));
}

/** Omits repeated texts. Joins the comments of the component only once, because there may be thousands of attendees. */
function commentReader(texts: readonly string[]): Common['commentOf'] {
  const common = distinct(texts);
  const start = common.join('\n\n');
  return (attendee) => {
    const own = distinct(attendee.map(commentIn)).filter((text) => !common.includes(text));
    if (start === '' || own.length === 0) return start || own.join('\n\n') || null;
    return `${start}\n\n${own.join('\n\n')}`;
  };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== '');
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
