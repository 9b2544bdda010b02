// How many new recipients an organizer may mail per hour and per day, and when the others are mailed.
import { afterEach, describe, expect, it } from 'vitest';
import { meeting } from '../../harness/calendar-server.ts';
import { address, alice, bob, type FlowKit, openFlowKit } from '../flow-kit.ts';

const guests = Array.from({ length: 7 }, (_, at) => address(`guest${at}@remote.test`));

function event(uid: string, sequence = 0): string {
  const attendees = guests.map(({ asWritten }) => ({ email: asWritten }));
  return meeting({ uid, organizer: alice.asWritten, attendees, sequence });
}

describe('a quota of new recipients', () => {
  let kit: FlowKit;
  afterEach(() => kit.close());

  const inviteAll = async (calendar: string): Promise<void> => {
    for (const guest of guests) await kit.invite(calendar, guest);
    await kit.settle();
  };
  const mailed = (): number => kit.mails.filter(({ rcptTo }) => rcptTo !== alice.asWritten).length;

  it('delays the recipients above the limit until the next hour', async () => {
    kit = await openFlowKit({ quota: { hour: 3, day: 100 } });
    kit.clock.now += 10 * 60_000;
    await inviteAll(event('planning@example.com'));
    expect(mailed()).toBe(3);
    kit.clock.now += 49 * 60_000;
    await kit.settle();
    expect(mailed()).toBe(3);
    kit.clock.now += 60_000;
    await kit.settle();
    expect(mailed()).toBe(6);
    kit.clock.now += 3_600_000;
    await kit.settle();
    expect(mailed()).toBe(7);
    const recipients = kit.mails.map(({ rcptTo }) => rcptTo).filter((rcptTo) => rcptTo !== alice.asWritten);
    expect(new Set(recipients).size).toBe(7);
  });

  it('records each wait in the ledger and notifies the organizer once per hour', async () => {
    kit = await openFlowKit({ quota: { hour: 3, day: 100 } });
    await inviteAll(event('planning@example.com'));
    await inviteAll(event('party@example.com'));
    expect((await kit.reasons('planning@example.com')).filter((reason) => reason === 'retried quota')).toHaveLength(4);
    const [notice, ...more] = await kit.mailsTo(alice);
    expect(more).toEqual([]);
    expect(notice?.subject).toBe('Invitations delayed: Planning');
    expect(notice?.text).toContain('3 new people per hour');
    expect(notice?.text).toMatch(/Sunday,? 1:00\s?PM UTC/);
    kit.clock.now += 3_600_000;
    await kit.settle();
    expect(await kit.mailsTo(alice)).toHaveLength(2);
  });

  it('does not count recipients who were mailed before', async () => {
    kit = await openFlowKit({ quota: { hour: 7, day: 100 } });
    await inviteAll(event('planning@example.com'));
    await inviteAll(event('party@example.com'));
    await inviteAll(event('planning@example.com', 1).replaceAll('20270301', '20270302'));
    expect(mailed()).toBe(21);
    await kit.invite(event('party@example.com').replaceAll(guests[0]!.asWritten, bob.asWritten), bob);
    await kit.settle();
    expect(await kit.mailsTo(bob)).toEqual([]);
  });

  it('also limits the new recipients per day', async () => {
    kit = await openFlowKit({ quota: { hour: 100, day: 5 } });
    await inviteAll(event('planning@example.com'));
    expect(mailed()).toBe(5);
    expect((await kit.mailsTo(alice))[0]?.text).toContain('5 new people per day');
    kit.clock.now += 3_600_000;
    await kit.settle();
    expect(mailed()).toBe(5);
    kit.clock.now += 86_400_000;
    await kit.settle();
    expect(mailed()).toBe(7);
  });

  it('keeps mails to one person about one event in order', async () => {
    kit = await openFlowKit({ quota: { hour: 1, day: 100 } });
    const uid = 'planning@example.com';
    await kit.invite(event(uid), guests[0]!);
    await kit.settle();
    await kit.invite(event(uid), bob);
    await kit.invite(event(uid, 1).replaceAll('20270301', '20270302'), bob);
    await kit.settle();
    kit.clock.now += 3_600_000;
    await kit.settle();
    expect((await kit.mailsTo(bob)).map(({ subject }) => subject.replace(/:.*/, ''))).toEqual([
      'Invitation',
      'Changed',
    ]);
  });
});
