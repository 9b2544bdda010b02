// `imip-gateway why`: what the ledger knows of a Message-ID, UID, address or record, as text for a person.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { Ledger, LedgerEntry } from '../ports/spool.ts';
import { terminalText } from '../../app/cli/terminal-text.ts';

const MOST_ENTRIES = 200;
const MOST_RECORDS = 50;

/** Oldest first; a sentence that says so where the ledger knows nothing. */
export async function explain(ledger: Ledger, subject: string): Promise<string> {
  const entries = await findEntries(ledger, subject.trim());
  if (entries.length === 0) {
    return `Nothing in the ledger is about ${subject}. It looks for a Message-ID, UID, mail address or record id; entries older than the retention are gone.`;
  }
  return entries.map(sayEntry).join('\n\n');
}

/** What is about the subject, and whatever else the same records led to: the notice, the decision, the mail. */
async function findEntries(ledger: Ledger, subject: string): Promise<LedgerEntry[]> {
  const address = calendarAddress(subject);
  const spellings = new Set([subject, ...(address === null ? [] : [address.key]), `<${subject}>`]);
  for (const spelling of spellings) {
    const about = await ledger.entries(spelling, MOST_ENTRIES);
    const records = [...new Set(about.map(({ recordId }) => recordId))].slice(-MOST_RECORDS);
    const led = (await Promise.all(records.map((record) => ledger.entries(record, MOST_ENTRIES)))).flat();
    const found = [...about, ...led, ...(await findOverwritten(ledger, led))];
    const all = new Map(found.map((entry) => [JSON.stringify(entry), entry]));
    if (all.size > 0) return [...all.values()].sort((one, other) => one.at - other.at);
  }
  return [];
}

/** That an answer was written over, and put back, stands under the re-read that found it; it is part of the answer's story. */
async function findOverwritten(ledger: Ledger, story: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
  const applied = story.filter(isApplied);
  const uids = [...new Set(applied.map(({ uid }) => uid))].filter((uid) => uid !== null);
  const events = (await Promise.all(uids.map((uid) => ledger.entries(uid, MOST_ENTRIES)))).flat();
  const answers = [...applied, ...events.filter(isApplied)].sort((one, other) => one.at - other.at);
  const told = new Set(applied.map(({ taskId }) => taskId));
  return events.filter((entry) => {
    if (entry.reason !== 'overwritten') return false;
    const answer = answers.findLast((one) => one.at <= entry.at && isSameAnswer(one, entry));
    return answer !== undefined && told.has(answer.taskId);
  });
}

function isApplied({ verdict, reason }: LedgerEntry): boolean {
  return verdict === 'applied' && reason !== 'overwritten';
}

function isSameAnswer(one: LedgerEntry, other: LedgerEntry): boolean {
  const keys = ['organizer', 'uid', 'attendee', 'recurrenceId'] as const;
  return keys.every((key) => one[key] === other[key]);
}

function sayEntry(entry: LedgerEntry): string {
  const facts = [
    ['event', entry.recurrenceId === null ? entry.uid : `${entry.uid} (${entry.recurrenceId})`],
    ['organizer', entry.organizer],
    ['attendee', entry.attendee],
    ['message', entry.messageId],
    ['came by', entry.door],
    ['record', entry.recordId],
  ].filter(([, value]) => value !== null);
  const head = `${new Date(entry.at).toISOString()}  ${entry.verdict}: ${entry.reason}`;
  const lines = [head, `  ${entry.detail}`, ...facts.map(([name, value]) => `  ${name}: ${value}`)];
  return lines.map(terminalText).join('\n');
}
