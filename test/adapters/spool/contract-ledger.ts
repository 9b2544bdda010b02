// The contract of the ledger: what is written together with tasks, and how it is found.
import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/core/reasons.ts';
import type { LedgerWrite } from '../../../src/flow/ports/spool.ts';
import type { Bench } from './contract.ts';
import { newEntry, newMailing } from './records.ts';

function applied(attendeeKey: string, recurrenceId: string | null, content: string, sequence: number | null = 1) {
  return {
    kind: 'applied',
    ownerKey: 'ann@example.com',
    uid: 'u1',
    answer: {
      attendeeKey,
      recurrenceId,
      sequence,
      sentAt: 9,
      partstat: 'ACCEPTED',
      content,
      eventSequence: sequence,
      schedule: 's1',
    },
  } as const satisfies LedgerWrite;
}

export function describeLedger(bench: Bench): void {
  describe('the ledger', () => {
    it('finds the newest entries by each of their subjects and returns them oldest first', async () => {
      const entries = [1, 2, 3].map((at) =>
        newEntry({ at, taskId: `t${at}`, messageId: null, recurrenceId: '20261122' }),
      );
      await bench.spool.put(
        [],
        entries.map((entry) => ({ kind: 'entry', entry })),
      );
      for (const subject of ['r1', 'u1', 'mailto:ann@example.com', 'mailto:bob@remote.test']) {
        expect(await bench.ledger.entries(subject, 2)).toEqual(entries.slice(1));
      }
      expect(await bench.ledger.entries('t2', 2)).toEqual([entries[1]]);
      expect(await bench.ledger.entries('nobody', 2)).toEqual([]);
      expect(await bench.ledger.recent(2)).toEqual(entries.slice(1));
    });

    it('reads an entry with a reason of another gateway version', async () => {
      const entry = newEntry({ reason: 'of-another-version' as Reason });
      await bench.spool.put([], [{ kind: 'entry', entry }]);
      expect(await bench.ledger.entries('t1', 1)).toEqual([entry]);
    });

    it('replaces the applied answer for the same attendee and occurrence', async () => {
      await bench.spool.put(
        [],
        [applied('bob', null, '1'), applied('bob', '20261122', '2'), applied('eve', null, '3')],
      );
      await bench.spool.put([], [applied('bob', null, '4'), applied('bob', null, '5', null)]);
      const all = await bench.ledger.copyContext('ann@example.com', 'u1', null);
      expect(all.applied.map(({ content }) => content).sort()).toEqual(['2', '3', '5']);
      const bob = await bench.ledger.copyContext('ann@example.com', 'u1', ['bob', 'mallory']);
      expect(bob.applied).toHaveLength(2);
      expect(bob.applied).toContainEqual(applied('bob', null, '5', null).answer);
      expect(await bench.ledger.copyContext('ann@example.com', 'u2', null)).toEqual({
        place: null,
        applied: [],
        mailings: [],
      });
    });

    it('stores the href of a copy', async () => {
      const place = { ownerKey: 'ann@example.com', uid: 'u1', href: '/a.ics' };
      await bench.spool.put([], [{ kind: 'place', place }]);
      expect((await bench.ledger.copyContext('ann@example.com', 'u1', [])).place).toEqual(place);
      await bench.spool.put([], [{ kind: 'place', place: { ...place, href: null } }]);
      expect((await bench.ledger.copyContext('ann@example.com', 'u1', [])).place).toEqual({ ...place, href: null });
    });

    it('stores mailings in order, each mail once, and several mails of one Message-ID', async () => {
      const mailings = [
        newMailing({ calendar: 'one' }),
        newMailing({ id: 'm2', recipientKey: 'eve@remote.test', recurrenceId: '20261122' }),
        newMailing({
          id: 'm3',
          calendar: 'one',
          sequence: 2,
          raised: { '': 2, '20261122': 3 },
          stampedAt: 4,
          method: 'CANCEL',
        }),
      ];
      await bench.spool.put(
        [],
        mailings.map((mailing) => ({ kind: 'mailing', mailing })),
      );
      await bench.spool.put([], [{ kind: 'mailing', mailing: newMailing({ calendar: 'other' }) }]);
      expect((await bench.ledger.copyContext('ann@example.com', 'u1', null)).mailings).toEqual(mailings);
      const bob = await bench.ledger.copyContext('ann@example.com', 'u1', ['bob@remote.test']);
      expect(bob.mailings).toEqual([mailings[0], mailings[2]]);
      expect(await bench.ledger.mailing('m2')).toEqual(mailings[1]);
      expect(await bench.ledger.mailing('m9')).toBeNull();
      expect(await bench.ledger.firstMailing('ann@example.com', 'u1')).toEqual(mailings[0]);
      expect(await bench.ledger.firstMailing('ann@example.com', 'u2')).toBeNull();
      expect(await bench.ledger.firstMailing('eve@example.com', 'u1')).toBeNull();
    });

    it('counts the recipients that an owner mailed for the first time in a period', async () => {
      const ownerKey = 'zoe@example.com';
      const mailed = (recipientKey: string, mailedAt: number) => ({
        kind: 'mailing' as const,
        mailing: newMailing({
          ownerKey,
          recipientKey,
          mailedAt,
          id: `${recipientKey}-${mailedAt}`,
        }),
      });
      await bench.spool.put(
        [],
        [mailed('a@remote.test', 100), mailed('b@remote.test', 200), mailed('a@remote.test', 300)],
      );
      await bench.spool.put(
        [],
        [mailed('c@remote.test', 300), mailed('b@remote.test', 400), mailed('e@remote.test', 400)],
      );
      const within = (since: number) => ({ since, until: 400 });
      const count = (recipientKey: string, owner = ownerKey) =>
        bench.ledger.newRecipients(owner, recipientKey, [within(100), within(200), within(300), within(301)]);
      expect(await count('d@remote.test')).toEqual([3, 2, 1, 0]);
      expect(await count('a@remote.test')).toBeNull();
      expect(await count('a@remote.test', 'yan@example.com')).toEqual([0, 0, 0, 0]);
    });

    it('stores reply pairs, aliases, suppressions and marks', async () => {
      const pair = {
        id: 'abc',
        organizer: { key: 'ann@example.com', asWritten: 'Ann@Example.com' },
        attendee: { key: 'bob@remote.test', asWritten: 'Bob@remote.test' },
      };
      const organizerKey = 'ann@example.com';
      const alias = {
        kind: 'alias' as const,
        organizerKey,
        attendeeKey: 'bob@remote.test',
        alias: 'rob@remote.test',
      };
      const suppress = {
        kind: 'suppress' as const,
        ownerKey: organizerKey,
        recipientKey: 'bob@remote.test',
        reason: '550',
        at: 1,
      };
      await bench.spool.put(
        [],
        [
          { kind: 'reply-pair', pair },
          { kind: 'reply-pair', pair: { ...pair, attendee: { key: 'x', asWritten: 'x' } } },
          alias,
          alias,
          { kind: 'unsuppress', ownerKey: organizerKey, recipientKey: 'bob@remote.test' },
          suppress,
          { kind: 'mark', mark: 'm', at: 1 },
          { kind: 'mark', mark: 'm', at: 2 },
        ],
      );
      expect(await bench.ledger.replyPair('abc')).toEqual(pair);
      expect(await bench.ledger.replyPair('abd')).toBeNull();
      expect(await bench.ledger.aliases(organizerKey, 'bob@remote.test')).toEqual(['rob@remote.test']);
      expect(await bench.ledger.attendeesWithAlias(organizerKey, 'rob@remote.test')).toEqual(['bob@remote.test']);
      expect(await bench.ledger.attendeesWithAlias('zoe@example.com', 'rob@remote.test')).toEqual([]);
      expect(await bench.ledger.attendeesWithAlias(organizerKey, 'bob@remote.test')).toEqual([]);
      expect(await bench.ledger.suppressed(organizerKey, 'bob@remote.test')).toBe('550');
      expect(await bench.ledger.marked('m')).toBe(true);
      expect(await bench.ledger.marked('n')).toBe(false);
      await bench.spool.put([], [{ kind: 'unsuppress', ownerKey: organizerKey, recipientKey: 'bob@remote.test' }]);
      expect(await bench.ledger.suppressed(organizerKey, 'bob@remote.test')).toBeNull();
    });
  });
}
