// What follows a failure: when its tasks are tried again or held, and what the ledger and the log record.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { afterFailure, type FailureOptions } from '../../../src/flow/queue/after-failure.ts';
import { openLog } from '../../../src/app/log.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { changesOf } from '../../../src/flow/queue/plan.ts';
import { readBatch } from '../../../src/flow/queue/read-batch.ts';
import { type Job, type NewRecord, recordTask } from '../../../src/flow/records/records.ts';
import type { Log } from '../../../src/flow/ports/log.ts';
import type { Changes, Task } from '../../../src/flow/ports/spool.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';

type Line = readonly [level: string, fields: Readonly<Record<string, unknown>>, event: string];

const alice: CalendarAddress = { key: 'alice@example.com', asWritten: 'alice@example.com' };
const away = new GatewayError('caldav-unreachable', 'GET https://dav.test/: no answer', { temporary: true });

function verifyTask(id: string, attempts: number): Task {
  const body = { kind: 'verify', owner: alice, uid: `${id}@example.com`, round: 0 } as const;
  return { ...recordTask(body, { id, createdAt: 0 }), attempts, lastError: null } as Task;
}

/** Returns the log lines of one failed run and of its ledger entries. */
function linesAfter(error: unknown, tasks: readonly Task[], now = 0): Line[] {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, event: string) => lines.push([level, { ...fields }, event]);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log;
  const { jobs } = readBatch({ lease: { queue: 'event', lane: 'l', fence: 1 }, tasks }, now);
  const backOff = { first: 1, longest: 1 };
  const planned = afterFailure({ queue: 'event', log, now: () => now, backOff }, jobs, error);
  makeOutcomes(log).publish(planned.flatMap(({ plan }) => plan.ledger ?? []));
  return lines;
}

const NOW = 1_000 * 86_400_000;
const BACK_OFF = { first: 1_000, longest: 300_000 };

function changesAfter(error: unknown, tasks: readonly Task[], options: Partial<FailureOptions> = {}): Changes {
  const { jobs } = readBatch({ lease: { queue: 'event', lane: 'l', fence: 1 }, tasks }, NOW);
  const log = openLog('silent');
  const planned = afterFailure({ queue: 'event', log, now: () => NOW, backOff: BACK_OFF, ...options }, jobs, error);
  return changesOf({ planned }, { makeId: () => 'new', now: () => NOW });
}

const failing = (id: string, attempts: number, createdAt = NOW): Task => ({ ...verifyTask(id, attempts), createdAt });
const retryAfter = (retryAfterMs: number): Error => new GatewayError('caldav-refused', '503', { retryAfterMs });

describe('a task that is tried again', () => {
  it.each([
    { when: 'first failure', error: away, attempts: 0, delay: 1_000 },
    { when: 'second failure', error: away, attempts: 1, delay: 2_000 },
    { when: 'sixth failure', error: away, attempts: 5, delay: 32_000 },
    { when: 'the longest delay is reached', error: away, attempts: 9, delay: 300_000 },
    { when: 'many failures', error: away, attempts: 1_400, delay: 300_000 },
    { when: 'Retry-After is longer', error: retryAfter(90_000), attempts: 0, delay: 90_000 },
    { when: 'Retry-After is shorter', error: retryAfter(500), attempts: 3, delay: 8_000 },
    { when: 'Retry-After exceeds an hour', error: retryAfter(7_200_000), attempts: 0, delay: 3_600_000 },
  ])('waits $delay ms: $when', ({ error, attempts, delay }) => {
    const { retry, hold, add } = changesAfter(error, [failing('t1', attempts)]);
    expect(retry).toMatchObject([{ id: 't1', dueAt: NOW + delay, error: error.message, waitsFor: null }]);
    expect([hold, add]).toEqual([[], []]);
  });

  it('waits for the server that the error names', () => {
    for (const backEnd of ['https://dav.test', null]) {
      const error = Object.assign(new GatewayError('caldav-unreachable', 'away', { temporary: true }), { backEnd });
      expect(changesAfter(error, [failing('t1', 0)]).retry).toMatchObject([{ waitsFor: backEnd }]);
    }
    const other = Object.assign(new TypeError('x'), { backEnd: 'https://dav.test', retryAfterMs: 90_000 });
    expect(changesAfter(other, [failing('t1', 0)]).retry).toMatchObject([{ waitsFor: null, dueAt: NOW + 1_000 }]);
  });

  it('is recorded in the ledger at the first failure only', () => {
    const entry = {
      taskId: 't1',
      at: NOW,
      verdict: 'retried',
      reason: 'caldav-unreachable',
      detail: `Failed, will retry: ${away.message}`,
      uid: 't1@example.com',
    };
    expect(changesAfter(away, [failing('t1', 0), failing('t2', 1)]).ledger).toMatchObject([{ kind: 'entry', entry }]);
  });

  it('after an error that is no GatewayError has the code internal, and no signature in its error', () => {
    const thrown: readonly (readonly [error: unknown, text: string])[] = [
      [new TypeError('x is undefined'), 'x is undefined'],
      ['a text', 'a text'],
      [undefined, 'undefined'],
      [Object.assign(new TypeError('x'), { temporary: true }), 'x'],
    ];
    for (const [error, text] of thrown) {
      const { retry, ledger } = changesAfter(error, [failing('t1', 0)]);
      expect(retry).toMatchObject([{ error: text }]);
      expect(ledger).toMatchObject([{ entry: { reason: 'internal' } }]);
      expect(changesAfter(error, [failing('t1', 4)]).hold).toHaveLength(1);
    }
  });
});

describe('a task that failed too often', () => {
  const permanent = new TypeError('x is undefined');

  it.each([
    { error: permanent, attempts: 3, age: 0, held: false },
    { error: permanent, attempts: 4, age: 0, held: true },
    // 2 and 5 days, also counted in attempts with the longest delay.
    { error: retryAfter(0), attempts: 576, age: 2 * 86_400_000 - 1, held: false },
    { error: retryAfter(0), attempts: 576, age: 2 * 86_400_000, held: true },
    { error: retryAfter(0), attempts: 575, age: 9 * 86_400_000, held: false },
    { error: away, attempts: 1_440, age: 5 * 86_400_000 - 1, held: false },
    { error: away, attempts: 1_440, age: 5 * 86_400_000, held: true },
    { error: away, attempts: 1_439, age: 9 * 86_400_000, held: false },
    { error: new GatewayError('smtp-refused', '550'), attempts: 4, age: 0, held: true },
  ])('is held: $held ($error.message, $attempts attempts before, $age ms old)', ({ error, attempts, age, held }) => {
    const { hold, retry } = changesAfter(error, [failing('t1', attempts, NOW - age)]);
    expect([hold?.length, retry?.length]).toEqual(held ? [1, 0] : [0, 1]);
  });

  it('is held for the operator alone, and the ledger has the number of attempts', () => {
    const { hold, retry, ledger } = changesAfter(permanent, [failing('t1', 4), failing('t2', 1)]);
    expect(hold).toMatchObject([{ id: 't1', reason: 'failed: internal', key: 'operator:t1' }]);
    expect(retry).toMatchObject([{ id: 't2' }]);
    const detail = 'Failed 5 times, held for the operator: x is undefined';
    expect(ledger).toMatchObject([{ entry: { taskId: 't1', at: NOW, verdict: 'held', reason: 'internal', detail } }]);
  });

  it('adds the tasks that onHeld returns, and no task that is tried again does', () => {
    const held: unknown[] = [];
    const onHeld = ({ task, body }: Job): NewRecord[] => {
      held.push(task.id);
      return [{ body, id: `notice-${task.id}` }];
    };
    const { add } = changesAfter(permanent, [failing('t1', 4), failing('t2', 1), failing('t3', 9)], { onHeld });
    expect(add?.map(({ id }) => id)).toEqual(['notice-t1', 'notice-t3']);
    expect(held).toEqual(['t1', 't3']);
  });
});

describe('the log of a task that failed', () => {
  it('is one line, with its id and the message once', () => {
    expect(linesAfter(away, [verifyTask('t1', 0)])).toEqual([
      [
        'warn',
        {
          queue: 'event',
          code: 'caldav-unreachable',
          error: 'GET https://dav.test/: no answer',
          tasks: ['t1 (re-read of the event)'],
        },
        'task failed, will retry',
      ],
    ]);
  });

  it('is one line for all tasks of a lane', () => {
    const lines = linesAfter(
      away,
      Array.from({ length: 12 }, (_, at) => verifyTask(`t${at}`, 0)),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]?.[1]['tasks']).toHaveLength(11);
    expect(lines[0]?.[1]['tasks']).toContain('and 2 more');
    const ten = linesAfter(
      away,
      Array.from({ length: 10 }, (_, at) => verifyTask(`t${at}`, 0)),
    );
    expect(ten[0]?.[1]['tasks']).toEqual(Array.from({ length: 10 }, (_, at) => `t${at} (re-read of the event)`));
  });

  it('is at level debug when an outage goes on', () => {
    expect(linesAfter(away, [verifyTask('t1', 1)]).map(([level]) => level)).toEqual(['debug']);
    expect(linesAfter(away, [verifyTask('t1', 3), verifyTask('t2', 0)]).map(([level]) => level)).toEqual(['warn']);
  });

  it('has the stack of an unexpected error at level debug only', () => {
    const error = new TypeError('x is undefined');
    const lines = linesAfter(error, [verifyTask('t1', 0)]);
    expect(lines[1]?.[1]).toEqual({ queue: 'event', err: error });
    expect(lines.map(([level, , event]) => [level, event])).toEqual([
      ['error', 'task failed, will retry'],
      ['debug', 'unexpected error'],
    ]);
    expect(JSON.stringify(lines[0])).not.toContain('    at ');
    expect(lines[0]?.[1]).toMatchObject({ error: 'x is undefined' });
  });

  it('is one line when the task is held', () => {
    const lines = linesAfter(new TypeError('x is undefined'), [verifyTask('t1', 4)]);
    const facts = { queue: 'event', code: 'internal', error: 'x is undefined', tasks: ['t1 (re-read of the event)'] };
    expect(lines.filter(([level]) => level !== 'debug')).toEqual([['error', facts, 'task failed, held for operator']]);
  });
});
