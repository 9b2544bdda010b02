// The metrics: what is counted and measured, that wrappers change no result, and that labels stay few.
import { describe, expect, it } from 'vitest';
import type { CalendarStore } from '../../../src/flow/ports/calendar-store.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { newEntry } from '../spool/records.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import { openLog } from '../../../src/app/log.ts';
import { openMetrics } from '../../../src/adapters/metrics/open-metrics.ts';
import type { Reason, Verdict } from '../../../src/core/reasons.ts';
import type { LedgerWrite, QueueStatus } from '../../../src/flow/ports/spool.ts';
import type { SubmissionVerdict } from '../../../src/flow/ports/submission.ts';

const alice: CalendarAddress = { key: 'alice@example.com', asWritten: 'alice@example.com' };
const event = { href: '/a.ics', etag: '"1"', text: '', lastModified: null } as never;

function open(status: () => Promise<QueueStatus[]> = async () => []) {
  const outcomes = makeOutcomes(openLog('silent'));
  const metrics = openMetrics({ outcomes, spool: { status }, version: '1.2.3', now: () => 100_000 });
  const lines = async (name: string): Promise<string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  return { outcomes, metrics, lines };
}

function outcome(verdict: Verdict, reason: Reason): LedgerWrite {
  return { kind: 'entry', entry: newEntry({ verdict, reason }) };
}

describe('the metrics', () => {
  it('name the version of the gateway', async () => {
    expect(await open().lines('imip_build_info')).toEqual(['imip_build_info{version="1.2.3"} 1']);
  });

  it('count outcomes by verdict and reason until they are closed', async () => {
    const { outcomes, metrics, lines } = open();
    outcomes.publish([outcome('applied', 'applied'), outcome('applied', 'applied'), outcome('held', 'not-invited')]);
    metrics.close();
    outcomes.publish([outcome('applied', 'applied')]);
    expect(await lines('imip_outcomes_total')).toEqual([
      'imip_outcomes_total{verdict="applied",reason="applied"} 2',
      'imip_outcomes_total{verdict="held",reason="not-invited"} 1',
    ]);
  });

  it('add no time series for an unknown reason', async () => {
    const { outcomes, lines } = open();
    outcomes.publish([
      outcome('refused', '550 bob@remote.test is unknown' as Reason),
      outcome('refused', 'of-a-later-version' as Reason),
    ]);
    expect(await lines('imip_outcomes_total')).toEqual(['imip_outcomes_total{verdict="refused",reason="other"} 2']);
  });

  it('count a record by its door when it is on disk', async () => {
    const { metrics, lines } = open();
    const receive = metrics.countReceived(
      (mail: { door: string }) => mail.door,
      async (mail: { door: string; full?: boolean }) => {
        if (mail.full) throw new GatewayError('spool-full', 'full', { temporary: true });
        return mail.door.length;
      },
    );
    const click = metrics.countReceived('web', async (one: number, other: number) => one + other);
    expect(await receive({ door: 'lmtp' })).toBe(4);
    await expect(receive({ door: 'smtp', full: true })).rejects.toMatchObject({ code: 'spool-full' });
    expect(await click(1, 2)).toBe(3);
    expect(await lines('imip_received_total')).toEqual([
      'imip_received_total{door="lmtp"} 1',
      'imip_received_total{door="web"} 1',
    ]);
  });

  it('show how many tasks wait and how old the oldest is, with one call of the spool', async () => {
    let calls = 0;
    const { lines } = open(async () => {
      calls += 1;
      return [
        { queue: 'incoming', waiting: 0, held: 0, oldest: null },
        { queue: 'event', waiting: 7, held: 2, oldest: 40_000 },
      ];
    });
    const all = await lines('imip_queue');
    expect(calls).toBe(1);
    expect(all).toContain('imip_queue_tasks{queue="event",state="waiting"} 7');
    expect(all).toContain('imip_queue_tasks{queue="event",state="held"} 2');
    expect(all).toContain('imip_queue_oldest_seconds{queue="event"} 60');
    expect(all).toContain('imip_queue_oldest_seconds{queue="incoming"} 0');
  });

  it('show no old values when the spool fails', async () => {
    let broken = false;
    const { lines } = open(async () => {
      if (broken) throw new GatewayError('spool-unavailable', 'gone', { temporary: true });
      return [{ queue: 'event', waiting: 7, held: 2, oldest: 1 }];
    });
    expect(await lines('imip_queue')).toHaveLength(3);
    broken = true;
    expect(await lines('imip_queue')).toEqual([]);
    broken = false;
    expect(await lines('imip_queue')).toHaveLength(3);
  });

  it('measure the calendar store by operation and outcome, and change no result', async () => {
    const { metrics, lines } = open();
    let closed = false;
    const store = metrics.measureStore({
      find: async (_organizer, uid) => {
        if (uid === 'away') throw new GatewayError('caldav-unreachable', 'away', { temporary: true });
        if (uid === 'odd') throw new TypeError('odd');
        return { kind: 'none' };
      },
      write: async () => ({ kind: 'conflict' }),
      close: async () => {
        closed = true;
      },
    } satisfies CalendarStore);
    expect(await store.find(alice, 'u', null)).toEqual({ kind: 'none' });
    expect(await store.write(alice, event, '')).toEqual({ kind: 'conflict' });
    await expect(store.find(alice, 'away', null)).rejects.toMatchObject({ code: 'caldav-unreachable' });
    await expect(store.find(alice, 'odd', null)).rejects.toBeInstanceOf(TypeError);
    await store.close();
    expect(closed).toBe(true);
    expect((await lines('imip_caldav_seconds_count')).sort()).toEqual([
      'imip_caldav_seconds_count{operation="find",outcome="caldav-unreachable"} 1',
      'imip_caldav_seconds_count{operation="find",outcome="internal"} 1',
      'imip_caldav_seconds_count{operation="find",outcome="none"} 1',
      'imip_caldav_seconds_count{operation="write",outcome="conflict"} 1',
    ]);
  });

  it('show for which CalDAV servers the circuit breaker is open', async () => {
    const { metrics, lines } = open();
    metrics.setBreakerState('https://one.example.com', 'open');
    metrics.setBreakerState('https://two.example.com', 'open');
    metrics.setBreakerState('https://one.example.com', 'half-open');
    metrics.setBreakerState('https://two.example.com', 'closed');
    expect(await lines('imip_caldav_breaker_open')).toEqual([
      'imip_caldav_breaker_open{back_end="https://one.example.com"} 1',
      'imip_caldav_breaker_open{back_end="https://two.example.com"} 0',
    ]);
  });

  it('measure the relay by verdict, and change no result', async () => {
    const { metrics, lines } = open();
    const verdicts: (SubmissionVerdict | GatewayError)[] = [
      { kind: 'accepted', response: '250 ok' },
      { kind: 'refused', response: '550 no', status: 550 },
      new GatewayError('smtp-unreachable', 'away', { temporary: true }),
    ];
    let closed = false;
    const submission = metrics.measureSubmission({
      async submit() {
        const verdict = verdicts.shift();
        if (verdict === undefined || verdict instanceof Error) throw verdict;
        return verdict;
      },
      close: async () => {
        closed = true;
      },
    });
    const mail = { messageId: '<1@example.com>', mailFrom: '', rcptTo: 'bob@remote.test', raw: new Uint8Array() };
    expect(await submission.submit(mail)).toEqual({ kind: 'accepted', response: '250 ok' });
    expect(await submission.submit(mail)).toMatchObject({ kind: 'refused', status: 550 });
    await expect(submission.submit(mail)).rejects.toMatchObject({ code: 'smtp-unreachable' });
    await submission.close();
    expect(closed).toBe(true);
    expect(await lines('imip_submission_seconds_count')).toEqual([
      'imip_submission_seconds_count{verdict="accepted"} 1',
      'imip_submission_seconds_count{verdict="refused"} 1',
      'imip_submission_seconds_count{verdict="smtp-unreachable"} 1',
    ]);
  });
});
