// How a queue is worked: what is claimed while the gateway stops is given back unworked, so that no mail goes out whose
// sending could not be recorded any more.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import { workQueue } from '../../../src/flow/queue/work-queue.ts';
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
  const work = workQueue({
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
  /** That there is work; resolves when it has been claimed. */
  const announce = async (): Promise<void> => {
    const left = claims.length;
    listener();
    await expect.poll(() => claims.length).toBe(left - 1);
  };
  return {
    work,
    handled,
    committed,
    leases,
    announce,
    release: (changes: Changes | Promise<Changes>) => release(changes),
  };
}

describe('work that fails', () => {
  const day = 86_400_000;
  const cases = [
    { why: 'a fault of ours, first', error: new TypeError('oops'), attempts: 0, age: 0, held: false },
    { why: 'a fault of ours, five times', error: new TypeError('oops'), attempts: 4, age: 0, held: true },
    { why: 'a maintenance page, day and night', error: refused(), attempts: 576, age: 2 * day - 1, held: false },
    { why: 'a CalDAV server that refuses for two days', error: refused(), attempts: 576, age: 2 * day, held: true },
    { why: 'an old answer put to work again', error: refused(), attempts: 575, age: 9 * day, held: false },
    { why: 'a server that is away over a long weekend', error: away(), attempts: 1_440, age: 5 * day - 1, held: false },
    { why: 'a server that is away for good', error: away(), attempts: 1_440, age: 5 * day, held: true },
    { why: 'an old answer put to work while it is away', error: away(), attempts: 1_439, age: 9 * day, held: false },
  ];
  it.each(cases)('$why', async ({ error, attempts, age, held }) => {
    const failing: Batch = { ...batch, tasks: [{ ...task, attempts }] };
    const { work, handled, committed, release } = open([Promise.resolve([failing])], age);
    await expect.poll(() => handled.length).toBe(1);
    release(Promise.reject(error));
    await expect.poll(() => committed.length).toBe(1);
    await work.stop(0);
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

describe('work that fails because a server is away', () => {
  it('says which one it waits for', async () => {
    const { work, handled, committed, release } = open([Promise.resolve([batch])]);
    await expect.poll(() => handled.length).toBe(1);
    const away = new GatewayError('caldav-unreachable', 'no answer', { temporary: true });
    release(Promise.reject(Object.assign(away, { backEnd: 'https://dav.example.com' })));
    await expect.poll(() => committed.length).toBe(1);
    await work.stop(0);
    expect(committed[0]?.retry).toMatchObject([{ id: 't', waitsFor: 'https://dav.example.com' }]);
  });
});

describe('a lease that runs out while the work goes on', () => {
  it('is the work’s again where we took it from ourselves: a clock that jumps sends no mail twice', async () => {
    const renewed: Batch = { ...batch, lease: { ...batch.lease, fence: 2 } };
    const { work, handled, leases, release, announce } = open([Promise.resolve([batch]), Promise.resolve([renewed])]);
    await expect.poll(() => handled.length).toBe(1);
    await announce();
    release({ done: ['t'] });
    await expect.poll(() => leases).toEqual([renewed.lease]);
    await work.stop(5_000);
    expect(handled).toHaveLength(1);
  });
});

describe('a lane that is claimed again', () => {
  it('while it is being committed is new work', async () => {
    const claim = deferred();
    const again: Batch = { ...batch, lease: { ...batch.lease, fence: 2 } };
    const { work, handled, leases, release, announce } = open([Promise.resolve([batch]), claim.promise], 0, () => {
      claim.resolve([again]);
    });
    await expect.poll(() => handled.length).toBe(1);
    await announce();
    release({ done: ['t'] });
    await expect.poll(() => handled).toEqual([['t'], ['t']]);
    release({ done: ['t'] });
    await expect.poll(() => leases).toEqual([batch.lease, again.lease]);
    await work.stop(5_000);
  });
});

describe('a queue that stops', () => {
  it('gives back unworked what a claim under way still brings, before it says that it has stopped', async () => {
    const claim = deferred();
    const { work, handled, committed } = open([claim.promise]);
    const stopped = work.stop(5_000);
    claim.resolve([batch]);
    await stopped;
    expect(handled).toEqual([]);
    expect(committed).toEqual([{}]);
  });

  it('waits for the lane that is being worked', async () => {
    const { work, handled, committed, release } = open([Promise.resolve([batch])]);
    await expect.poll(() => handled.length).toBe(1);
    const stopped = work.stop(5_000);
    release({ done: ['t'] });
    await stopped;
    expect(committed).toEqual([{ done: ['t'] }]);
  });

  it('waits no longer than it was told, and not at all for a claim that fails', async () => {
    const claim = deferred();
    const { work } = open([claim.promise]);
    const stopped = work.stop(60_000);
    claim.reject(new TypeError('the spool is gone'));
    await stopped;
    const stuck = open([Promise.resolve([batch])]);
    await expect.poll(() => stuck.handled.length).toBe(1);
    await stuck.work.stop(1);
    expect(stuck.committed).toEqual([]);
  });
});
