// Formats check results for a terminal. In: results; out: for each a mark, its name and the finding, and below it what to
// do; then a summary. It removes control characters.
import type { CheckResult, CheckStatus } from './check-result.ts';

const MARKS: Record<CheckStatus, string> = { ok: '✓', failed: '✗', warning: '!', skipped: '–' };
const NAME_WIDTH = 14;

export function formatResult({ name, status, finding, todo }: CheckResult): string {
  const lines = [`${MARKS[status]} ${name.padEnd(NAME_WIDTH)} ${printable(finding)}`];
  for (const step of todo) lines.push(`  ${''.padEnd(NAME_WIDTH)} → ${printable(step)}`);
  return lines.join('\n');
}

export function formatSummary(results: readonly CheckResult[]): string {
  const count = (status: CheckStatus): number => results.filter((result) => result.status === status).length;
  const counts = `${count('ok')} ok, ${count('warning')} with a warning, ${count('skipped')} skipped`;
  return count('failed') === 0 ? `No check failed: ${counts}.` : `${count('failed')} failed (see ✗ above), ${counts}.`;
}

/** Findings quote what servers answer. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
