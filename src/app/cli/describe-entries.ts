// Ledger entries in, what `imip-gateway why ID` prints out: a paragraph for each. Their values come from strangers: control
// characters are shown as spaces.
import type { LedgerEntry } from '../../flow/ports/spool.ts';
import { terminalText } from './terminal-text.ts';

/** In the order given; a sentence that says so where there are none. */
export function describeEntries(subject: string, entries: readonly LedgerEntry[]): string {
  if (entries.length === 0) {
    return `Nothing in the ledger is about ${subject}. It looks for a Message-ID, UID, mail address or record id; entries older than the retention are gone.`;
  }
  return entries.map(describeEntry).join('\n\n');
}

function describeEntry(entry: LedgerEntry): string {
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
