// Running a queue: retries and holds after failures, leases that are lost or claimed again, and the stop. A lane that
// is claimed during the stop is released unprocessed, because a mail sent then could not be recorded.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { runQueue } from '../../../src/flow/queue/run-queue.ts';
import { openLog } from '../../../src/app/log.ts';
import type { Batch, Changes, Spool } from '../../../src/flow/ports/spool.ts';
import { recordTask } from '../../../src/flow/records/records.ts';

const log = openLog('silent');
const mail = {
  kind: 'outgoing',
  origin: { recordId: 'r', door: 'smtp', messageId: null },
  mailFrom: '',
  rcptTo: 'bob@remote.test',
  messageId: '<t@gateway.example.com>',
  what: 'forward',
  method: null,
  owner: null,
  recipient: null,
  uid: null,
} as const;
const task = { ...recordTask(mail, { id: 't', createdAt: 0 }), attempts: 0, lastError: null };
const batch: Batch = { lease: { queue: 'outgoing', lane: 'l', fence: 1 }, tasks: [task] };

function deferred() {
  let resolve: (batches: Batch[]) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Batch[]>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

function open(claims: Promise<Batch[]>[], now = 0, onCommit: () => void = () => {}) {
  const handled: string[][] = [];
  const committed: Changes[] = [];
  const leases: Batch['lease'][] = [];
  let listener: () => void = () => {};
  let release: (changes: Changes | Promise<Changes>) => void = () => {};
  const spool = {
    claim: () => claims.shift() ?? Promise.resolve([]),
    renew: async () => true,
    nextDue: async () => null,
    onWork: (_queue: unknown, given: () => void) => {
      listener = given;
      return () => {};
    },
    commit: async (lease: Batch['lease'], changes: Changes) => {
      leases.push(lease);
      committed.push(changes);
      onCommit();
      return true;
    },
  } as unknown as Spool;
  const running = runQueue({
    queue: 'outgoing',
    spool,
    handle: (given) => {
      handled.push(given.map(({ task: { id } }) => id));
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    outcomes: makeOutcomes(log),
    log,
    now: () => now,
    lanes: 2,
    perLane: 1,
    backOff: { first: 1, longest: 5 * 60_000 },
  });
  /** Announces work; resolves when the queue has claimed it. */
  const announce = async (): Promise<void> => {
    const left = claims.length;
    listener();
    await expect.poll(() => claims.length).toBe(left - 1);
  };
  return {
    running,
    handled,
    committed,
    leases,
    announce,
    release: (changes: Changes | Promise<Changes>) => release(changes),
  };
}

describe('a task whose handler throws', () => {
  const day = 86_400_000;
  const cases = [
    { when: 'an internal error, first attempt', error: new TypeError('oops'), attempts: 0, age: 0, held: false },
    { when: 'an internal error, fifth attempt', error: new TypeError('oops'), attempts: 4, age: 0, held: true },
    {
      when: 'a CalDAV refusal, for less than two days',
      error: refused(),
      attempts: 576,
      age: 2 * day - 1,
      held: false,
    },
    { when: 'a CalDAV refusal, for two days', error: refused(), attempts: 576, age: 2 * day, held: true },
    {
      when: 'a CalDAV refusal, an old task with too few attempts',
      error: refused(),
      attempts: 575,
      age: 9 * day,
      held: false,
    },
    { when: 'an outage, for less than five days', error: away(), attempts: 1_440, age: 5 * day - 1, held: false },
    { when: 'an outage, for five days', error: away(), attempts: 1_440, age: 5 * day, held: true },
    { when: 'an outage, an old task with too few attempts', error: away(), attempts: 1_439, age: 9 * day, held: false },
  ];
  it.each(cases)('is held: $held ($when)', async ({ error, attempts, age, held }) => {
    const failing: Batch = { ...batch, tasks: [{ ...task, attempts }] };
    const { running, handled, committed, release } = open([Promise.resolve([failing])], age);
    await expect.poll(() => handled.length).toBe(1);
    release(Promise.reject(error));
    await expect.poll(() => committed.length).toBe(1);
    await running.stop(0);
    expect(committed[0]?.hold).toHaveLength(held ? 1 : 0);
    expect(committed[0]?.retry).toHaveLength(held ? 0 : 1);
    if (held) expect(committed[0]?.hold?.[0]?.reason).toMatch(/^failed: (?:internal|caldav-)/);
  });

  function away(): GatewayError {
    return new GatewayError('caldav-unreachable', 'away', { temporary: true });
  }

  function refused(): GatewayError {
    return new GatewayError('caldav-answer-invalid', 'the answer is no multistatus');
  }
});

describe('a task that fails because a server is unreachable', () => {
  it('waits for that server', async () => {
    const { running, handled, committed, release } = open([Promise.resolve([batch])]);
    await expect.poll(() => handled.length).toBe(1);
    const away = new GatewayError('caldav-unreachable', 'no answer', { temporary: true });
    release(Promise.reject(Object.assign(away, { backEnd: 'https://dav.example.com' })));
    await expect.poll(() => committed.length).toBe(1);
    await running.stop(0);
    expect(committed[0]?.retry).toMatchObject([{ id: 't', waitsFor: 'https://dav.example.com' }]);
  });
});

describe('a lane that this process claims again after a clock jump', () => {
  it('is not run twice: the run goes on under the new lease', async () => {
    const renewed: Batch = { ...batch, lease: { ...batch.lease, fence: 2 } };
    const { running, handled, leases, release, announce } = open([
      Promise.resolve([batch]),
      Promise.resolve([renewed]),
    ]);
    await expect.poll(() => handled.length).toBe(1);
    await announce();
    release({ done: ['t'] });
    await expect.poll(() => leases).toEqual([renewed.lease]);
    await running.stop(5_000);
    expect(handled).toHaveLength(1);
  });
});

describe('a lane that is claimed again while its run is being committed', () => {
  it('is run again', async () => {
    const claim = deferred();
    const again: Batch = { ...batch, lease: { ...batch.lease, fence: 2 } };
    const { running, handled, leases, release, announce } = open([Promise.resolve([batch]), claim.promise], 0, () => {
      claim.resolve([again]);
    });
    await expect.poll(() => handled.length).toBe(1);
    await announce();
    release({ done: ['t'] });
    await expect.poll(() => handled).toEqual([['t'], ['t']]);
    release({ done: ['t'] });
    await expect.poll(() => leases).toEqual([batch.lease, again.lease]);
    await running.stop(5_000);
  });
});

describe('a queue that stops', () => {
  it('releases unprocessed lanes of a claim that is still running', async () => {
    const claim = deferred();
    const { running, handled, committed } = open([claim.promise]);
    const stopped = running.stop(5_000);
    claim.resolve([batch]);
    await stopped;
    expect(handled).toEqual([]);
    expect(committed).toEqual([{}]);
  });

  it('waits for running lanes', async () => {
    const { running, handled, committed, release } = open([Promise.resolve([batch])]);
    await expect.poll(() => handled.length).toBe(1);
    const stopped = running.stop(5_000);
    release({ done: ['t'] });
    await stopped;
    expect(committed).toEqual([{ done: ['t'] }]);
  });

  it('waits at most drainMs, and does not wait for a claim that fails', async () => {
    const claim = deferred();
    const { running } = open([claim.promise]);
    const stopped = running.stop(60_000);
    claim.reject(new TypeError('disk error'));
    await stopped;
    const stuck = open([Promise.resolve([batch])]);
    await expect.poll(() => stuck.handled.length).toBe(1);
    await stuck.running.stop(1);
    expect(stuck.committed).toEqual([]);
    // Without this, the lease would be renewed until the process ends.
    stuck.release({ done: ['t'] });
    await expect.poll(() => stuck.committed).toEqual([{ done: ['t'] }]);
  });
});
