// Running a queue: when it claims, retries and holds after failures, leases that are renewed, lost or claimed again, damaged
// tasks, and the stop. A lane that is claimed during the stop is released unprocessed, because a mail sent then could not be
// recorded.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { makeOutcomes, type Outcomes } from '../../../src/flow/queue/outcomes.ts';
import { done, type LanePlan, mark } from '../../../src/flow/queue/plan.ts';
import { runQueue } from '../../../src/flow/queue/run-queue.ts';
import { openLog } from '../../../src/app/log.ts';
import type { Batch, Changes, Spool } from '../../../src/flow/ports/spool.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import type { Log } from '../../../src/flow/ports/log.ts';

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
const ended: LanePlan = { planned: [{ id: 't', plan: { disposition: done } }] };
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
  let release: (plan: LanePlan | Promise<LanePlan>) => void = () => {};
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
    makeId: () => 'new',
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
    release: (plan: LanePlan | Promise<LanePlan>) => release(plan),
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
  it('is not run twice: the run continues under the new lease', async () => {
    const renewed: Batch = { ...batch, lease: { ...batch.lease, fence: 2 } };
    const { running, handled, leases, release, announce } = open([
      Promise.resolve([batch]),
      Promise.resolve([renewed]),
    ]);
    await expect.poll(() => handled.length).toBe(1);
    await announce();
    release(ended);
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
    release(ended);
    await expect.poll(() => handled).toEqual([['t'], ['t']]);
    release(ended);
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
    release(ended);
    await stopped;
    expect(committed).toMatchObject([{ done: ['t'] }]);
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
    stuck.release(ended);
    await expect.poll(() => stuck.committed).toMatchObject([{ done: ['t'] }]);
  });
});

describe('a running queue', () => {
  const START = 1_000_000;
  beforeEach(() => void vi.useFakeTimers({ now: START }));
  afterEach(() => void vi.useRealTimers());

  type Claim = Parameters<Spool['claim']>[1];

  /** A queue on a spool that records its calls. `handle` by default waits for the given ms. */
  function start(
    over: { nextDue?: number | null; lanes?: number; handleMs?: number; batches?: Batch[]; leaseIsOurs?: boolean } = {},
  ) {
    const claims: (Claim & { at: number })[] = [];
    const batches = over.batches ?? [];
    const logged: unknown[] = [];
    const published: unknown[] = [];
    const state = {
      nextDue: over.nextDue ?? null,
      fails: { claim: false, commit: false, renew: false },
      leaseIsOurs: over.leaseIsOurs ?? true,
      renewals: 0,
      handled: [] as string[],
      committed: [] as Changes[],
      work: (): void => undefined,
    };
    const spool = {
      async claim(_queue: string, claim: Claim) {
        claims.push({ ...claim, at: Date.now() - START });
        if (state.fails.claim) throw new TypeError('disk error');
        return batches.splice(0, claim.lanes);
      },
      async renew(_lease: unknown, leaseMs: number) {
        expect(leaseMs).toBe(10_000);
        state.renewals += 1;
        if (state.fails.renew) throw new TypeError('disk error');
        return true;
      },
      nextDue: async () => state.nextDue,
      onWork(_queue: string, listener: () => void) {
        state.work = listener;
        return () => {
          state.work = () => undefined;
        };
      },
      async commit(_lease: unknown, changes: Changes) {
        state.committed.push(changes);
        if (state.fails.commit) throw new TypeError('disk error');
        return state.leaseIsOurs;
      },
    } as unknown as Spool;
    const at =
      (level: string) =>
      (facts: { err?: unknown; tasks?: unknown }, event: string): void =>
        void logged.push([level, event, ...(facts.tasks === undefined ? [] : [facts.tasks])]);
    const running = runQueue({
      queue: 'outgoing',
      spool,
      async handle(jobs) {
        state.handled.push(jobs.map(({ task: { id } }) => id).join(' '));
        await new Promise((resolve) => setTimeout(resolve, over.handleMs ?? 0));
        const planned = jobs.map(({ task: { id } }) => ({ id, plan: { disposition: done } }));
        return { planned, more: { ledger: [mark('m', 1)] } };
      },
      outcomes: { publish: (writes: unknown) => void published.push(writes) } as unknown as Outcomes,
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log,
      now: Date.now,
      makeId: () => 'new',
      lanes: over.lanes ?? 2,
      perLane: 7,
      backOff: { first: 1, longest: 1 },
    });
    const claimedAt = (): number[] => claims.map((claim) => claim.at);
    return { running, state, claims, claimedAt, batches, logged, published };
  }

  const laneOf = (...ids: string[]): Batch => ({
    lease: { queue: 'outgoing', lane: ids.join(), fence: 1 },
    tasks: ids.map((id) => ({ ...task, id })),
  });

  it('claims as many lanes as are free, for ten seconds, with the longest wait', async () => {
    const { running, claims, batches, state } = start({ lanes: 3, handleMs: 100 });
    await vi.advanceTimersByTimeAsync(1);
    const claim = { perLane: 7, leaseMs: 10_000, longestWaitMs: 3_600_000 };
    expect(claims).toEqual([{ ...claim, lanes: 3, now: START, at: 0 }]);
    batches.push(laneOf('a'), laneOf('b'));
    state.work();
    await vi.advanceTimersByTimeAsync(50);
    state.work();
    await vi.advanceTimersByTimeAsync(0);
    expect(claims.map(({ lanes }) => lanes)).toEqual([3, 3, 1]);
    await vi.advanceTimersByTimeAsync(100);
    await running.stop(0);
  });

  it('claims again at once when every free lane got work, and not while all lanes are busy', async () => {
    const batches = [laneOf('a'), laneOf('b'), laneOf('c')];
    const { running, claims, state } = start({ lanes: 2, handleMs: 100, batches });
    await vi.advanceTimersByTimeAsync(99);
    state.work();
    expect(state.handled).toEqual(['a', 'b']);
    expect(claims).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.handled).toEqual(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(100);
    expect(state.committed).toHaveLength(3);
    await running.stop(0);
  });

  it.each([
    { next: 'in 400 ms', nextDue: START + 400, delay: 400 },
    { next: 'overdue', nextDue: START - 400, delay: 5 },
    { next: 'in ten minutes', nextDue: START + 600_000, delay: 30_000 },
    { next: 'never', nextDue: null, delay: 30_000 },
    { next: 'so late that the clock was set back', nextDue: START + 3_600_001, delay: 5 },
  ])('claims again after $delay ms when the next task is due $next', async ({ nextDue, delay }) => {
    const { running, claimedAt } = start({ nextDue });
    await vi.advanceTimersByTimeAsync(delay - 1);
    expect(claimedAt()).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(claimedAt()).toEqual([0, delay]);
    await running.stop(0);
  });

  it('claims again a second after the database failed, and logs it', async () => {
    const { running, claimedAt, logged, state } = start();
    state.fails.claim = true;
    state.work();
    await vi.advanceTimersByTimeAsync(999);
    state.fails.claim = false;
    expect(claimedAt()).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(claimedAt()).toEqual([0, 0, 1_000]);
    expect(logged).toEqual([['error', 'spool cannot be read, will retry']]);
    await running.stop(0);
  });

  it('renews the lease every 2.5 s until the handler has ended, although a renewal fails', async () => {
    const { running, state, logged } = start({ handleMs: 8_000, batches: [laneOf('a')] });
    state.fails.renew = true;
    await vi.advanceTimersByTimeAsync(7_999);
    expect([state.renewals, state.committed]).toEqual([3, []]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([state.renewals, state.committed.length]).toEqual([3, 1]);
    expect(logged[0]).toEqual(['warn', 'lease could not be renewed']);
    await running.stop(0);
  });

  it('publishes what was committed', async () => {
    const { running, published, logged } = start({ batches: [laneOf('a')] });
    await vi.advanceTimersByTimeAsync(10);
    expect(published).toEqual([[{ kind: 'mark', mark: 'm', at: 1 }]]);
    expect(logged).toEqual([]);
    await running.stop(0);
  });

  it('publishes nothing if the lease was lost or the commit failed', async () => {
    const { running, batches, published, logged, state } = start({ leaseIsOurs: false, batches: [laneOf('a', 'b')] });
    await vi.advanceTimersByTimeAsync(10);
    state.fails.commit = true;
    batches.push(laneOf('c'));
    state.work();
    await vi.advanceTimersByTimeAsync(10);
    expect(published).toEqual([]);
    expect(logged).toEqual([
      ['warn', 'lease lost to another gateway, nothing written', ['a', 'b']],
      ['error', 'result could not be recorded, tasks will be repeated', ['c']],
    ]);
    await running.stop(0);
  });

  it('handles the tasks beside damaged ones, and commits all in one transaction', async () => {
    const bodies = [
      '',
      '{}',
      '{"kind":{"toString":1},"version":1}',
      '{"kind":"outgoing","version":0}',
      '{"kind":"verify"}',
    ];
    const tasks = bodies.map((body, n) => ({ ...task, id: `bad-${n}`, body }));
    const mixed = { ...laneOf('a', 'b'), tasks: [...tasks, ...laneOf('a', 'b').tasks] };
    const { running, state } = start({ batches: [mixed] });
    await vi.advanceTimersByTimeAsync(10);
    expect(state.handled).toEqual(['a b']);
    expect(state.committed).toHaveLength(1);
    const [changes] = state.committed;
    expect(changes?.done).toEqual(['a', 'b']);
    expect(changes?.hold).toMatchObject(tasks.map(({ id }) => ({ id, reason: 'unreadable', key: `operator:${id}` })));
    expect(changes?.ledger).toHaveLength(1 + tasks.length);
    await running.stop(0);
  });

  it('does not call the handler if no task of a lane can be read', async () => {
    const { running, state } = start({ batches: [{ ...laneOf('a'), tasks: [{ ...task, body: '{}' }] }] });
    await vi.advanceTimersByTimeAsync(10);
    expect(state.handled).toEqual([]);
    expect(state.committed[0]?.hold).toHaveLength(1);
    await running.stop(0);
  });

  it('claims nothing after the stop, and leaves no timer', async () => {
    const { running, state, claims } = start();
    await vi.advanceTimersByTimeAsync(1);
    const { work } = state;
    const stopped = running.stop(50);
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(state.work).not.toBe(work);
    work();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([claims.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
