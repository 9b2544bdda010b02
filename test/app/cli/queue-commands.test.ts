// The operator's commands on the queues of a running gateway: two processes on one SQLite file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { describeEntries } from '../../../src/app/cli/describe-entries.ts';
import { explain } from '../../../src/flow/questions/explain.ts';
import { makeOutcomes } from '../../../src/flow/queue/outcomes.ts';
import {
  changeTasks,
  listQueue,
  type QueueCommandOptions,
  formatChanges,
  formatListing,
  formatTask,
  showTask,
} from '../../../src/app/cli/queue-commands.ts';
import { type EventKind, recordTask, type Job } from '../../../src/flow/records/records.ts';
import { makeIds } from '../../../src/adapters/spool/new-id.ts';
import { done, type LanePlan } from '../../../src/flow/queue/plan.ts';
import { runQueue } from '../../../src/flow/queue/run-queue.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import { openLog } from '../../../src/app/log.ts';
import { openForOperator, openSpool } from '../../../src/adapters/spool/open-spool.ts';
import type { Ledger, NewTask, Spool } from '../../../src/flow/ports/spool.ts';

const address = (text: string): CalendarAddress => calendarAddress(text) ?? { key: '', asWritten: '' };
const organizer = address('alice@example.com');
const everything = { queue: null, state: null, limit: 100 };

/** The simplest task: a re-read of an event. */
function task(id: string, over: Partial<NewTask> = {}): NewTask {
  const origin = { recordId: id, door: 'gateway', messageId: null };
  const body = { kind: 'verify', origin, owner: organizer, uid: `${id}@example.com`, round: 0 } as const;
  return { ...recordTask(body, { id, createdAt: Date.now() }), ...over };
}

describe('the operator’s commands', () => {
  let folder: string;
  let url: string;
  let gateway: { spool: Spool; ledger: Ledger };
  let operator: QueueCommandOptions;
  let close: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imip-queue-'));
    url = `sqlite:${join(folder, 'gateway.db')}`;
    gateway = await openSpool({ url });
    const secondary = await openForOperator({ url });
    operator = { ...secondary, now: Date.now };
    close = () => secondary.spool.close();
  });
  beforeEach(async () => {
    const { tasks } = await listQueue(operator, everything);
    await changeTasks(
      operator,
      'drop',
      tasks.map(({ id }) => id),
    );
  });
  afterAll(async () => {
    await close();
    await gateway.spool.close();
    await rm(folder, { recursive: true, force: true });
  });

  const idsOf = async (filter = everything): Promise<string[]> =>
    (await listQueue(operator, filter)).tasks.map(({ id }) => id);

  it('list waiting and held tasks with counts and subjects', async () => {
    const mail = recordTask(
      {
        kind: 'mail',
        envelope: { mailFrom: 'bob@remote.test', rcptTo: ['r1@reply.example.com'] },
        peer: {
          door: 'smtp',
          address: '192.0.2.1',
          helo: 'mx.remote.test',
          tls: true,
          trustedRelay: false,
          xclient: false,
        },
        receivedAt: 1,
      },
      { id: 'mail', createdAt: Date.now() - 120_000, dueAt: Date.now() + 60_000, raw: Buffer.from('mail') },
    );
    await gateway.spool.put([mail, task('one')]);
    await changeTasks(operator, 'hold', ['one']);
    const listing = await listQueue(operator, everything);
    expect(listing.tasks).toMatchObject([
      { id: 'mail', queue: 'incoming', state: 'waiting', kind: 'mail', door: 'smtp', attendee: 'bob@remote.test' },
      { id: 'one', queue: 'event', state: 'held', heldFor: 'operator', due: null, uid: 'one@example.com' },
    ]);
    expect(listing.queues.find(({ queue }) => queue === 'event')).toMatchObject({ waiting: 0, held: 1 });
    expect(await idsOf({ ...everything, queue: 'event' as never })).toEqual(['one']);
    expect(await idsOf({ ...everything, state: 'waiting' as never })).toEqual(['mail']);
    expect(await idsOf({ ...everything, limit: 1 })).toEqual(['mail']);
    const text = formatListing(listing, Date.now());
    expect(text).toMatch(/^incoming +1 +0 +2m$/m);
    expect(text).toMatch(/^mail +incoming +waiting +2m +in \d+s +0 +mail bob@remote\.test$/m);
    expect(text).toMatch(/^one +event +held \(operator\) +0s +- +0 +verify one@example\.com +operator$/m);
  });

  it('print no control characters', async () => {
    const wild = 'x\u001b[2Jy\r\nz\u202e@example.com';
    const origin = { recordId: 'wild', door: 'gateway', messageId: null };
    const body = { kind: 'verify', origin, owner: organizer, uid: wild, round: 0 } as const;
    await gateway.spool.put([recordTask(body, { id: 'wild', createdAt: Date.now() })]);
    const shown = await showTask(operator, 'wild');
    for (const text of [formatListing(await listQueue(operator, everything), Date.now()), shown && formatTask(shown)]) {
      expect(text).toContain('x [2Jy z @example.com');
      expect(text?.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it('show one task with its ledger entries', async () => {
    await gateway.spool.put([task('shown', { raw: Buffer.from('12345') })]);
    await changeTasks(operator, 'hold', ['shown']);
    const shown = await showTask(operator, 'shown');
    expect(shown).toMatchObject({ id: 'shown', state: 'held', rawBytes: 5, body: { kind: 'verify' } });
    expect(shown?.ledger).toMatchObject([{ verdict: 'held', reason: 'operator', organizer: organizer.key }]);
    expect(shown && formatTask(shown)).toMatch(
      /rawBytes: 5[^]*"kind": "verify"[^]*held: operator\n {2}Held by the operator/,
    );
    expect(await showTask(operator, 'none')).toBeNull();
  });

  it('report the result for each task', async () => {
    await gateway.spool.put([task('a'), task('b'), task('busy')]);
    await changeTasks(operator, 'hold', ['a', 'b']);
    const [batch] = await gateway.spool.claim('event', {
      lanes: 1,
      perLane: 1,
      leaseMs: 60_000,
      longestWaitMs: 3_600_000,
      now: Date.now(),
    });
    const results = await changeTasks(operator, 'drop', ['a', 'none', 'busy', 'a']);
    expect(results).toEqual([
      { id: 'a', result: 'changed' },
      { id: 'none', result: 'unknown' },
      { id: 'busy', result: 'under-way' },
    ]);
    expect(formatChanges('drop', results)).toBe(
      'a: dropped\nnone: no task has this id\nbusy: is running now: try again later',
    );
    expect(await changeTasks(operator, 'hold', ['b'])).toEqual([{ id: 'b', result: 'held' }]);
    expect(await changeTasks(operator, 'retry', ['a'])).toEqual([{ id: 'a', result: 'ended' }]);
    expect(await gateway.spool.commit(batch!.lease, { done: ['busy'] })).toBe(true);
    const entries = await explain(gateway.ledger, 'a@example.com');
    expect(describeEntries(entries)).toMatch(/held: operator[^]*decided: operator-drop/);
    expect(await explain(gateway.ledger, 'busy@example.com')).toEqual([]);
  });

  it('reach the running gateway within two seconds', async () => {
    const worked: string[] = [];
    let broken = true;
    const handle = async (records: readonly Job<EventKind>[]): Promise<LanePlan> => {
      const tasks = records.map(({ task: each }) => each);
      if (broken) throw new GatewayError('caldav-unreachable', 'away', { temporary: true });
      for (const { id, attempts } of tasks) worked.push(`${id} ${attempts}`);
      return { planned: tasks.map(({ id }) => ({ id, plan: { disposition: done } })) };
    };
    const log = openLog('silent');
    const work = runQueue({
      queue: 'event',
      spool: gateway.spool,
      handle,
      outcomes: makeOutcomes(log),
      makeId: makeIds(),
      log,
      now: Date.now,
      lanes: 4,
      perLane: 10,
      backOff: { first: 600_000, longest: 600_000 },
    });
    try {
      await gateway.spool.put([task('back-off'), task('kept', { dueAt: Date.now() + 900_000 })]);
      await expect.poll(async () => (await gateway.spool.task('back-off'))?.attempts).toBe(1);
      expect(await changeTasks(operator, 'hold', ['kept'])).toEqual([{ id: 'kept', result: 'changed' }]);
      broken = false;
      const retried = await changeTasks(operator, 'retry', ['back-off', 'kept']);
      expect(retried.map(({ result }) => result)).toEqual(['changed', 'changed']);
      await expect.poll(() => worked.toSorted(), { timeout: 15_000 }).toEqual(['back-off 0', 'kept 0']);
    } finally {
      await work.stop(1_000);
    }
  });
});
