// Quotas of an organizer: how many people, never mailed before, get mail in an hour and in a day (UTC). In: an invitation;
// out: when to ask again, or null where it may be mailed now. That some wait, the ledger says for each, and one notice a
// window to the organizer. What is mailed at the same moment may go a little over; nothing is ever lost.
import { createHash } from 'node:crypto';
import type { Ledger, Task } from '../ports/spool.ts';
import type { ChangeSet } from '../queue/change-set.ts';
import { mailNotice, type MailNoticeOptions } from './mail-notice.ts';
import { entryAbout, type Invitation } from '../records/records.ts';

export interface QuotaOptions extends MailNoticeOptions {
  readonly quota: { readonly hour: number; readonly day: number };
  readonly ledger: Ledger;
  readonly now: () => number;
}

export interface Asking {
  readonly task: Task;
  readonly body: Invitation;
  readonly uid: string;
  readonly set: ChangeSet;
}

/** ms since 1970, an hour from now at most: a quota for the day is asked about each hour. */
export type WaitForQuota = (asking: Asking) => Promise<number | null>;

interface Wait {
  readonly per: 'hour' | 'day';
  readonly limit: number;
  readonly since: number;
  readonly until: number;
}

const LENGTHS = { hour: 3_600_000, day: 86_400_000 } as const;

export function waitForQuota(options: QuotaOptions): WaitForQuota {
  const { quota, ledger, now } = options;
  return async (asking) => {
    const { sender, recipient } = asking.body;
    const at = now();
    const windows = (['day', 'hour'] as const).map((per): Wait => {
      const since = at - (at % LENGTHS[per]);
      return { per, limit: quota[per], since, until: since + LENGTHS[per] };
    });
    const counts = await ledger.newRecipients(sender.key, recipient.key, windows);
    const full = windows.find(({ limit }, index) => (counts?.[index] ?? 0) >= limit);
    if (full === undefined) return null;
    if (asking.task.attempts === 0) record(asking, full, at);
    await tellOnce(options, asking, full, at);
    return Math.min(...windows.map(({ until }) => until));
  };
}

function record({ task, body, uid, set }: Asking, { per, limit, until }: Wait, at: number): void {
  const { origin, sender, recipient } = body;
  const detail = `${sender.asWritten} has mailed ${limit} new people this ${per}; it waits until ${new Date(until).toISOString()}.`;
  const facts = { at, verdict: 'retried', reason: 'quota', detail } as const;
  set.record(entryAbout(origin, task.id, { ...facts, organizer: sender.key, uid, attendee: recipient.key }));
}

/** Its task has the window's name: however many invitations wait, and whoever works them, there is one. */
async function tellOnce(options: QuotaOptions, asking: Asking, wait: Wait, at: number): Promise<void> {
  const { body, uid, set } = asking;
  const { sender: organizer, origin, calendar } = body;
  const { per, limit, since, until } = wait;
  const mark = `quota:${per}:${since}:${organizer.key}`;
  if (await options.ledger.marked(mark)) return;
  set.write({ kind: 'mark', mark, at });
  const id = `quota-${createHash('sha256').update(mark).digest('hex').slice(0, 24)}`;
  const notices = [{ kind: 'quota', attendee: null, per, limit, until }] as const;
  mailNotice(options, set, { organizer, uid, calendar, notices, origin }, at, id);
}
