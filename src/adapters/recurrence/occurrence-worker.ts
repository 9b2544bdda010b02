// The worker thread that expands recurrence sets, one at a time. In: an OccurrenceQuery; out: `begun`, then its
// OccurrenceAnswer. It refuses to collect more than a maximum number of occurrences. The main thread limits the time,
// because only it can end this thread.
import { parentPort } from 'node:worker_threads';
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';
import { nullIfUnparseable } from '../../core/ical/event-document.ts';
import { readSeries } from '../../core/ical/series.ts';

/** To the worker. */
export interface Job {
  readonly query: OccurrenceQuery;
  readonly maxOccurrences: number;
}

/** From the worker: `ready` after start-up, `begun` when it starts a query, and the answer when it has finished. */
export type WorkerReport = 'ready' | 'begun' | OccurrenceAnswer;

const WARM_UP = [
  'BEGIN:VCALENDAR',
  'BEGIN:VEVENT',
  'UID:warm-up',
  'DTSTART;TZID=Europe/Berlin:20260101T090000',
  'RRULE:FREQ=WEEKLY',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\n');

function expand({ query, maxOccurrences }: Job): OccurrenceAnswer {
  // A calendar that cannot be parsed has no occurrences.
  const series = nullIfUnparseable(() => readSeries(query.calendar, query.uid));
  const starts: string[] = [];
  for (const start of series?.startsFrom(query.from) ?? []) {
    if (starts.length >= query.limit) return { kind: 'occurrences', starts, complete: false };
    if (starts.length >= maxOccurrences) return { kind: 'too-expensive' };
    starts.push(start);
  }
  return { kind: 'occurrences', starts, complete: true };
}

function report(message: WorkerReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(message);
}

parentPort?.on('message', (job: Job) => {
  report('begun');
  report(expand(job));
});
// The first expansion loads time zones and compiles code, so it must not count against the time limit of a query.
expand({ query: { calendar: WARM_UP, uid: 'warm-up', from: null, limit: 100 }, maxOccurrences: 100 });
report('ready');
