// Why ical.js does not edit stored events (docs/decisions/ical-js.md): what it changes when it reads and writes an event,
// the cost of an edit compared with ours, and its results for rules and texts that a stranger may send. `node --import tsx
// test/bench/decisions/ical-js.ts`.
import ICAL from 'ical.js';
import { openRecurrence } from '../../../src/adapters/recurrence/open-recurrence.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { splitLines, withParam } from '../../../src/core/ical/content-lines.ts';
import { EventComponent } from '../../../src/core/ical/event-component.ts';
import { eventText, parseEvent, withParts } from '../../../src/core/ical/event-document.ts';
import type { RuleAnswer, RuleRequest } from './ical-js-child.ts';
import { costsOf, type Finding, printIfMain } from './findings.ts';
import { openChild } from './limited-child.ts';
import { attendeeAddress, clientCalendars, eventOf, storedEvents } from './stored-events.ts';

const LIMIT_MS = 2000;
const START = '20260101T090000';

const HOSTILE_RULES = [
  'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=DAILY;INTERVAL=1000000000',
  // 1 January 2026 is a Thursday, so no seventh day after it is a Monday.
  'FREQ=DAILY;INTERVAL=7;BYDAY=MO',
];

export async function measureIcalJs(): Promise<Finding[]> {
  return [
    rewriting('stored events of fixtures/itip', storedEvents()),
    rewriting('calendars of fixtures/mail', clientCalendars()),
    ...[20, 2000].map(editing),
    ...(await rules()),
    ...shapes(),
  ];
}

/** Reads and writes without a change. Folding and line ends are ignored. */
function rewriting(what: string, texts: readonly string[]): Finding {
  const { refused, same, lost, lines } = rewrite(texts, (text) => component(text).toString());
  const ours = rewrite(texts, (text) => eventText(parseEvent(text)));
  const equal = texts.filter((text) => written(() => eventText(parseEvent(text))) === text).length;
  return {
    what: `ical.js reads and writes ${texts.length} ${what}`,
    figure: `${refused} refused, ${same} with every line as it was; in the others ${lost} lines are changed, of all ${lines}`,
    beside: `ours: ${ours.refused} refused, ${equal} equal byte for byte`,
  };
}

interface Rewritten {
  readonly refused: number;
  readonly same: number;
  readonly lost: number;
  /** Of the texts that were not refused. */
  readonly lines: number;
}

function rewrite(texts: readonly string[], write: (text: string) => string): Rewritten {
  const pairs = texts.flatMap((text) => {
    const after = written(() => write(text));
    return after === null ? [] : [{ before: unfolded(text), after: unfolded(after) }];
  });
  const lost = pairs.map(({ before, after }) => countMissing(before, after));
  return {
    refused: texts.length - pairs.length,
    same: lost.filter((count) => count === 0).length,
    lost: lost.reduce((sum, count) => sum + count, 0),
    lines: pairs.reduce((sum, { before }) => sum + before.length, 0),
  };
}

function written(write: () => string): string | null {
  try {
    return write();
  } catch {
    return null;
  }
}

function unfolded(text: string): string[] {
  return splitLines(text).flatMap((line) => (line.text.trim() === '' ? [] : [line.text]));
}

/** Returns the lines of `before` that are missing in `after`, each as often as it is missing. */
function countMissing(before: readonly string[], after: readonly string[]): number {
  const left = new Map<string, number>();
  for (const line of after) left.set(line, (left.get(line) ?? 0) + 1);
  let missing = 0;
  for (const line of before) {
    const count = left.get(line) ?? 0;
    if (count === 0) missing += 1;
    else left.set(line, count - 1);
  }
  return missing;
}

function component(text: string): ICAL.Component {
  const parsed = ICAL.parse(text);
  // The type is one component, but several components give a list.
  if (Array.isArray(parsed[0])) throw new TypeError('several calendars');
  return new ICAL.Component(parsed as unknown as unknown[]);
}

/** Reads an event, sets the last attendee's PARTSTAT and writes it. */
function editing(attendees: number): Finding {
  const text = eventOf(attendees);
  const last = attendeeAddress(attendees - 1);
  const address = calendarAddress(last);
  if (address === null) throw new TypeError(last);
  let texts = 0;
  // Our parser caches the last few texts, so each run gets a different text.
  const fresh = (): string => text.replace('BEGIN:VEVENT', `X-RUN:${(texts += 1)}\r\nBEGIN:VEVENT`);
  const theirs = (): string => {
    const calendar = component(fresh());
    const lines = calendar.getFirstSubcomponent('vevent')?.getAllProperties('attendee') ?? [];
    lines.find((line) => line.getFirstValue() === `mailto:${last}`)?.setParameter('partstat', 'ACCEPTED');
    return calendar.toString();
  };
  const ours = (): string => {
    const document = parseEvent(fresh());
    const parts = document.parts.map((part) =>
      part instanceof EventComponent
        ? part.withAttendee(address, (line) => withParam(line, 'PARTSTAT', 'ACCEPTED'))
        : part,
    );
    return eventText(withParts(document, parts));
  };
  const [theirCost = Number.NaN, ourCost = Number.NaN] = costsOf(Math.ceil(10_000 / attendees), theirs, ours);
  return {
    what: `ical.js reads, edits and writes an event of ${attendees}`,
    figure: `${theirCost.toFixed(2)} ms of processor time`,
    beside: `ours: ${ourCost.toFixed(2)} ms`,
  };
}

/** Returns the first three starts. Our engine runs as in the gateway: in a worker thread that is killed at its limit. */
async function rules(): Promise<Finding[]> {
  const child = openChild<RuleRequest, RuleAnswer>(new URL('./ical-js-child.ts', import.meta.url));
  const recurrence = openRecurrence();
  const findings: Finding[] = [];
  try {
    for (const rule of HOSTILE_RULES) {
      const answer = await child.ask({ rule, start: START, limit: 3 }, LIMIT_MS);
      const calendar = eventOf(1, [`RRULE:${rule}`]);
      const begun = performance.now();
      const ours = await recurrence.expand({ calendar, uid: 'bench@example.com', from: null, limit: 3 });
      const took = `${(performance.now() - begun).toFixed(0)} ms`;
      findings.push({
        what: `ical.js expands ${rule} from ${START}`,
        figure: answer === null ? `not done after ${LIMIT_MS / 1000} s of processor time` : said(answer),
        beside: `ours: ${ours.kind === 'too-expensive' ? 'given up as too expensive' : ours.starts.join(' ')}, ${took}`,
      });
    }
  } finally {
    await Promise.all([child.stop(), recurrence.close()]);
  }
  return findings;
}

function said(answer: RuleAnswer): string {
  return 'refused' in answer ? `throws "${answer.refused}"` : answer.starts.join(' ');
}

function shapes(): Finding[] {
  const text = eventOf(1);
  const digit = 'DTEND:19970701T2100000Z';
  const faulty = text.replace(/^DTEND:.*$/m, digit);
  return [
    {
      what: `ical.js writes ${digit}, which has a digit too many, as`,
      figure: outcome(() => dtendOf(component(faulty).toString())),
      beside: `ours: ${outcome(() => dtendOf(eventText(parseEvent(faulty))))}`,
    },
    {
      what: 'ical.js reads a text with a byte order mark',
      figure: outcome(() => component(`\uFEFF${text}`).name),
      beside: `ours: ${outcome(() => `${eventText(parseEvent(`\uFEFF${text}`)) === `\uFEFF${text}` ? 'read, and kept' : 'changed'}`)}`,
    },
    {
      what: 'ical.js reads a text of two VCALENDARs',
      figure: outcome(() => `gives a list of ${ICAL.parse(text + text).length} where one gives a component`),
      beside: `ours: ${outcome(() => parseEvent(text + text).uid)}`,
    },
  ];
}

function dtendOf(text: string): string {
  return /^DTEND.*/m.exec(text)?.[0].trimEnd() ?? 'nothing';
}

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return `throws "${error instanceof Error ? error.message : String(error)}"`;
  }
}

await printIfMain(import.meta.url, measureIcalJs);
