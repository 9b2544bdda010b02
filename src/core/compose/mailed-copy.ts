// In: the calendar that the CalDAV server posted, and whom it is mailed to. Out: the calendar as it is mailed: answers
// come back to the reply address, nothing private to the organizer or to other guests leaves, every TZID has its
// VTIMEZONE. REWRITES says all that is dropped or changed, and why; what it does not name goes out as it came.
import { tzlib_get_ical_block, tzlib_get_timezones } from 'timezones-ical-library';
import { ContentLine, foldText, makeLine, splitLines, withParam, withValue } from '../ical/content-lines.ts';
import { EventComponent } from '../ical/event-component.ts';
import { componentsOf, type EventDocument, methodOf, parseEvent } from '../ical/event-document.ts';
import type { Component } from '../ical/read-components.ts';
import { ianaZone } from '../ical/time-zones.ts';
import type { CalendarAddress } from '../ical/types.ts';
import type { InvitationKind } from './types.ts';

export interface MailedCopyInput {
  readonly kind: InvitationKind;
  readonly calendar: string;
  /** The organizer; for a REPLY the attendee. */
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  readonly organizerAsMailed: string | null;
  readonly itip: boolean;
  readonly guestList: boolean;
}

export interface Rewrite {
  readonly what: string;
  readonly change: string;
  readonly why: string;
}

interface Drop {
  readonly what: 'component' | 'property' | 'parameter';
  readonly name: RegExp;
  readonly why: string;
  /** It stays in what a guest says to the organizer (REPLY, COUNTER), because there it is the guest's own. */
  readonly unlessFromGuest?: true;
}

/** The rules that need no more than a name. */
const DROPPED: readonly Drop[] = [
  { what: 'component', name: /^VALARM$/, why: 'an alarm is its owner’s: it would ring on the guest’s phone' },
  {
    what: 'property',
    name: /^X-CALENDARSERVER-(?:ATTENDEE|PRIVATE)-COMMENT$/,
    why: 'what a guest wrote to the organizer, not to the guests',
    unlessFromGuest: true,
  },
  {
    what: 'property',
    name: /^X-MOZ-(?:GENERATION|LASTACK|RECEIVED-\w+|SEND-INVITATIONS\w*|SNOOZE-TIME\S*)$/,
    why: 'what Thunderbird keeps for itself: alarms put off, mail state',
  },
  { what: 'property', name: /^X-APPLE-(?:TRAVEL|EWS)-\S+$/, why: 'from where and when the organizer sets out' },
  {
    what: 'property',
    name: /^(?:REQUEST-STATUS|X-LIC-ERROR)$/,
    why: 'what a server said to the organizer',
    unlessFromGuest: true,
  },
  {
    what: 'parameter',
    name: /^SCHEDULE-(?:AGENT|STATUS|FORCE-SEND)$/,
    why: 'between the organizer’s client and server only (RFC 6638 §7.1)',
  },
  {
    what: 'parameter',
    name: /^X-(?:RESPONSE-COMMENT|CALENDARSERVER-\S+)$/,
    why: 'another guest’s comment, or the server’s notes on their answer',
    unlessFromGuest: true,
  },
];

/** Everything that the mailed copy has otherwise than the calendar as posted. */
export const REWRITES: readonly Rewrite[] = [
  ...DROPPED.map(({ what, name, why, unlessFromGuest }) => ({
    what: `${what} ${name.source}`,
    change: unlessFromGuest ? 'dropped, but in what a guest says to the organizer' : 'dropped',
    why,
  })),
  {
    what: 'METHOD',
    change: 'stripped, where iTIP is off',
    why: 'else a client would answer by mail, where only the links are wanted',
  },
  {
    what: 'METHOD',
    change: 'added, where iTIP is on and it is missing',
    why: 'without it the part is no invitation (RFC 6047 §2.4)',
  },
  {
    what: 'VERSION, PRODID',
    change: 'added where missing',
    why: 'RFC 5545 §3.6 wants both; Outlook refuses a calendar without',
  },
  {
    what: 'ORGANIZER',
    change: 'value: the reply address; EMAIL: the organizer’s; CN kept, or made from the address; SENT-BY dropped',
    why: 'clients send the answer to ORGANIZER, some to SENT-BY (RFC 6047 §2.3)',
  },
  {
    what: 'the organizer’s own ATTENDEE',
    change: 'as ORGANIZER',
    why: 'else clients show the organizer twice, and mail answers to all there',
  },
  {
    what: 'the recipient’s ATTENDEE',
    change: 'RSVP=TRUE, in a REQUEST',
    why: 'clients offer the buttons only where an answer is asked for',
  },
  {
    what: 'other ATTENDEEs',
    change: 'dropped, where there are more than 100, or guests shall not see each other',
    why: 'clients and mail servers choke; who else comes is on the organizer’s list',
  },
  {
    what: 'a declined proposal',
    change: 'names the event, and what it says of it is in the text of the mail',
    why: 'RFC 5546 §3.2.8 allows UID, RECURRENCE-ID, ORGANIZER, SEQUENCE and COMMENT in a DECLINECOUNTER, no guest and no time',
  },
  {
    what: 'VTIMEZONE',
    change: 'added for a TZID that has none',
    why: 'RFC 5545 §3.2.19 wants one; Outlook shows the wrong time without',
  },
  {
    what: 'lines',
    change: 'folded at 75 octets, CRLF, no control characters, no byte order mark',
    why: 'RFC 5545 §3.1',
  },
];

const IN_DECLINECOUNTER: ReadonlySet<string> = new Set(
  'UID DTSTAMP SEQUENCE RECURRENCE-ID ORGANIZER COMMENT REQUEST-STATUS'.split(' '),
);
const MOST_ATTENDEES = 100;
const METHODS: Readonly<Record<InvitationKind, string>> = {
  invitation: 'REQUEST',
  update: 'REQUEST',
  cancel: 'CANCEL',
  decline: 'DECLINECOUNTER',
  reply: 'REPLY',
};

/** The METHOD of the calendar as posted, else what the kind of mail implies. Upper case. */
export function methodToMail(calendar: string, kind: InvitationKind): string {
  const written = methodOf(parseEvent(calendar)) ?? '';
  // It goes into a header too: a token, or it is none.
  return /^[A-Z]{1,20}$/.test(written) ? written : METHODS[kind];
}

/** What a guest says to the organizer: there the guest's own comment is the point. */
function isFromGuest(method: string): boolean {
  return ['REPLY', 'COUNTER', 'REFRESH'].includes(method);
}

function isDropped(what: Drop['what'], name: string, method: string): boolean {
  const rule = DROPPED.find((one) => one.what === what && one.name.test(name));
  return rule !== undefined && !(rule.unlessFromGuest && isFromGuest(method));
}

interface Rules extends MailedCopyInput {
  readonly method: string;
  /** Every guest may see every other. */
  readonly all: boolean;
  /** The ATTENDEE lines of the organizer and of the recipient. */
  readonly organizerLines: ReadonlySet<ContentLine>;
  readonly recipientLines: ReadonlySet<ContentLine>;
}

function withReplyAddress(line: ContentLine, { sender, organizerAsMailed }: Rules): ContentLine {
  if (organizerAsMailed === null) return line;
  const named = line.param('CN') === null ? withParam(line, 'CN', sender.asWritten) : line;
  const bare = withParam(withParam(named, 'SENT-BY', null), 'EMAIL', sender.asWritten);
  return withValue(bare, `mailto:${organizerAsMailed}`);
}

function withoutPrivateParameters(line: ContentLine, method: string): ContentLine {
  const dropped = line.params.filter(({ name }) => isDropped('parameter', name, method));
  return dropped.reduce((out, { name }) => withParam(out, name, null), line);
}

function rewriteAttendee(line: ContentLine, rules: Rules): ContentLine[] {
  const { method, all, organizerLines, recipientLines } = rules;
  if (isFromGuest(method)) return [withoutPrivateParameters(line, method)];
  const isRecipient = recipientLines.has(line);
  const isOrganizer = organizerLines.has(line);
  if (!all && !isRecipient && !isOrganizer) return [];
  const out = withoutPrivateParameters(line, method);
  if (isOrganizer) return [withReplyAddress(out, rules)];
  return [isRecipient && method === 'REQUEST' ? withParam(out, 'RSVP', 'TRUE') : out];
}

function rewriteLine(line: ContentLine, rules: Rules): ContentLine[] {
  const { method } = rules;
  if (method === 'DECLINECOUNTER' && !IN_DECLINECOUNTER.has(line.name)) return [];
  if (line.name === 'ATTENDEE') return rewriteAttendee(line, rules);
  if (isDropped('property', line.name, method)) return [];
  if (line.name !== 'ORGANIZER') return [line];
  const out = withoutPrivateParameters(line, method);
  return [isFromGuest(method) ? out : withReplyAddress(out, rules)];
}

/** A component that is dropped takes what lies inside with it. */
function rewriteComponent(component: Component, rules: Rules): ContentLine[] {
  if (isDropped('component', component.name, rules.method)) return [];
  const isEvent = component instanceof EventComponent;
  const inside = component.parts.flatMap((part) => {
    if (!(part instanceof ContentLine)) return rewriteComponent(part, rules);
    if (part.name === '') return [];
    return isEvent ? rewriteLine(part, rules) : [part];
  });
  return [component.beginLine, ...inside, ...(component.endLine ? [component.endLine] : [])];
}

/** The calendar's own lines without METHOD, and its components. */
function rewriteCalendar({ parts }: EventDocument, rules: Rules): ContentLine[] {
  return parts.flatMap((part) => {
    if (!(part instanceof ContentLine)) return rewriteComponent(part, rules);
    return part.name === '' || part.name === 'METHOD' ? [] : [part];
  });
}

const LIBRARY_ZONES = new Set(tzlib_get_timezones(false));

/** A zone takes longer to make than the rest of the calendar, and calendars name the same few. */
const made = new Map<string, readonly ContentLine[]>();

function zoneOf(tzid: string): readonly ContentLine[] {
  const known = made.get(tzid);
  if (known !== undefined) return known;
  const zone = makeZone(tzid);
  if (made.size >= 200) made.clear();
  made.set(tzid, zone);
  return zone;
}

/** Empty where nobody knows the zone: then the time stands as it is, and clients guess as they would have. */
function makeZone(tzid: string): readonly ContentLine[] {
  const zone = ianaZone(tzid);
  // The library complains on the console of names that it does not know.
  if (zone === null || !LIBRARY_ZONES.has(zone)) return [];
  const block = splitLines(tzlib_get_ical_block(zone, false)[0] ?? '');
  return block.map((line) => (line.name === 'TZID' ? withValue(line, tzid) : line));
}

function missingZones(lines: readonly ContentLine[]): ContentLine[] {
  const present = new Set(lines.filter(({ name }) => name === 'TZID').map(({ value }) => value.trim()));
  const used = new Set(lines.map((line) => (line.text.includes('TZID') ? (line.param('TZID') ?? '') : '')));
  return [...used].filter((tzid) => tzid !== '' && !present.has(tzid)).flatMap(zoneOf);
}

/** What stands between BEGIN:VCALENDAR and the properties that came: what was missing, and METHOD. */
function headLines(lines: readonly ContentLine[], { itip, method }: Rules): ContentLine[] {
  const lacks = (wanted: string): boolean => !lines.some(({ name }) => name === wanted);
  return [
    ...(lacks('VERSION') ? [makeLine('VERSION', [], '2.0')] : []),
    ...(lacks('PRODID') ? [makeLine('PRODID', [], '-//imip-gateway//EN')] : []),
    ...(itip ? [makeLine('METHOD', [], method)] : []),
  ];
}

// RFC 5545 §3.1: no control character but HTAB stands in a line.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000A-\u001F\u007F]/g;

/**
 * The calendar part of a mail: text with CRLF and folded lines.
 *
 * @throws GatewayError `calendar-unparseable`
 */
export function mailedCopy(input: MailedCopyInput): string {
  const document = parseEvent(input.calendar);
  const events = componentsOf(document);
  const linesOf = (address: CalendarAddress): ReadonlySet<ContentLine> =>
    new Set(events.flatMap((event) => event.attendeeLines(address)));
  const rules: Rules = {
    ...input,
    method: methodToMail(input.calendar, input.kind),
    all: input.guestList && events.every((event) => event.properties('ATTENDEE').length <= MOST_ATTENDEES),
    organizerLines: linesOf(input.sender),
    recipientLines: linesOf(input.recipient),
  };
  const [begin, ...rest] = rewriteCalendar(document, rules);
  const firstComponent = rest.findIndex(({ name }) => name === 'BEGIN');
  const lines = [
    ...(begin === undefined ? [] : [begin]),
    ...headLines(rest, rules),
    ...rest.slice(0, firstComponent),
    ...missingZones(rest),
    ...rest.slice(firstComponent),
  ];
  return lines.map((line) => `${foldText(line.text.replace(CONTROLS, ''))}\r\n`).join('');
}
