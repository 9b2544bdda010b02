// The cost of expansion: `npx tsx test/bench/recurrence.ts`. Prints medians and worst cases of the rule alone, of the
// worker threads, and of an honest query among hostile ones.
import type { OccurrenceQuery } from '../../src/core/itip/types.ts';
import { openRecurrence } from '../../src/adapters/recurrence/open-recurrence.ts';
import { readSeries } from '../../src/core/ical/series.ts';

function calendar(start: string, rrule: string, more: readonly string[] = []): string {
  return [
    'BEGIN:VCALENDAR',
    'BEGIN:VEVENT',
    'UID:u',
    start,
    `RRULE:${rrule}`,
    ...more,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function query(text: string, from: string | null, limit: number): OccurrenceQuery {
  return { calendar: text, uid: 'u', from, limit };
}

function print(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  console.log(
    `${what.padEnd(64)} median ${median.toFixed(2).padStart(8)} ms   worst ${worst.toFixed(2).padStart(8)} ms`,
  );
}

async function measure(what: string, runs: number, work: () => unknown): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  print(what, times);
}

const BERLIN = 'DTSTART;TZID=Europe/Berlin:20160104T090000';
const daily = calendar(BERLIN, 'FREQ=DAILY');
const counted = calendar(BERLIN, 'FREQ=DAILY;COUNT=4000');
const monthly = calendar(BERLIN, 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1');
const guests = Array.from({ length: 20_000 }, (_, at) => `ATTENDEE:mailto:guest${at}@example.com`);
const large = calendar(BERLIN, 'FREQ=DAILY', guests);
const bomb = calendar(BERLIN, 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30');

function walk(text: string, from: string | null, limit: number): void {
  let left = limit;
  for (const _ of readSeries(text, 'u')?.startsFrom(from) ?? []) if (--left === 0) return;
}

await measure('in this thread: one occurrence, ten years on', 100, () => walk(daily, '20260105T080000Z', 1));
await measure('in this thread: the same, counted from the start', 100, () => walk(counted, '20260105T080000Z', 1));
await measure('in this thread: 3,000 occurrences, daily', 20, () => walk(daily, null, 3000));
await measure('in this thread: 500 occurrences, last working day of the month', 20, () => walk(monthly, null, 500));
await measure('in this thread: one occurrence of an event of 20,000 attendees', 20, () =>
  walk(large, '20260105T080000Z', 1),
);

const recurrence = openRecurrence();
await measure('worker: the first answer, threads starting', 1, () => recurrence.expand(query(daily, null, 1)));
await measure('worker: one occurrence, ten years on', 200, () =>
  recurrence.expand(query(daily, '20260105T080000Z', 1)),
);
await measure('worker: 51 occurrences', 200, () => recurrence.expand(query(daily, '20260105T080000Z', 51)));
await measure('worker: 3,000 occurrences', 20, () => recurrence.expand(query(daily, null, 3000)));
await measure('worker: one occurrence of an event of 20,000 attendees', 20, () =>
  recurrence.expand(query(large, '20260105T080000Z', 1)),
);
await measure('worker: a bomb', 10, () => recurrence.expand(query(bomb, null, 1)));

const times: number[] = [];
const bombs = Array.from({ length: 4 }, () => recurrence.expand(query(bomb, null, 1)));
const honest = Array.from({ length: 100 }, async () => {
  const begun = performance.now();
  await recurrence.expand(query(daily, '20260105T080000Z', 1));
  times.push(performance.now() - begun);
});
await Promise.all([...bombs, ...honest]);
print('worker: 100 honest queries behind four bombs', times);
await recurrence.close();
