// The actions of the organizer in the playground: invite, move, cancel. In: a form or a UID; out: an event in the embedded
// calendar and the scheduling callbacks, as from a calendar client and a CalDAV server. It throws if the form is invalid.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readEventView } from '../core/compose/event-view.ts';
import { GatewayError } from '../core/errors.ts';
import { calendarAddress } from '../core/ical/calendar-address.ts';
import {
  type ContentLine,
  escapeText,
  joinLines,
  makeLine,
  splitLines,
  withParam,
  withValue,
} from '../core/ical/content-lines.ts';
import { formatInstant, formatLocal, HOUR, parseLocal } from '../core/ical/local-time.ts';
import type { EventView } from '../core/compose/types.ts';
import type { EmbeddedCaldav } from './embedded-caldav.ts';

export interface OrganizerActionsOptions {
  readonly organizer: string;
  readonly caldav: EmbeddedCaldav;
  /** `host:port` of the gateway's web door. */
  readonly gateway: string;
  readonly callbackKey: string;
  readonly now: () => number;
}

export interface OrganizedEvent {
  readonly view: EventView;
  readonly calendar: string;
}

export interface OrganizerActions {
  /** Throws a ZodError for an invalid form. */
  invite(form: unknown): Promise<void>;
  move(uid: string): Promise<void>;
  cancel(uid: string): Promise<void>;
  /** Newest first. */
  events(): OrganizedEvent[];
}

const addresses = z.string().transform((text, context) => {
  const lines = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = lines.find((line) => calendarAddress(line) === null);
  if (wrong !== undefined) context.addIssue(`${wrong} is not a mail address`);
  if (lines.length === 0 || lines.length > 50)
    context.addIssue('Invite between 1 and 50 people, with one address per line');
  return [...new Set(lines)];
});

const eventForm = z.object({
  title: z.string().trim().min(1, 'Give the event a title').max(200),
  start: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, 'Choose a start time'),
  minutes: z.coerce.number().int().min(5).max(1440),
  timezone: z.string().regex(/^[A-Za-z0-9_+/-]{1,60}$/),
  repeats: z.enum(['', 'FREQ=DAILY;COUNT=5', 'FREQ=WEEKLY;COUNT=6']).default(''),
  place: z.string().trim().max(200).default(''),
  attendees: addresses,
});

export function openOrganizerActions(options: OrganizerActionsOptions): OrganizerActions {
  const { caldav, organizer } = options;
  const uids: string[] = [];
  caldav.addUser(organizer);

  async function edit(
    uid: string,
    method: 'REQUEST' | 'CANCEL',
    editLine: (line: ContentLine) => ContentLine,
  ): Promise<void> {
    const stored = caldav.getEvent(organizer, uid);
    if (stored === null) throw new GatewayError('internal', `there is no event ${uid}`);
    const text = joinLines(splitLines(stored.text).map(editLine));
    caldav.putEvent(organizer, uid, text);
    await postCallbacks(options, text, method);
  }

  return {
    async invite(given) {
      const form = eventForm.parse(given);
      const uid = `${randomUUID()}@playground.example.com`;
      const text = eventText(options, uid, form);
      caldav.putEvent(organizer, uid, text);
      uids.push(uid);
      await postCallbacks(options, text, 'REQUEST');
    },
    move: (uid) => edit(uid, 'REQUEST', moveLine),
    cancel: (uid) => edit(uid, 'CANCEL', cancelLine),
    events: () =>
      uids.toReversed().flatMap((uid) => {
        const stored = caldav.getEvent(organizer, uid);
        return stored === null
          ? []
          : [
              {
                view: readEventView(stored.text, null, null, { now: options.now(), timezone: 'UTC' }),
                calendar: stored.text,
              },
            ];
      }),
  };
}

function eventText({ organizer, now }: OrganizerActionsOptions, uid: string, form: z.infer<typeof eventForm>): string {
  const stamp = formatInstant(now());
  const start = `${form.start.replace(/[-:]/g, '')}00`;
  const zone: [string, string][] = [['TZID', form.timezone]];
  const attendee = (address: string): ContentLine =>
    makeLine(
      'ATTENDEE',
      [
        ['PARTSTAT', 'NEEDS-ACTION'],
        ['RSVP', 'TRUE'],
      ],
      `mailto:${address}`,
    );
  return joinLines([
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//iMIP Gateway//Playground//EN', 'BEGIN:VEVENT'].map(plainLine),
    makeLine('UID', [], uid),
    makeLine('DTSTAMP', [], stamp),
    makeLine('SEQUENCE', [], '0'),
    makeLine('DTSTART', zone, start),
    makeLine('DTEND', zone, localAfter(start, form.minutes * 60_000)),
    ...(form.repeats === '' ? [] : [makeLine('RRULE', [], form.repeats)]),
    makeLine('SUMMARY', [], escapeText(form.title)),
    ...(form.place === '' ? [] : [makeLine('LOCATION', [], escapeText(form.place))]),
    makeLine('STATUS', [], 'CONFIRMED'),
    makeLine('ORGANIZER', [['CN', 'Alice Organizer']], `mailto:${organizer}`),
    ...form.attendees.map(attendee),
    ...['END:VEVENT', 'END:VCALENDAR'].map(plainLine),
  ]);
}

/** A new time raises SEQUENCE and resets the answers (RFC 5546 §2.1.4). */
function moveLine(line: ContentLine): ContentLine {
  if (line.name === 'DTSTART' || line.name === 'DTEND') return withValue(line, localAfter(line.value, HOUR));
  if (line.name === 'ATTENDEE') return withParam(line, 'PARTSTAT', 'NEEDS-ACTION');
  return nextSequence(line);
}

function cancelLine(line: ContentLine): ContentLine {
  return line.name === 'STATUS' ? withValue(line, 'CANCELLED') : nextSequence(line);
}

function nextSequence(line: ContentLine): ContentLine {
  return line.name === 'SEQUENCE' ? withValue(line, String(Number(line.value) + 1)) : line;
}

/** Sends one POST per attendee, as a CalDAV server does. */
async function postCallbacks(
  { organizer, gateway, callbackKey }: OrganizerActionsOptions,
  text: string,
  method: 'REQUEST' | 'CANCEL',
): Promise<void> {
  const body = text.replace('BEGIN:VEVENT', `METHOD:${method}\r\nBEGIN:VEVENT`);
  for (const { address } of readEventView(text, null, null, null).guests) {
    const response = await fetch(`http://${gateway}/api/v1.0/caldav-scheduling-callback/`, {
      method: 'POST',
      headers: {
        'Content-Type': 'text/calendar; charset=utf-8',
        'X-Api-Key': callbackKey,
        'X-CalDAV-Sender': organizer,
        'X-CalDAV-Recipient': address,
        'X-CalDAV-Method': method,
      },
      body,
    });
    if (!response.ok) {
      const reason = `${response.status} ${await response.text()}`;
      throw new GatewayError('internal', `the gateway refused the callback: ${reason}`);
    }
  }
}

function plainLine(text: string): ContentLine {
  const [name = '', value = ''] = text.split(':');
  return makeLine(name, [], value);
}

/** Adds to a local time, `YYYYMMDDTHHMMSS`. It ignores changes of the offset. */
function localAfter(local: string, ms: number): string {
  return formatLocal((parseLocal(local) ?? 0) + ms);
}
