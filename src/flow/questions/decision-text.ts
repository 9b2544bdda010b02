// A decision as reason and sentence for the ledger. Pure.
import type { Answer, Decision } from '../../core/itip/types.ts';
import { because } from '../../core/reasons.ts';

export function sayDecision(decision: Decision, answer: Answer) {
  const who = answer.attendee.asWritten;
  if (decision.verdict !== 'apply') return because(decision.reason, { who });
  return because('applied', { who, partstat: answer.partstat, written: decision.changes.length > 0 });
}
