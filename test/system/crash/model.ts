// Checks a run of the crash test. In: the messages that were acknowledged, every version of each event, the ledger and the
// mails that were sent; out: every fault, as text. Pure.
import type { Partstat } from '../../../src/core/ical/types.ts';
import type { LedgerEntry } from '../../../src/flow/ports/spool.ts';

/** One answer of a guest to an event. A guest repeats an answer until it is acknowledged, and then sends the next one. */
export interface SentAnswer {
  readonly uid: string;
  readonly attendee: string;
  readonly partstat: Partstat;
  /** null for an answer by link. */
  readonly messageId: string | null;
  /** The time of the acknowledgement, ms since 1970. */
  readonly takenAt: number;
}

/** One change of an event, posted for one guest. */
export interface PostedChange {
  readonly uid: string;
  readonly recipient: string;
  /** The number of the change within the event; the subject of the mail contains it. */
  readonly change: number;
}

export interface SeenMail {
  readonly recipient: string;
  readonly messageId: string;
  readonly subject: string;
}

export interface Seen {
  readonly answers: readonly SentAnswer[];
  readonly changes: readonly PostedChange[];
  /** Every version of each event, in order, by UID. */
  readonly histories: ReadonlyMap<string, readonly string[]>;
  readonly entries: readonly LedgerEntry[];
  readonly mails: readonly SeenMail[];
  readonly kills: number;
  /** The time between the first and the last kill. */
  readonly killingMs: number;
  /** How many mails one process may submit at the same time. */
  readonly inFlight: number;
}

/** Returns the number of writes to the calendar. The first version of an event is not a write. */
export function writesTo(histories: Seen['histories']): number {
  return [...histories.values()].reduce((sum, texts) => sum + texts.length - 1, 0);
}

export function findFaults(seen: Seen): string[] {
  return [...faultsInCalendar(seen), ...faultsInLedger(seen), ...faultsInMails(seen)];
}

/** Returns the seconds between the 250 for each mailed answer and its first ledger entry, in ascending order. */
export function waitsOf({ answers, entries }: Pick<Seen, 'answers' | 'entries'>): number[] {
  const said = new Map(entries.map(({ messageId, at }) => [messageId, at]));
  return answers
    .filter(({ messageId }) => messageId !== null)
    .map(({ messageId, takenAt }) => Math.max(0, (said.get(messageId) ?? Infinity) - takenAt) / 1_000)
    .toSorted((a, b) => a - b);
}

export function partstatIn(text: string, attendee: string): string | null {
  return (
    new RegExp(`^ATTENDEE[^\\r\\n]*;PARTSTAT=([A-Z-]+)[^\\r\\n]*:mailto:${attendee}\\r?$`, 'm').exec(text)?.[1] ?? null
  );
}

function faultsInCalendar({ answers, histories }: Seen): string[] {
  const faults: string[] = [];
  for (const [uid, texts] of histories) {
    const bare = (text: string | undefined): string => (text ?? '').replace(/;PARTSTAT=[A-Z-]+/g, '');
    for (const text of texts) if (bare(text) !== bare(texts[0])) faults.push(`${uid}: more than answers changed`);
  }
  for (const pair of groupBy(answers, ({ uid, attendee }) => `${uid} ${attendee}`)) {
    const { uid, attendee } = pair[0]!;
    const states = changesOf((histories.get(uid) ?? []).map((text) => partstatIn(text, attendee)));
    const given = pair.map(({ partstat }) => partstat);
    if (states.at(-1) !== given.at(-1))
      faults.push(`${uid}: ${attendee} ends ${states.at(-1)}, answered ${given.at(-1)}`);
    if (!isWithin(states.slice(1), given)) faults.push(`${uid}: ${attendee} answered ${given}, and was ${states}`);
  }
  return faults;
}

function faultsInLedger({ answers, entries }: Seen): string[] {
  const faults: string[] = [];
  const byMessage = new Map(
    groupBy(entries, ({ messageId }) => messageId ?? '').map((group) => [group[0]!.messageId, group]),
  );
  for (const { messageId, uid, attendee } of answers) {
    if (messageId === null) continue;
    const about = byMessage.get(messageId) ?? [];
    const applied = about.filter(({ verdict }) => verdict === 'applied').length;
    if (about.every(({ verdict }) => verdict !== 'applied' && verdict !== 'ignored')) {
      faults.push(`${uid}: nothing is said of ${messageId} by ${attendee}: ${about.map(({ reason }) => reason)}`);
    }
    if (applied > 1) faults.push(`${uid}: ${messageId} was applied ${applied} times`);
  }
  const byWeb = answers.filter(({ messageId }) => messageId === null).length;
  const clicks = entries.filter(
    ({ door, verdict }) => door === 'web' && (verdict === 'applied' || verdict === 'ignored'),
  );
  if (clicks.length < byWeb) faults.push(`${byWeb} answers by link, ${clicks.length} of them in the ledger`);
  for (const { verdict, reason, uid } of entries) {
    if (verdict === 'held' || verdict === 'refused') faults.push(`${uid}: ${verdict} ${reason}`);
  }
  return faults;
}

function faultsInMails({ changes, mails, kills, inFlight }: Seen): string[] {
  const faults: string[] = [];
  for (const { uid, recipient, change } of changes) {
    const about = mails.filter((mail) => mail.recipient === recipient && mail.subject.includes(subjectOf(uid, change)));
    const ids = new Set(about.map(({ messageId }) => messageId));
    if (ids.size !== 1) faults.push(`${uid}: change ${change} came to ${recipient} as ${ids.size} mails`);
  }
  const copies = groupBy(mails, ({ messageId, recipient }) => `${messageId} ${recipient}`);
  const repeated = copies.reduce((sum, { length }) => sum + length - 1, 0);
  if (repeated > kills * inFlight) faults.push(`${repeated} mails came again after ${kills} kills`);
  return faults;
}

/** Returns a part of the subject of the mail about that change. */
export function subjectOf(uid: string, change: number): string {
  return `${uid.split('@')[0]} change ${change}.`;
}

function changesOf<T>(states: readonly T[]): T[] {
  return states.filter((state, at) => at === 0 || state !== states[at - 1]);
}

/** Whether `part` is a subsequence of `whole`. */
function isWithin<T>(part: readonly T[], whole: readonly T[]): boolean {
  let at = 0;
  for (const each of whole) if (each === part[at]) at += 1;
  return at === part.length;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}
