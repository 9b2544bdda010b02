// A Message-ID, UID, address or record id in, what the ledger knows about it out. Refuses nothing: no entries where the
// ledger knows nothing.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { Ledger, LedgerEntry } from '../ports/spool.ts';

const MOST_ENTRIES = 200;
const MOST_RECORDS = 50;

/**
 * The entries about the subject, and what else the same records led to: the notice, the decision, the mail. Oldest first;
 * empty where the ledger knows nothing.
 */
export async function explain(ledger: Ledger, given: string): Promise<LedgerEntry[]> {
  const subject = given.trim();
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
