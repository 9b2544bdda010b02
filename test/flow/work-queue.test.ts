// How a queue is worked: what is claimed while the gateway stops is given back unworked, so that no mail goes out whose
// sending could not be recorded any more.
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { makeOutcomes } from '../../src/flow/outcomes.ts';
import { workQueue } from '../../src/flow/work-queue.ts';
import { openLog } from '../../src/log.ts';
import type { Batch, Changes, Spool } from '../../src/spool/types.ts';

const log = openLog('silent');
const task = {
  id: 't',
  queue: 'outgoing',
  lane: 'l',
  body: '{}',
  raw: null,
  dueAt: 0,
  createdAt: 0,
  attempts: 0,
  lastError: null,
} as const;
const batch: Batch = { lease: { queue: 'outgoing', lane: 'l', fence: 1 }, tasks: [task] };

function deferred() {
  let resolve: (batches: Batch[]) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Batch[]>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

function open(claims: Promise<Batch[]>[], now = 0) {
  const handled: Batch[] = [];
  const committed: Changes[] = [];
  let release: (changes: Changes | Promise<Changes>) => void = () => {};
  const spool = {
    claim: () => claims.shift() ?? Promise.resolve([]),
    nextDue: async () => null,
    onWork: () => () => {},
    commit: async (_lease: unknown, changes: Changes) => {
      committed.push(changes);
      return true;
    },
  } as unknown as Spool;
  const work = workQueue({
    queue: 'outgoing',
    spool,
    handle: (given) => {
      handled.push(given);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    outcomes: makeOutcomes(log),
    log,
    now: () => now,
    lanes: 1,
    perLane: 1,
    backOff: { first: 1, longest: 5 * 60_000 },
  });
  return { work, handled, committed, release: (changes: Changes | Promise<Changes>) => release(changes) };
}

describe('work that fails', () => {
  const day = 86_400_000;
  const cases = [
    { why: 'a fault of ours, first', error: new TypeError('oops'), attempts: 0, age: 0, held: false },
    { why: 'a fault of ours, five times', error: new TypeError('oops'), attempts: 4, age: 0, held: true },
    { why: 'a maintenance page, all night', error: refused(), attempts: 288, age: day - 1, held: false },
    { why: 'a CalDAV server that refuses for a day', error: refused(), attempts: 288, age: day, held: true },
    { why: 'an old answer put to work again', error: refused(), attempts: 287, age: 9 * day, held: false },
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
