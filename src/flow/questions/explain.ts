// In: a Message-ID, UID, address or record id; out: the ledger's entries about it. It refuses nothing; an unknown
// subject has no entries.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { Ledger, LedgerEntry } from '../ports/spool.ts';

const MAX_ENTRIES = 200;
const MAX_RECORDS = 50;

/**
 * Returns the entries about the subject and all other entries of the same records, such as notices and decisions;
 * oldest first.
 */
export async function explain(ledger: Ledger, given: string): Promise<LedgerEntry[]> {
  const subject = given.trim();
  const address = calendarAddress(subject);
  const spellings = new Set([subject, ...(address === null ? [] : [address.key]), `<${subject}>`]);
  for (const spelling of spellings) {
    const about = await ledger.entries(spelling, MAX_ENTRIES);
    const records = [...new Set(about.map(({ recordId }) => recordId))].slice(-MAX_RECORDS);
    const related = (await Promise.all(records.map((record) => ledger.entries(record, MAX_ENTRIES)))).flat();
    const found = [...about, ...related, ...(await findOverwritten(ledger, related))];
    const unique = new Map(found.map((entry) => [JSON.stringify(entry), entry]));
    if (unique.size > 0) return [...unique.values()].sort((one, other) => one.at - other.at);
  }
  return [];
}

/** Overwrites are logged under the verify task; include them in the answer's history. */
async function findOverwritten(ledger: Ledger, entries: readonly LedgerEntry[]): Promise<LedgerEntry[]> {
  const applied = entries.filter(isApplied);
  const uids = [...new Set(applied.map(({ uid }) => uid))].filter((uid) => uid !== null);
  const ofEvents = (await Promise.all(uids.map((uid) => ledger.entries(uid, MAX_ENTRIES)))).flat();
  const answers = [...applied, ...ofEvents.filter(isApplied)].sort((one, other) => one.at - other.at);
  const wanted = new Set(applied.map(({ taskId }) => taskId));
  return ofEvents.filter((entry) => {
    if (entry.reason !== 'overwritten') return false;
    const answer = answers.findLast((one) => one.at <= entry.at && isSameAnswer(one, entry));
    return answer !== undefined && wanted.has(answer.taskId);
  });
}

function isApplied({ verdict, reason }: LedgerEntry): boolean {
  return verdict === 'applied' && reason !== 'overwritten';
}

function isSameAnswer(one: LedgerEntry, other: LedgerEntry): boolean {
  const keys = ['organizer', 'uid', 'attendee', 'recurrenceId'] as const;
  return keys.every((key) => one[key] === other[key]);
}
