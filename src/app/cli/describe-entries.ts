// Ledger entries in, what `imip-gateway why ID` prints out: a paragraph for each. Their values come from strangers: control
// characters are shown as spaces.
import type { LedgerEntry } from '../../flow/ports/spool.ts';
import { terminalText } from './terminal-text.ts';

/** An entry as JSON shows it; the time is ISO 8601 in UTC. */
export interface DatedEntry extends Omit<LedgerEntry, 'at'> {
  readonly at: string;
}

export function datedEntry(entry: LedgerEntry): DatedEntry {
  return { ...entry, at: new Date(entry.at).toISOString() };
}

/** In the order given. */
export function describeEntries(entries: readonly LedgerEntry[]): string {
  return entries.map(describeEntry).join('\n\n');
}

/** What `why` says if it finds nothing. */
export function noEntries(subject: string): string {
  return `the ledger has no entry about ${terminalText(subject)}: give a Message-ID, UID, mail address or record id (entries are deleted after RETAIN_LEDGER_DAYS)`;
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
