// The log of a failure: one line, with the task's id and the message once, and a stack only at level debug.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { afterFailure } from '../../../src/flow/queue/after-failure.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { readBatch } from '../../../src/flow/queue/read-batch.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import type { Log } from '../../../src/flow/ports/log.ts';
import type { Task } from '../../../src/flow/ports/spool.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';

type Line = readonly [level: string, fields: Readonly<Record<string, unknown>>, event: string];

const alice: CalendarAddress = { key: 'alice@example.com', asWritten: 'alice@example.com' };
const away = new GatewayError('caldav-unreachable', 'GET https://dav.test/: no answer', { temporary: true });

function verifyTask(id: string, attempts: number): Task {
  const origin = { recordId: id, door: 'gateway', messageId: null };
  const body = { kind: 'verify', origin, owner: alice, uid: `${id}@example.com`, round: 0 } as const;
  return { ...recordTask(body, { id, createdAt: 0 }), attempts, lastError: null } as Task;
}

/** Returns the log lines of one failed run and of its ledger entries. */
function linesAfter(error: unknown, tasks: readonly Task[], now = 0): Line[] {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, event: string) => lines.push([level, { ...fields }, event]);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log;
  const { jobs } = readBatch({ lease: { queue: 'event', lane: 'l', fence: 1 }, tasks }, now);
  const backOff = { first: 1, longest: 1 };
  const changes = afterFailure({ queue: 'event', log, now: () => now, backOff }, jobs, error);
  makeOutcomes(log).publish(changes.ledger ?? []);
  return lines;
}

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
  });

  it('is at level debug when an outage goes on', () => {
    expect(linesAfter(away, [verifyTask('t1', 3)]).map(([level]) => level)).toEqual(['debug']);
  });

  it('has the stack of an unexpected error at level debug only', () => {
    const lines = linesAfter(new TypeError('x is undefined'), [verifyTask('t1', 0)]);
    expect(lines.map(([level, , event]) => [level, event])).toEqual([
      ['error', 'task failed, will retry'],
      ['debug', 'unexpected error'],
    ]);
    expect(JSON.stringify(lines[0])).not.toContain('    at ');
    expect(lines[0]?.[1]).toMatchObject({ error: 'x is undefined' });
  });

  it('is one line when the task is held', () => {
    const lines = linesAfter(new TypeError('x is undefined'), [verifyTask('t1', 4)]);
    expect(lines.filter(([level]) => level !== 'debug').map(([level, , event]) => [level, event])).toEqual([
      ['error', 'task failed, held for operator'],
    ]);
  });
});
