// Judges every combination of evidence about a sender and compares it with the table in `whose-answer-counts.txt`.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SenderEvidence } from '../../src/core/message/sender-evidence.ts';
import { type SenderClaim, judgeSender } from '../../src/core/message/judge-sender.ts';
import type { CalendarAddress } from '../../src/core/ical/types.ts';

const AXES = {
  to: ['reply', 'own'],
  attendee: ['bob', 'home', 'carol', 'nobody'],
  home: ['confirmed', 'unknown'],
  from: [
    'bob',
    'home',
    'colleague',
    'stranger',
    'none',
    'two-fields',
    'two-addresses',
    'agent',
    'forged-agent',
    'agent-of-stranger',
    'bob-by-agent',
  ],
  auth: [
    'pass',
    'fail-reject',
    'fail-quarantine',
    'fail-none',
    'unknown',
    'dkim',
    'spf',
    'other-dkim',
    'nothing',
    'arc',
    'arc-untrusted',
    'arc-saw-fail',
  ],
  policy: ['strict', 'domain', 'token'],
  inside: ['yes', 'no'],
} as const;

type Axis = keyof typeof AXES;
type Cell = Readonly<Record<Axis, string>>;

const ADDRESS = {
  bob: 'bob@example.com',
  home: 'bob@home.test',
  carol: 'carol@elsewhere.test',
  colleague: 'assistant@example.com',
  stranger: 'mallory@evil.test',
  google: 'calendar-notification@google.com',
};

function calendarUser(name: string): CalendarAddress | null {
  const address = ADDRESS[name as keyof typeof ADDRESS];
  return address === undefined ? null : { key: address, asWritten: address };
}

function cells(axes: readonly Axis[] = Object.keys(AXES) as Axis[]): Cell[] {
  const [axis, ...others] = axes;
  if (axis === undefined) return [{} as Cell];
  return cells(others).flatMap((cell) => AXES[axis].map((value) => ({ ...cell, [axis]: value })));
}

type Names = Pick<SenderEvidence, 'from' | 'fromFields' | 'sender' | 'replyTo'>;

function one(address: string): Names {
  return { from: [address], fromFields: 1, sender: null, replyTo: [] };
}

function namesIn({ from }: Cell): Names {
  const two = [ADDRESS.bob, ADDRESS.stranger];
  switch (from) {
    case 'none':
      return { from: [], fromFields: 0, sender: null, replyTo: [] };
    case 'two-fields':
      return { ...one(ADDRESS.bob), from: two, fromFields: 2 };
    case 'two-addresses':
      return { ...one(ADDRESS.bob), from: two };
    case 'agent':
    case 'forged-agent':
      return { ...one(ADDRESS.google), replyTo: [ADDRESS.bob] };
    case 'agent-of-stranger':
      return { ...one(ADDRESS.google), replyTo: [ADDRESS.stranger] };
    case 'bob-by-agent':
      return { ...one(ADDRESS.bob), sender: ADDRESS.google };
    default:
      return one(ADDRESS[from as keyof typeof ADDRESS]);
  }
}

function evidenceIn(cell: Cell): SenderEvidence {
  const { from, auth } = cell;
  const signed = ['agent', 'agent-of-stranger', 'bob-by-agent'].includes(from);
  const google = { domain: 'google.com', result: signed ? ('pass' as const) : ('fail' as const), aligned: false };
  const dkim = from.includes('agent') ? [google] : [];
  const own = { domain: 'example.com', result: 'pass' as const, aligned: true };
  if (auth === 'dkim') dkim.push(own);
  if (auth === 'other-dkim') dkim.push({ ...own, domain: 'list.test', aligned: false });
  const failed = /^(?:fail|arc)/.test(auth);
  const policy = /^fail-(quarantine|none)$/.exec(auth)?.[1] as 'quarantine' | 'none' | undefined;
  return {
    ...namesIn(cell),
    dkim,
    spf: auth === 'spf' ? own : { domain: 'evil.test', result: 'pass', aligned: false },
    dmarc: {
      result: auth === 'pass' ? 'pass' : auth === 'unknown' ? 'temperror' : failed ? 'fail' : 'none',
      policy: failed || auth === 'pass' ? (policy ?? 'reject') : null,
    },
    arc: {
      result: auth.startsWith('arc') ? 'pass' : 'none',
      trustedSealer: auth === 'arc' || auth === 'arc-saw-fail',
      dmarcPassed: auth === 'arc' || auth === 'arc-untrusted',
    },
    fromRelay: false,
  };
}

function claimIn(cell: Cell): SenderClaim {
  return {
    claim: { attendee: calendarUser(cell.attendee) },
    replyAddressAttendee: cell.to === 'reply' ? calendarUser('bob') : null,
    evidence: evidenceIn(cell),
    // The alias is confirmed as Bob's; it does not apply to other attendees.
    aliases: cell.home === 'confirmed' && (cell.to === 'reply' || cell.attendee === 'bob') ? [ADDRESS.home] : [],
    forwarded: cell.inside === 'yes',
    policy: cell.policy as SenderClaim['policy'],
  };
}

/** The rows of the table: a predicate on cells, and the verdict. */
function readTable(): { fits: (cell: Cell) => boolean; verdict: string; line: number }[] {
  const text = readFileSync(new URL('whose-answer-counts.txt', import.meta.url), 'utf8');
  const groups = new Map<string, string[]>();
  const words = (pattern: string): string[] => pattern.split('|').flatMap((word) => groups.get(word) ?? [word]);
  return text.split('\n').flatMap((line, index) => {
    const [, group, members] = /^group (\S+) = (\S+)$/.exec(line) ?? [];
    if (group !== undefined && members !== undefined) groups.set(group, words(members));
    const row = line.trim().split(/\s+/);
    if (line.startsWith('#') || group !== undefined || row.length !== 8) return [];
    const patterns = Object.keys(AXES).map((axis, at) => {
      const pattern = row[at] ?? '';
      const negated = pattern.startsWith('!');
      const wanted = words(negated ? pattern.slice(1) : pattern);
      return (cell: Cell) => pattern === '*' || wanted.includes(cell[axis as Axis]) !== negated;
    });
    return { fits: (cell: Cell) => patterns.every((fits) => fits(cell)), verdict: row[7] ?? '', line: index + 1 };
  });
}

describe('whose answer counts', () => {
  const table = readTable();
  const all = cells();

  it('is as the table says in every cell', () => {
    const wrong: unknown[] = [];
    for (const cell of all) {
      const row = table.find(({ fits }) => fits(cell));
      const judged = judgeSender(claimIn(cell));
      const verdict = judged.verdict === 'counts' ? 'counts' : judged.reason;
      if (verdict !== row?.verdict) wrong.push({ ...cell, line: row?.line, expected: row?.verdict, verdict });
    }
    expect(wrong).toEqual([]);
    expect(all.length).toBeGreaterThan(12_000);
  });

  it('uses every row of the table', () => {
    const used = new Set(all.map((cell) => table.find(({ fits }) => fits(cell))?.line));
    expect(table.filter(({ line }) => !used.has(line))).toEqual([]);
  });

  it('includes the attendee, for counted and held answers', () => {
    for (const cell of all) {
      const expected = cell.to === 'reply' ? calendarUser('bob') : calendarUser(cell.attendee);
      expect(judgeSender(claimIn(cell)).attendee).toEqual(expected);
    }
  });

  it('is never a stranger under `strict` and `domain`, and under `token` only with the reply address', () => {
    const strangers = all.filter(({ from }) => ['stranger', 'agent-of-stranger', 'forged-agent'].includes(from));
    const applied = strangers.filter((cell) => judgeSender(claimIn(cell)).verdict === 'counts');
    expect(applied.filter(({ policy, to }) => policy !== 'token' || to !== 'reply')).toEqual([]);
    expect(strangers.length).toBeGreaterThan(3_000);
  });
});
