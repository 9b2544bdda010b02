// One structured line per outcome and per thing an operator must know, on standard output. Addresses are logged as the
// ledger has them; signed names (reply addresses, tokens) never are.
import { type Logger, pino } from 'pino';
import { redactSignatures } from '../core/signing/redact-signatures.ts';

/** `level` as pino's: `info` in production, `silent` in tests. */
export function openLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: { streamWrite: redactSignatures },
  });
}
