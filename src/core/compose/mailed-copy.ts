// Makes the copy of a calendar that is mailed to one recipient. In: the calendar that the CalDAV server posted, the sender
// and the recipient; out: the calendar text. Answers to it go to the reply address, it contains nothing private to the
// organizer or other guests, and each TZID has a VTIMEZONE. REWRITES lists every change and its reason; everything else is
// copied. It refuses a calendar that cannot be parsed.
import {
  ContentLine,
  foldText,
  makeLine,
  withoutParams,
  withQuotedParams,
  withParam,
  withValue,
} from '../ical/content-lines.ts';
import { withoutControls } from '../ical/parameters.ts';
import { EventComponent } from '../ical/event-component.ts';
import { componentsOf, type EventDocument, methodOf, parseEvent } from '../ical/event-document.ts';
import type { Component } from '../ical/read-components.ts';
import { formatInstant } from '../ical/local-time.ts';
import type { CalendarAddress } from '../ical/types.ts';
import { vtimezoneLines } from '../ical/write-vtimezone.ts';
import { isFromAttendee } from '../itip/methods.ts';
import { listsAllGuests, MAX_LISTED_GUESTS } from '../itip/listed-guests.ts';
import type { MailStamp } from '../itip/stamp.ts';
import type { InvitationKind } from './types.ts';

export interface MailedCopyInput {
  readonly kind: InvitationKind;
  readonly calendar: string;
  /** The organizer, or for a REPLY the attendee. */
  readonly sender: CalendarAddress;
  readonly recipient: CalendarAddress;
  /** The address to write into ORGANIZER, null to keep it. */
  readonly organizerAsMailed: string | null;
  /** Whether to write METHOD. */
  readonly itip: boolean;
  /** Whether to keep the other guests. */
  readonly guestList: boolean;
  /** DTSTAMP and SEQUENCE to write, null to keep them. */
  readonly stamp: MailStamp | null;
}

export interface Rewrite {
  readonly part: string;
  readonly change: string;
  readonly reason: string;
}

interface Removal {
  readonly kind: 'component' | 'property' | 'parameter';
  readonly name: RegExp;
  readonly reason: string;
  /** Whether a message from a guest to the organizer keeps it, because it is data of that guest. */
  readonly unlessFromGuest?: true;
}

/** The parts that are removed by name. */
const REMOVED: readonly Removal[] = [
  { kind: 'component', name: /^VALARM$/, reason: 'the organizer’s alarm would go off on the guest’s phone' },
  {
    kind: 'property',
    name: /^X-CALENDARSERVER-(?:ATTENDEE|PRIVATE)-COMMENT$/,
    reason: 'a guest’s comment is for the organizer, not for other guests',
    unlessFromGuest: true,
  },
  {
    kind: 'property',
    name: /^X-MOZ-(?:GENERATION|LASTACK|RECEIVED-\w+|SEND-INVITATIONS\w*|SNOOZE-TIME\S*)$/,
    reason: 'internal state of the organizer’s Thunderbird, such as snoozed alarms',
  },
  { kind: 'property', name: /^X-APPLE-(?:TRAVEL|EWS)-\S+$/, reason: 'where and when the organizer departs' },
  {
    kind: 'property',
    name: /^(?:CATEGORIES|COLOR|X-APPLE-CALENDAR-COLOR)$/,
    reason: 'how the sender files the event is private, and names people and projects',
  },
  {
    kind: 'property',
    name: /^(?:REQUEST-STATUS|X-LIC-ERROR)$/,
    reason: 'a server’s status for the organizer',
    unlessFromGuest: true,
  },
  {
    kind: 'parameter',
    name: /^SCHEDULE-(?:AGENT|STATUS|FORCE-SEND)$/,
    reason: 'only for the organizer’s client and server (RFC 6638 §7.1)',
  },
  {
    kind: 'parameter',
    name: /^X-(?:RESPONSE-COMMENT|CALENDARSERVER-\S+)$/,
    reason: 'another guest’s comment, or the server’s data about their answer',
    unlessFromGuest: true,
  },
];

/** Every difference between the mailed copy and the posted calendar. */
export const REWRITES: readonly Rewrite[] = [
  ...REMOVED.map(({ kind, name, reason, unlessFromGuest }) => ({
    part: `${kind} ${name.source}`,
    change: unlessFromGuest ? 'removed, except in a message from a guest to the organizer' : 'removed',
    reason,
  })),
  {
    part: 'METHOD',
    change: 'removed if iTIP is off',
    reason: 'otherwise clients answer by mail, but only the links are supported',
  },
  {
    part: 'METHOD',
    change: 'added if iTIP is on and it is missing',
    reason: 'without METHOD the part is not an invitation (RFC 6047 §2.4)',
  },
  {
    part: 'DTSTAMP',
    change: 'the time of the mail, and a second later than in the last one to the same recipient',
    reason: 'receivers drop a message that is not newer; some clients of organizers leave DTSTAMP as it was, or out',
  },
  {
    part: 'SEQUENCE of a message from the organizer',
    change:
      'raised above the last one mailed if the time changes, or the event is cancelled or restored; never lower than it, and in an override not lower than in the series',
    reason: 'RFC 5546 §2.1.4; some clients of organizers never raise it, and receivers then drop the message',
  },
  {
    part: 'VERSION, PRODID',
    change: 'added if missing',
    reason: 'RFC 5545 §3.6 requires both; Outlook refuses a calendar without them',
  },
  {
    part: 'ORGANIZER',
    change:
      'the value becomes the reply address, EMAIL the organizer’s; CN is kept or made from the address; SENT-BY is removed',
    reason: 'clients send the answer to ORGANIZER, some to SENT-BY (RFC 6047 §2.3)',
  },
  {
    part: 'the organizer’s own ATTENDEE',
    change: 'changed like ORGANIZER',
    reason: 'otherwise clients show the organizer twice, and send a reply to all to both addresses',
  },
  {
    part: 'the recipient’s ATTENDEE',
    change: 'gets RSVP=TRUE in a REQUEST',
    reason: 'clients show the buttons only if an answer is requested',
  },
  {
    part: 'parameters of ATTENDEE and ORGANIZER',
    change: 'quoted if they need it',
    reason:
      'some clients leave a CN with a comma, semicolon or colon unquoted; readers then lose the address (RFC 5545 §3.2)',
  },
  {
    part: 'other ATTENDEEs',
    change: `removed if there are more than ${MAX_LISTED_GUESTS}, or if guests must not see each other`,
    reason: 'clients and mail servers fail on long lists',
  },
  {
    part: 'all properties of a DECLINECOUNTER except a few',
    change: 'removed; the text of the mail describes the event',
    reason: 'RFC 5546 §3.2.8 allows UID, RECURRENCE-ID, ORGANIZER, SEQUENCE and COMMENT, but no ATTENDEE and no time',
  },
  {
    part: 'DTEND',
    change: 'removed if it is not after DTSTART',
    reason: 'clients show different times for such an event, and the text of the mail shows none (RFC 5545 §3.8.2.2)',
  },
  {
    part: 'VTIMEZONE',
    change: 'added for a TZID that has none',
    reason:
      'RFC 5545 §3.2.19 requires one; Outlook shows the wrong time without it. Its rules are those from which the text of the mail is made',
  },
  {
    part: 'lines',
    change: 'folded at 75 octets, with CRLF, without control characters and byte order mark',
    reason: 'RFC 5545 §3.1',
  },
];

const DECLINECOUNTER_PROPERTIES: ReadonlySet<string> = new Set(
  'UID DTSTAMP SEQUENCE RECURRENCE-ID ORGANIZER COMMENT REQUEST-STATUS'.split(' '),
);
const METHODS: Readonly<Record<InvitationKind, string>> = {
  invitation: 'REQUEST',
  update: 'REQUEST',
  refresh: 'REQUEST',
  own: 'REQUEST',
  cancel: 'CANCEL',
  decline: 'DECLINECOUNTER',
  reply: 'REPLY',
};

/** Returns the METHOD of the posted calendar, or else that of the kind of mail, in upper case. */
export function methodToMail(calendar: string, kind: InvitationKind): string {
  const written = methodOf(parseEvent(calendar)) ?? '';
  // It is also written into the Content-Type header, so it must be a plain token.
  return /^[A-Z]{1,20}$/.test(written) ? written : METHODS[kind];
}

function isRemoved(kind: Removal['kind'], name: string, method: string): boolean {
  const rule = REMOVED.find((removal) => removal.kind === kind && removal.name.test(name));
  return rule !== undefined && !(rule.unlessFromGuest && isFromAttendee(method));
}

interface Rules extends MailedCopyInput {
  readonly method: string;
  /** Whether to keep the ATTENDEEs other than the recipient and the organizer. */
  readonly keepsOthers: boolean;
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

function rewriteParameters(line: ContentLine, method: string): ContentLine {
  return withQuotedParams(withoutParams(line, (name) => isRemoved('parameter', name, method)));
}

function rewriteAttendee(line: ContentLine, rules: Rules): ContentLine[] {
  const { method, keepsOthers, organizerLines, recipientLines } = rules;
  if (isFromAttendee(method)) return [rewriteParameters(line, method)];
  const isRecipient = recipientLines.has(line);
  const isOrganizer = organizerLines.has(line);
  if (!keepsOthers && !isRecipient && !isOrganizer) return [];
  const out = rewriteParameters(line, method);
  if (isOrganizer) return [withReplyAddress(out, rules)];
  return [isRecipient && method === 'REQUEST' ? withParam(out, 'RSVP', 'TRUE') : out];
}

function rewriteLine(line: ContentLine, rules: Rules): ContentLine[] {
  const { method } = rules;
  if (method === 'DECLINECOUNTER' && !DECLINECOUNTER_PROPERTIES.has(line.name)) return [];
  if (line.name === 'ATTENDEE') return rewriteAttendee(line, rules);
  if (isRemoved('property', line.name, method)) return [];
  if (line.name !== 'ORGANIZER') return [line];
  const out = rewriteParameters(line, method);
  return [isFromAttendee(method) ? out : withReplyAddress(out, rules)];
}

/** A task keeps its DUE, which is more important than its DTSTART. */
function isMeaninglessEnd(line: ContentLine, event: EventComponent): boolean {
  return line.name === 'DTEND' && event.endTimeLine === null;
}

/** Removing a component also removes the components in it. */
function rewriteComponent(component: Component, rules: Rules): ContentLine[] {
  if (isRemoved('component', component.name, rules.method)) return [];
  const isEvent = component instanceof EventComponent;
  const event = isEvent ? withStamp(component, rules) : component;
  const inside = event.parts.flatMap((part) => {
    if (!(part instanceof ContentLine)) return rewriteComponent(part, rules);
    if (part.name === '' || (isEvent && isMeaninglessEnd(part, component))) return [];
    return isEvent ? rewriteLine(part, rules) : [part];
  });
  return [component.beginLine, ...inside, ...(component.endLine ? [component.endLine] : [])];
}

/** Replaces DTSTAMP and SEQUENCE in their places, and writes missing ones first. */
function withStamp(component: EventComponent, { stamp }: Rules): Component {
  if (stamp === null) return component;
  const sequence = stamp.sequences.get(component.recurrenceId);
  const lines = [
    makeLine('DTSTAMP', [], formatInstant(stamp.stampedAt)),
    ...(sequence === undefined ? [] : [makeLine('SEQUENCE', [], String(sequence))]),
  ];
  const parts = component.parts.flatMap((part) => {
    const line = part instanceof ContentLine ? lines.find(({ name }) => name === part.name) : undefined;
    if (line === undefined) return [part];
    return part === component.property(line.name) ? [line] : [];
  });
  return { ...component, parts: [...lines.filter(({ name }) => component.property(name) === null), ...parts] };
}

/** Returns the calendar's own lines without METHOD, CATEGORIES and other removed properties, and the lines of its components. */
function rewriteCalendar({ parts }: EventDocument, rules: Rules): ContentLine[] {
  return parts.flatMap((part) => {
    if (!(part instanceof ContentLine)) return rewriteComponent(part, rules);
    return part.name === '' || part.name === 'METHOD' || isRemoved('property', part.name, rules.method) ? [] : [part];
  });
}

/** Returns the VTIMEZONEs of the TZIDs that have none, with rules from the year before the first local time on. */
function missingZones(lines: readonly ContentLine[]): ContentLine[] {
  const present = new Set(lines.filter(({ name }) => name === 'TZID').map(({ value }) => value.trim()));
  const firstYears = new Map<string, number>();
  for (const line of lines) {
    const tzid = line.text.includes('TZID') ? (line.param('TZID') ?? '') : '';
    if (tzid === '' || present.has(tzid)) continue;
    const year = Number(/^\d{4}/.exec(line.value)?.[0] ?? OLDEST_YEAR);
    firstYears.set(tzid, Math.max(OLDEST_YEAR, Math.min(year - 1, firstYears.get(tzid) ?? year - 1)));
  }
  return [...firstYears].flatMap(([tzid, year]) => vtimezoneLines(tzid, year));
}

/** Before this year, zones had no regular rules. */
const OLDEST_YEAR = 1970;

/** Returns the lines to insert after BEGIN:VCALENDAR: the missing required properties, and METHOD. */
function headLines(lines: readonly ContentLine[], { itip, method }: Rules): ContentLine[] {
  const isMissing = (required: string): boolean => !lines.some(({ name }) => name === required);
  return [
    ...(isMissing('VERSION') ? [makeLine('VERSION', [], '2.0')] : []),
    ...(isMissing('PRODID') ? [makeLine('PRODID', [], '-//imip-gateway//EN')] : []),
    ...(itip ? [makeLine('METHOD', [], method)] : []),
  ];
}

/**
 * Returns the calendar text for a mail, with CRLF and folded lines.
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
    keepsOthers: input.guestList && listsAllGuests(document),
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
  return lines.map((line) => `${foldText(withoutControls(line.text))}\r\n`).join('');
}
