// Arbitraries of fast-check for stored events and answers: series in every form of time, overrides with their own answers, and
// unusual but valid text (folds at any place, names in any case, unknown properties, both line ends).
import * as fc from 'fast-check';
import { formatLocal } from '../../../src/core/ical/local-time.ts';
import { formatInstant } from '../../../src/core/ical/local-time.ts';
import { resolveLocal } from '../../../src/core/ical/time-zones.ts';
import type { Partstat } from '../../../src/core/ical/types.ts';
import type { Answer } from '../../../src/core/itip/types.ts';
import { address } from './run-answer.ts';

export const PARTSTATS: readonly Partstat[] = ['NEEDS-ACTION', 'ACCEPTED', 'DECLINED', 'TENTATIVE', 'DELEGATED'];
const DAY = 86_400_000;
const STARTS = { utc: 'Z', paris: 'Europe/Paris', york: 'America/New_York', floating: '', date: '' } as const;
type Form = keyof typeof STARTS;
const UID = 'series@example.com';

export interface EventPlan {
  readonly form: Form;
  /** The days from one occurrence to the next, and the number of occurrences. A count of 1 is a single event. */
  readonly interval: number;
  readonly count: number;
  readonly attendees: readonly (Partstat | null)[];
  readonly overrides: readonly {
    readonly at: number;
    readonly moved: boolean;
    readonly partstats: readonly (Partstat | null)[];
  }[];
  readonly excluded: readonly number[];
  readonly sequence: number | null;
  readonly oddities: readonly string[];
  readonly fold: number | null;
  readonly lineEnd: string;
  readonly lowerCase: boolean;
}

const ODDITIES = [
  'X-NOTE;X-A="a;b:c,d";X-B=^^^n:one\\, two',
  'BEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:a0@example.com\nTRIGGER:-PT15M\nEND:VALARM',
  'DESCRIPTION:Ünïcödé 😀 and a very long line that goes on and on and on and on and on and on and on',
  'X-EMPTY:',
  'COMMENT:PARTSTAT=DECLINED',
  'not a content line',
  'ATTENDEE;CN="Somebody: else":urn:uuid:1',
];

const anyPartstat = fc.constantFrom<Partstat | null>(...PARTSTATS, null);

export const eventPlan: fc.Arbitrary<EventPlan> = fc.record({
  form: fc.constantFrom<Form>('utc', 'paris', 'york', 'floating', 'date'),
  interval: fc.integer({ min: 1, max: 9 }),
  count: fc.integer({ min: 1, max: 6 }),
  attendees: fc.array(anyPartstat, { minLength: 1, maxLength: 4 }),
  overrides: fc.uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: 5 }),
      moved: fc.boolean(),
      partstats: fc.array(anyPartstat, { maxLength: 4 }),
    }),
    { maxLength: 3, selector: (each) => each.at },
  ),
  excluded: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }),
  sequence: fc.constantFrom(null, 0, 1, 2),
  oddities: fc.array(fc.constantFrom(...ODDITIES), { maxLength: 4 }),
  fold: fc.constantFrom(null, 20, 60, 75),
  lineEnd: fc.constantFrom('\r\n', '\n'),
  lowerCase: fc.boolean(),
});

/** Returns the local time of an occurrence in milliseconds: 10:00, or 02:30 near a DST change. */
function localOf(plan: EventPlan, at: number): number {
  const first = plan.form === 'paris' ? Date.UTC(2026, 9, 23, 2, 30) : Date.UTC(2026, 2, 6, 10, 0);
  return first + at * plan.interval * DAY;
}

function timeLine(name: string, plan: EventPlan, local: number): string {
  const text = formatLocal(local);
  if (plan.form === 'date') return `${name};VALUE=DATE:${text.slice(0, 8)}`;
  const zone = STARTS[plan.form];
  return zone.length > 1 ? `${name};TZID=${zone}:${text}` : `${name}:${text}${zone}`;
}

/** Returns the recurrenceId of an occurrence, as in the ledger. */
export function occurrenceId(plan: EventPlan, at: number): string {
  const text = formatLocal(localOf(plan, at));
  if (plan.form === 'date') return text.slice(0, 8);
  if (plan.form === 'floating') return text;
  if (plan.form === 'utc') return `${text}Z`;
  return formatInstant(resolveLocal(text, STARTS[plan.form], []) ?? 0);
}

export function attendeeAddress(at: number): string {
  return `mailto:a${at}@example.com`;
}

function attendeeLine(at: number, partstat: Partstat | null): string {
  const quoted = at % 2 === 1 && partstat ? `"${partstat}"` : partstat;
  return `ATTENDEE;CN=A${at}${partstat ? `;PARTSTAT=${quoted}` : ''};RSVP=TRUE:${attendeeAddress(at)}`;
}

function componentLines(plan: EventPlan, at: number, override: EventPlan['overrides'][number] | null): string[] {
  const local = localOf(plan, at) + (override?.moved ? DAY / (plan.form === 'date' ? 1 : 6) : 0);
  const length = plan.form === 'date' ? DAY : 5_400_000;
  const attendees = (override ? override.partstats : plan.attendees).map((each, index) => attendeeLine(index, each));
  const recurs = !override && plan.count > 1;
  const excluded = plan.excluded.filter((each) => each > 0 && !plan.overrides.some((other) => other.at === each));
  return [
    'BEGIN:VEVENT',
    `UID:${UID}`,
    ...(plan.sequence === null ? [] : [`SEQUENCE:${plan.sequence}`]),
    ...(override ? [timeLine('RECURRENCE-ID', plan, localOf(plan, at))] : []),
    timeLine('DTSTART', plan, local),
    timeLine('DTEND', plan, local + length),
    ...(recurs ? [`RRULE:FREQ=DAILY;INTERVAL=${plan.interval};COUNT=${plan.count}`] : []),
    ...(recurs ? excluded.map((each) => timeLine('EXDATE', plan, localOf(plan, each))) : []),
    ...plan.oddities.flatMap((each) => each.split('\n')),
    'ORGANIZER:mailto:organizer@example.com',
    ...attendees,
    'END:VEVENT',
  ];
}

export function eventTextOf(plan: EventPlan): string {
  const overrides = plan.count > 1 ? plan.overrides.filter((each) => each.at < plan.count) : [];
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...componentLines(plan, 0, null),
    ...overrides.flatMap((each) => componentLines(plan, each.at, each)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => foldAt(odd(line, plan), plan) + plan.lineEnd).join('');
}

function odd(line: string, plan: EventPlan): string {
  return plan.lowerCase ? line.replace(/^[A-Z-]+(?=[;:])/, (name) => name.toLowerCase()) : line;
}

function foldAt(line: string, { fold, lineEnd }: EventPlan): string {
  if (fold === null || line.length <= fold) return line;
  const characters = [...line];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += fold) pieces.push(characters.slice(at, at + fold).join(''));
  return pieces.join(`${lineEnd} `);
}

/** Answers to an arbitrary event. `sentAt` increases, so that all answers of a list have different revisions. */
export function answers(most: number): fc.Arbitrary<((plan: EventPlan) => Answer)[]> {
  const one = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    at: fc.constantFrom(null, null, 0, 1, 2, 3, 4, 5),
    partstat: fc.constantFrom(...PARTSTATS),
    sequence: fc.constantFrom(null, 0, 1, 2),
    range: fc.constantFrom(null, null, null, 'THISANDFUTURE' as const),
  });
  return fc.array(one, { minLength: 1, maxLength: most }).map((list) =>
    list.map((each, index) => (plan: EventPlan) => ({
      component: 'VEVENT',
      occurrence: { uid: UID, recurrenceId: each.at === null ? null : occurrenceId(plan, each.at) },
      range: each.at === null ? null : each.range,
      start: null,
      attendee: address(attendeeAddress(each.who)),
      organizer: address('mailto:organizer@example.com'),
      partstat: each.partstat,
      comment: null,
      delegatedTo: [],
      revision: { sequence: each.sequence, sentAt: 1000 + index },
      door: 'smtp',
    })),
  );
}
