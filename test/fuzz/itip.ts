// Mutated calendars against the calendar readers and the decision: `npx tsx test/fuzz/itip.ts 100000 [seed]`. Every case
// must end in a value or `calendar-unparseable`, and an event must be written unchanged except for the answer. The seed is
// printed; with the same seed and fixtures, a run is identical. The command also fails if a case exceeds a time limit; the
// unit test does not, because other work may run beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../../src/core/errors.ts';
import { applyDecision, setScheduleStatus } from '../../src/core/itip/apply.ts';
import { decide, occurrencesNeeded } from '../../src/core/itip/decide.ts';
import { type EventDocument, eventText, parseEvent, partstatOf } from '../../src/core/ical/event-document.ts';
import { readMessage } from '../../src/core/itip/read-message.ts';
import type { Answer, OccurrenceAnswer } from '../../src/core/itip/types.ts';
import { answerFrom } from '../core/itip/run-answer.ts';

export interface FuzzReport {
  readonly seed: number;
  readonly cases: number;
  /** How many cases reached each stage: a fuzzer whose inputs are all refused tests nothing. */
  readonly read: number;
  readonly decided: number;
  readonly applied: number;
  /** In ms. */
  readonly slowest: number;
  readonly slowestCase: number;
}

const SLOWEST_MS = 1000;

type Random = (below: number) => number;

/** mulberry32, a small seeded generator, sufficient to choose mutations. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random(from.length)];
  if (picked === undefined) throw new RangeError('nothing to pick from');
  return picked;
}

const NASTY = [
  '',
  ':',
  ';',
  '"',
  '^',
  '\\',
  '\0',
  '\uFEFF',
  '\uD800',
  '😀',
  '\r',
  '\n',
  '\r\n ',
  '\n\t',
  '\r\n',
  '=',
  ',',
  '%',
  '%00',
  '@',
  'BEGIN:VCALENDAR\r\n',
  'END:VCALENDAR\r\n',
  'BEGIN:VEVENT\r\n',
  'END:VEVENT\r\n',
  'BEGIN:VALARM\r\n',
  'METHOD:COUNTER\r\n',
  'RECURRENCE-ID:20261013T080000Z\r\n',
  'RECURRENCE-ID;RANGE=THISANDFUTURE:20261013T080000Z\r\n',
  'RECURRENCE-ID:\r\n',
  'ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com\r\n',
  'ATTENDEE;PARTSTAT="DECL:mailto:bob@example.com\r\n',
  'UID:other\r\n',
  'DTSTART;VALUE=DATE:20261006\r\n',
  'DTSTART;TZID=Nowhere:20261006T100000\r\n',
  'DTSTART:99999999T999999Z\r\n',
  'SEQUENCE:99999999999\r\n',
  'SEQUENCE:-1\r\n',
  'RDATE:20261006T080000Z\r\n',
  'STATUS:CANCELLED\r\n',
  'DTEND:00000000T000000\r\n',
  ';PARTSTAT=ACCEPTED',
  ';TZID=',
  'TZOFFSETTO:+9999\r\n',
  'mailto:',
  'urn:uuid:',
  'a'.repeat(2000),
  '\r'.repeat(20_000),
  ' '.repeat(20_000),
  '"'.repeat(20_000),
  ';X='.repeat(500),
  ',mailto:x@y.test'.repeat(200),
] as const;

function mutate(text: string, others: readonly string[], random: Random): string {
  const lines = text.split('\r\n');
  const at = random(lines.length);
  const place = random(text.length + 1);
  switch (random(11)) {
    case 0:
      return lines.toSpliced(at, 1).join('\r\n');
    case 1:
      return lines.toSpliced(at, 0, lines[at] ?? '').join('\r\n');
    case 2:
      return lines.toSpliced(at, 1, lines[random(lines.length)] ?? '').join('\r\n');
    case 3:
      return text.slice(0, place) + pick(random, NASTY) + text.slice(place);
    case 4:
      return text.slice(0, place) + text.slice(place + random(20));
    case 5:
      return text.slice(0, place);
    case 6:
      return text.slice(0, place) + String.fromCharCode(random(0x300)) + text.slice(place + 1);
    case 7:
      return lines.toSpliced(at, 0, pick(random, pick(random, others).split('\r\n'))).join('\r\n');
    case 8:
      return pick(random, [
        text.replaceAll('\r\n', '\n'),
        text.replaceAll('\r\n', '\r'),
        `\uFEFF${text}`,
        text.toLowerCase(),
      ]);
    case 9:
      return lines.toSpliced(at, 1, `${(lines[at] ?? '').replace(/\d/, () => String(random(10)))}`).join('\r\n');
    default:
      return lines
        .toSpliced(
          at,
          1,
          (lines[at] ?? '').replace(/[:;].*/s, (rest) => pick(random, NASTY).trim() + rest),
        )
        .join('\r\n');
  }
}

function noise(random: Random): string {
  const bytes = Uint8Array.from({ length: random(400) }, () => random(256));
  return new TextDecoder().decode(bytes);
}

interface Corpus {
  readonly events: readonly string[];
  readonly messages: readonly string[];
}

function readCorpus(): Corpus {
  const folder = new URL('../../fixtures/itip/', import.meta.url);
  const steps = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/^=== /m).slice(1));
  const bodies = (word: string) =>
    steps
      .filter((step) => step.startsWith(word))
      .map((step) => step.slice(step.indexOf('\n') + 1).replaceAll('\n', '\r\n'));
  return { events: bodies('event'), messages: bodies('message') };
}

function unlessUnparseable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}

/** A stand-in for the recurrence engine; the real one runs mutated rules in a worker that can be killed. */
function anyOccurrences(document: EventDocument, answer: Answer, random: Random): OccurrenceAnswer {
  if (random(20) === 0) return { kind: 'too-expensive' };
  const query = occurrencesNeeded(document, answer);
  const starts = [
    '20261013T080000Z',
    '20261013',
    '20261013T100000',
    answer.occurrence.recurrenceId ?? '',
    query?.from ?? '',
  ];
  return {
    kind: 'occurrences',
    starts: starts.filter((start) => start !== '' && random(3) > 0),
    complete: random(2) === 0,
  };
}

class Fuzzer {
  readonly #random: Random;
  readonly #corpus = readCorpus();
  read = 0;
  decided = 0;
  applied = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** One event and one message about it, each mutated up to three times; sometimes only noise. */
  make(): { event: string; message: string } {
    const made = (from: readonly string[]) => {
      if (this.#random(50) === 0) return noise(this.#random);
      let text = pick(this.#random, from);
      for (let times = this.#random(4); times > 0; times--) text = mutate(text, from, this.#random);
      return text;
    };
    return { event: made(this.#corpus.events), message: made(this.#corpus.messages) };
  }

  run({ event, message }: { event: string; message: string }): void {
    const document = unlessUnparseable(() => parseEvent(event));
    const items = unlessUnparseable(() => readMessage(message, 'REPLY'))?.items ?? [];
    if (document === null) return;
    this.read++;
    if (eventText(document) !== event) throw new TypeError('the event was not written as it was read');
    for (const item of items) if (item.kind === 'answer') this.decide(document, answerFrom(item, 1));
  }

  decide(document: EventDocument, claimed: Answer): void {
    // Mostly about this event, otherwise nothing would be decided.
    const uid = this.#random(10) === 0 ? claimed.occurrence.uid : document.uid;
    const answer = { ...claimed, occurrence: { ...claimed.occurrence, uid } };
    const occurrences = anyOccurrences(document, answer, this.#random);
    const decision = decide({ answer, document, occurrences, history: { applied: [], mailed: [] }, now: 2 });
    this.decided++;
    if (decision.verdict !== 'apply') return;
    this.applied++;
    const after = setScheduleStatus(applyDecision(document, decision), answer.attendee, '5.1');
    const again = parseEvent(eventText(after));
    const { recurrenceId } = decision.occurrence;
    if (partstatOf(again, answer.attendee, recurrenceId) !== answer.partstat)
      throw new TypeError('the answer is not in the event');
    if (again.overrides.length !== after.overrides.length) throw new TypeError('an override was lost');
  }
}

/** Throws if a case breaks a rule; the message contains the case and the seed. */
export function fuzzItip(cases: number, seed: number): FuzzReport {
  const fuzzer = new Fuzzer(seed);
  let slowest = 0;
  let slowestCase = 0;
  for (let done = 0; done < cases; done++) {
    const input = fuzzer.make();
    const begun = performance.now();
    try {
      fuzzer.run(input);
    } catch (error) {
      throw new Error(`case ${done} of seed ${seed}: ${String(error)}\n${JSON.stringify(input)}`, { cause: error });
    }
    const took = performance.now() - begun;
    if (took > slowest) [slowest, slowestCase] = [took, done];
  }
  const { read, decided, applied } = fuzzer;
  return { seed, cases, read, decided, applied, slowest: Math.round(slowest), slowestCase };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [cases = '100000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
  console.log(`fuzz itip: ${cases} cases, seed ${seed}`);
  const report = fuzzItip(Number(cases), Number(seed));
  console.log(JSON.stringify(report));
  if (report.slowest > SLOWEST_MS) process.exitCode = 1;
}
