// Limits how many new recipients (never mailed before) a sender may mail per hour and per day (UTC). In: a message;
// out: the time of the next attempt, or null if it may be mailed now. The ledger records the wait of each message, and
// the sender gets one notice per window. Messages that are processed concurrently may exceed the limit slightly.
import { createHash } from 'node:crypto';
import { DAY, HOUR } from '../../core/ical/local-time.ts';
import { because } from '../../core/reasons.ts';
import type { Ledger } from '../ports/spool.ts';
import { type Effects, mark } from '../queue/plan.ts';
import { entryAbout, type Job } from '../records/records.ts';
import { mailNotice, type MailNoticeOptions } from './mail-notice.ts';

export interface QuotaOptions extends MailNoticeOptions {
  readonly quota: { readonly hour: number; readonly day: number };
  readonly ledger: Ledger;
  readonly now: () => number;
}

export interface QuotaWait extends Effects {
  /** ms since 1970, at most an hour ahead: the daily limit is checked again every hour. */
  readonly until: number;
}

/** Resolves to null if the message may be mailed now. */
export type WaitForQuota = (message: Job<'schedule-message'>, uid: string) => Promise<QuotaWait | null>;

interface Window {
  readonly per: 'hour' | 'day';
  readonly limit: number;
  readonly since: number;
  readonly until: number;
}

const LENGTHS = { hour: HOUR, day: DAY } as const;

export function waitForQuota(options: QuotaOptions): WaitForQuota {
  const { quota, ledger, now } = options;
  return async (message, uid) => {
    const { from, to } = message.body;
    const at = now();
    const windows = (['day', 'hour'] as const).map((per): Window => {
      const since = at - (at % LENGTHS[per]);
      return { per, limit: quota[per], since, until: since + LENGTHS[per] };
    });
    const counts = await ledger.newRecipients(from.key, to.key, windows);
    const full = windows.find(({ limit }, index) => (counts?.[index] ?? 0) >= limit);
    if (full === undefined) return null;
    const notice = await noticeOnce(options, message, uid, full, at);
    const entries = message.task.attempts === 0 ? [waitEntry(message, full, at)] : [];
    return {
      until: Math.min(...windows.map(({ until }) => until)),
      add: notice.add ?? [],
      ledger: [...entries, ...(notice.ledger ?? [])],
    };
  };
}

function waitEntry(message: Job<'schedule-message'>, { per, limit, until }: Window, at: number) {
  const { from } = message.body;
  return entryAbout(message, {
    at,
    verdict: 'retried',
    ...because('quota', { who: from.asWritten, limit, per, until }),
  });
}

/** The task id is derived from the window, so that concurrent messages and gateways add the same notice only once. */
async function noticeOnce(
  options: QuotaOptions,
  { body }: Job<'schedule-message'>,
  uid: string,
  { per, limit, since, until }: Window,
  at: number,
): Promise<Effects> {
  const { from: owner, origin, calendar } = body;
  const name = `quota:${per}:${since}:${owner.key}`;
  if (await options.ledger.marked(name)) return {};
  const id = mailIdFor(name);
  const notices = [{ kind: 'quota', attendee: null, per, limit, until }] as const;
  const { mail } = mailNotice(options, { owner, uid, calendar, notices, origin }, at, id);
  return { add: [mail], ledger: [mark(name, at)] };
}

/** Derives a mail id (26 characters of lower-case base32) from a name. */
function mailIdFor(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  return [...digest.subarray(0, 26)].map((octet) => 'abcdefghijklmnopqrstuvwxyz234567'[octet % 32]).join('');
}
