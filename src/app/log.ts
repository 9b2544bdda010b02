// Opens the log: one line of JSON per event on standard output. Addresses are logged as in the ledger; signed addresses and
// tokens are replaced, because they are secrets.
import { type Logger, pino } from 'pino';
import { redactSignatures } from '../core/signing/redact-signatures.ts';

/** @param level one of pino's: LOG_LEVEL, or `silent` in tests. */
export function openLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: redactSignatures },
  });
}
