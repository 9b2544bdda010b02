// The cost of parsing and editing: `npx tsx test/bench/itip.ts`. Prints medians of several runs, and the memory of the
// largest case.
import { applyDecision } from '../../src/core/itip/apply.ts';
import { type EventDocument, eventText, parseEvent } from '../../src/core/ical/event-document.ts';
import { readMessage } from '../../src/core/itip/read-message.ts';
import type { Answer, Decision } from '../../src/core/itip/types.ts';
import { address, answerFrom, FAR_FUTURE, judge } from '../core/itip/run-answer.ts';

const RUNS = 15;
const NO_HISTORY = { applied: [], mailed: [] };

function eventOf(attendees: number, series = false): string {
  const lines = Array.from(
    { length: attendees },
    (_, at) => `ATTENDEE;CN=Person ${at};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:p${at}@example.com`,
  );
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    'UID:big@example.com',
    'DTSTAMP:20261101T080000Z',
    'DTSTART;TZID=Europe/Paris:20261122T120000',
    'DTEND;TZID=Europe/Paris:20261122T130000',
    ...(series ? ['RRULE:FREQ=WEEKLY;COUNT=20'] : []),
    'ORGANIZER:mailto:organizer@example.com',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function replyOf(at: number, recurrenceId = ''): string {
  const rid = recurrenceId === '' ? '' : `RECURRENCE-ID:${recurrenceId}\r\n`;
  const who = `ATTENDEE;PARTSTAT=ACCEPTED:mailto:p${at}@example.com\r\n`;
  return `BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:big@example.com\r\nDTSTAMP:20261102T090000Z\r\n${rid}${who}END:VEVENT\r\nEND:VCALENDAR\r\n`;
}

function answerOf(at: number, recurrenceId?: string): Answer {
  const [claim] = readMessage(replyOf(at, recurrenceId), null).items;
  if (claim?.kind !== 'answer') throw new TypeError('no answer');
  return answerFrom(claim, FAR_FUTURE - 1, claim.attendee, address('organizer@example.com'));
}

function applied(decision: Decision): Decision & { verdict: 'apply' } {
  if (decision.verdict !== 'apply') throw new TypeError(`not applied: ${decision.reason}`);
  return decision;
}

function give(document: EventDocument, answer: Answer): EventDocument {
  return applyDecision(document, applied(judge(document, answer, NO_HISTORY)));
}

let runs = 0;

/** Returns a text that was not parsed before, because the last few are cached. */
function anew(text: string): string {
  return text.replace('BEGIN:VEVENT', `X-RUN:${runs++}\r\nBEGIN:VEVENT`);
}

function measure(what: string, work: (text: string) => unknown, text = ''): void {
  const times = Array.from({ length: RUNS }, () => {
    const fresh = anew(text);
    const begun = performance.now();
    work(fresh);
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  const [median = 0, worst = 0] = [times[Math.floor(RUNS / 2)], times.at(-1)];
  console.log(
    `${what.padEnd(62)} median ${median.toFixed(2).padStart(8)} ms   worst ${worst.toFixed(2).padStart(8)} ms`,
  );
}

function benchEvent(attendees: number): void {
  const text = eventOf(attendees);
  console.log(`\n${attendees} attendees, ${Math.round(text.length / 1024)} KiB`);
  const last = answerOf(attendees - 1);
  const many = Array.from({ length: Math.min(200, attendees) }, (_, at) => answerOf(at));
  measure('parse, decide, patch and write one answer', (fresh) => eventText(give(parseEvent(fresh), last)), text);
  const parsed = parseEvent(text);
  give(parsed, last);
  measure('decide and patch one answer in a parsed event', () => give(parsed, last));
  measure(
    `parse, decide and patch ${many.length} answers in one go, write`,
    (fresh) => eventText(many.reduce(give, parseEvent(fresh))),
    text,
  );
  const series = eventOf(attendees, true);
  const instance = answerOf(attendees - 1, '20261129T110000Z');
  measure(
    'the same for one instance of a series: an override is made',
    (fresh) => eventText(give(parseEvent(fresh), instance)),
    series,
  );
}

function benchParse(): void {
  const text = eventOf(7300).slice(0, 512 * 1024);
  const whole = `${text.slice(0, text.lastIndexOf('\r\nATTENDEE'))}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  console.log(`\n${Math.round(whole.length / 1024)} KiB of calendar`);
  measure('parse', (fresh) => parseEvent(fresh), whole);
  measure('parse and find every attendee', (fresh) => parseEvent(fresh).master?.attendees.length, whole);
  measure('read as a message', () => readMessage(whole, 'REPLY'));
  const hostile = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nATTENDEE${';X="'.repeat(130_000)}:mailto:a@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  measure('read one line of half a megabyte of quotes', () => readMessage(hostile, 'REPLY'));
  const folds = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nCOMMENT:${'a\r\n '.repeat(130_000)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  measure('read a value of 130,000 folds', () => readMessage(folds, 'REPLY'));
}

for (const attendees of [20, 2000, 20_000]) benchEvent(attendees);
benchParse();
console.log(`\npeak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
