// Runs in a worker thread: an OccurrenceQuery comes in, `begun` and then its OccurrenceAnswer go out, one query at a
// time. It bounds what it collects; how long it may take is for the thread that can kill it.
import { parentPort } from 'node:worker_threads';
import { GatewayError } from '../../core/errors.ts';
import type { OccurrenceAnswer, OccurrenceQuery } from '../../core/itip/types.ts';
import { readSeries, type Series } from '../../core/ical/series.ts';

/** To the worker. */
export interface Job {
  readonly query: OccurrenceQuery;
  readonly maxOccurrences: number;
}

/** From the worker: once it can work, once it works, once it is done. */
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

function answer({ query, maxOccurrences }: Job): OccurrenceAnswer {
  const series = readable(query);
  const starts: string[] = [];
  for (const start of series?.startsFrom(query.from) ?? []) {
    if (starts.length >= query.limit) return { kind: 'occurrences', starts, complete: false };
    if (starts.length >= maxOccurrences) return { kind: 'too-expensive' };
    starts.push(start);
  }
  return { kind: 'occurrences', starts, complete: true };
}

/** A calendar that cannot be read has no occurrence that could be told. */
function readable({ calendar, uid }: OccurrenceQuery): Series | null {
  try {
    return readSeries(calendar, uid);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return null;
    throw error;
  }
}

function report(message: WorkerReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(message);
}

parentPort?.on('message', (job: Job) => {
  report('begun');
  report(answer(job));
});
// The first expansion loads what the others find loaded; it is nobody's time.
answer({ query: { calendar: WARM_UP, uid: 'warm-up', from: null, limit: 100 }, maxOccurrences: 100 });
report('ready');
