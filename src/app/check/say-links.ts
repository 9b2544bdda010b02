// Links in, lines for a terminal out: a mark, the name, what was found, and under it what to do. Pure.
import type { Link, LinkStatus } from './types.ts';

const MARKS: Record<LinkStatus, string> = { ok: '✓', failed: '✗', attention: '!', skipped: '–' };
const WIDTH = 14;

export function sayLink({ name, status, said, todo }: Link): string {
  const lines = [`${MARKS[status]} ${name.padEnd(WIDTH)} ${plain(said)}`];
  for (const line of todo) lines.push(`  ${''.padEnd(WIDTH)} → ${plain(line)}`);
  return lines.join('\n');
}

export function sayVerdict(links: readonly Link[]): string {
  const count = (status: LinkStatus): number => links.filter((link) => link.status === status).length;
  const notes = [`${count('ok')} ok`, `${count('attention')} to know about`, `${count('skipped')} not tried`];
  const broken = count('failed');
  return broken === 0 ? `The chain holds: ${notes.join(', ')}.` : `${broken} broken: see ✗ above. ${notes.join(', ')}.`;
}

/** Servers' words go to a terminal: no control character may get there. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
