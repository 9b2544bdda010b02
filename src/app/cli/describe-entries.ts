// Formats ledger entries for `imip-gateway why`. In: entries; out: a paragraph for each, or the entries for JSON. Control
// characters become spaces, because the values come from outside.
import type { LedgerEntry } from '../../flow/ports/spool.ts';
import { terminalText } from './terminal-text.ts';

/** An entry in JSON. */
export interface DatedEntry extends Omit<LedgerEntry, 'at'> {
  /** ISO 8601, in UTC. */
  readonly at: string;
}

export function datedEntry(entry: LedgerEntry): DatedEntry {
  return { ...entry, at: new Date(entry.at).toISOString() };
}

/** Keeps the order of the entries. */
export function describeEntries(entries: readonly LedgerEntry[]): string {
  return entries.map(describeEntry).join('\n\n');
}

/** The error of `why` if there are no entries. */
export function noEntries(subject: string): string {
  return `the ledger has no entry about ${terminalText(subject)}: give a Message-ID, UID, mail address or record id (entries are deleted after RETAIN_LEDGER_DAYS)`;
}

function describeEntry(entry: LedgerEntry): string {
  const facts = [
    ['event', entry.recurrenceId === null ? entry.uid : `${entry.uid} (${entry.recurrenceId})`],
    ['organizer', entry.organizer],
    ['attendee', entry.attendee],
    ['message', entry.messageId],
    ['door', entry.door],
    ['record', entry.recordId],
  ].filter(([, value]) => value !== null);
  const head = `${new Date(entry.at).toISOString()}  ${entry.verdict}: ${entry.reason}`;
  const lines = [head, `  ${entry.detail}`, ...facts.map(([name, value]) => `  ${name}: ${value}`)];
  return lines.map(terminalText).join('\n');
}
