// Messages of one lane (one event, one recipient) that are due together: their order, and what each knows of those before it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordTask } from '../../../src/flow/records/records.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import type { Batch, Changes } from '../../../src/flow/ports/spool.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol, dave, type FlowKit, openFlowKit } from '../flow-kit.ts';

const uid = 'planning@example.com';
const event = (day: string, organizer = alice): string =>
  meeting({ uid, organizer: organizer.asWritten, attendees: [{ email: bob.asWritten }] }).replaceAll('20270301', day);

describe('messages of one lane', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit({ quota: { hour: 2, day: 100 } });
  });
  afterEach(() => kit.close());

  /** Delivers these messages to bob as one batch. */
  async function deliverAll(
    messages: readonly { id: string; calendar: string; from?: CalendarAddress; method?: string }[],
  ): Promise<Changes> {
    const tasks = messages.map(({ id, calendar, from = alice, method = 'REQUEST' }) => {
      const origin = { recordId: id, door: 'callback', messageId: null };
      const text = calendar.replace('BEGIN:VEVENT', `METHOD:${method}\r\nBEGIN:VEVENT`);
      const body = { kind: 'schedule-message', origin, from, to: bob, method, calendar: text, again: false } as const;
      return { ...recordTask(body, { id, createdAt: kit.clock.now }), attempts: 0, lastError: null };
    });
    const batch: Batch = { lease: { queue: 'invitation', lane: tasks[0]?.lane ?? '', fence: 1 }, tasks };
    return kit.handlers.invitation(batch);
  }
  const mailed = ({ add = [] }: Changes): string[] =>
    add.flatMap(({ body }) => {
      const { kind, what } = JSON.parse(body) as { kind: string; what: string };
      return kind === 'outgoing' ? [what] : [];
    });

  it('are mailed in order, each against those before it', async () => {
    const changes = await deliverAll([
      { id: 'a', calendar: event('20270301') },
      { id: 'b', calendar: event('20270302') },
      { id: 'c', calendar: event('20270302') },
      { id: 'd', calendar: event('20270302') },
      { id: 'e', calendar: event('20270302'), method: 'CANCEL' },
    ]);
    expect(changes.done).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(mailed(changes)).toEqual(['invitation', 'update', 'cancel']);
  });

  it('of two organizers with the same UID are two invitations', async () => {
    const changes = await deliverAll([
      { id: 'a', calendar: event('20270301') },
      { id: 'b', calendar: event('20270301', dave), from: dave },
      { id: 'c', calendar: event('20270301') },
    ]);
    expect(mailed(changes)).toEqual(['invitation', 'invitation']);
  });

  it('wait behind one that waits, until the same time', async () => {
    for (const guest of [carol, dave]) await kit.invite(event('20270301'), guest);
    await kit.settle();
    const changes = await deliverAll([
      { id: 'a', calendar: event('20270301').replace('ATTENDEE;', 'ATTENDEE;SCHEDULE-AGENT=CLIENT;') },
      { id: 'b', calendar: event('20270301') },
      { id: 'c', calendar: event('20270301'), method: 'CANCEL' },
      { id: 'd', calendar: event('20270302') },
    ]);
    // The notice tells the organizer that mails wait.
    expect([changes.done, mailed(changes)]).toEqual([['a'], ['notice']]);
    expect(changes.retry?.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    expect(new Set(changes.retry?.map(({ dueAt, error }) => `${dueAt} ${error}`)).size).toBe(1);
    expect(changes.retry?.[0]?.dueAt).toBeGreaterThan(kit.clock.now);
  });
});
