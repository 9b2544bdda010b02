// Why recurrence rules are expanded by our own engine (docs/decisions/recurrence.md): how often it and ical.js agree with
// python-dateutil, the cost of each, and the effect of a hostile rule on other queries. `node --import tsx
// test/bench/decisions/recurrence.ts`.
import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';
import { openRecurrence } from '../../../src/adapters/recurrence/open-recurrence.ts';
import { formatLocal, parseLocal } from '../../../src/core/ical/local-time.ts';
import { ruleStarts } from '../../../src/core/ical/expand-rule.ts';
import { readRule } from '../../../src/core/ical/read-rule.ts';
import type { Recurrence } from '../../../src/flow/ports/recurrence.ts';
import { quantile } from '../bench-kit.ts';
import type { RuleAnswer, RuleRequest } from './ical-js-child.ts';
import { costsOf, type Finding, printIfMain } from './findings.ts';
import { openChild } from './limited-child.ts';
import { eventOf } from './stored-events.ts';

const LIMIT_MS = 1000;
const UID = 'bench@example.com';
const TEN_YEARS_ON = '20360105T090000';

interface RuleCase {
  readonly rule: string;
  readonly start: string;
  readonly starts: readonly string[];
}

export async function measureRecurrence(): Promise<Finding[]> {
  return [...(await correctness()), ...speed(), await amongBombs()];
}

type Verdict = 'equal' | 'other' | 'refused' | 'endless';

/** The table of test/core/ical/expand-rule.test.ts: the first eight starts of random rules. */
async function correctness(): Promise<Finding[]> {
  const table = new URL('../../core/ical/rule-cases.json', import.meta.url);
  const cases = JSON.parse(readFileSync(table, 'utf8')) as readonly RuleCase[];
  const child = openChild<RuleRequest, RuleAnswer>(new URL('./ical-js-child.ts', import.meta.url));
  const judged: (RuleCase & { readonly verdict: Verdict })[] = [];
  try {
    for (const each of cases) {
      const { rule, start, starts } = each;
      const answer = await child.ask({ rule, start, limit: starts.length + 1 }, LIMIT_MS);
      judged.push({ ...each, verdict: judge(each, answer) });
    }
  } finally {
    await child.stop();
  }
  const plain = judged.filter(({ rule }) => !/BYSETPOS|BYHOUR|=-|,-/.test(rule));
  return [
    agreement('random rules', judged),
    agreement('of them that have no BYSETPOS, BYHOUR or negative number', plain),
  ];
}

function judge({ start, starts }: RuleCase, answer: RuleAnswer | null): Verdict {
  if (answer === null) return 'endless';
  if ('refused' in answer) return 'refused';
  return agrees(answer.starts, start, starts) ? 'equal' : 'other';
}

function agreement(which: string, judged: readonly (RuleCase & { readonly verdict: Verdict })[]): Finding {
  const count = (wanted: Verdict): number => judged.filter(({ verdict }) => verdict === wanted).length;
  const ours = judged.filter(({ rule, start, starts }) => expand(rule, start, starts.length).join() === starts.join());
  return {
    what: `ical.js expands ${judged.length} ${which} as python-dateutil does`,
    figure: `${count('equal')}; other starts ${count('other')}, throws ${count('refused')}, not done after ${LIMIT_MS / 1000} s of processor time ${count('endless')}`,
    beside: `ours: ${ours.length}`,
  };
}

/** ical.js always returns the start first; dateutil only if the rule matches it. Both are allowed. */
function agrees(found: readonly string[], start: string, wanted: readonly string[]): boolean {
  const rest = found[0] === start && wanted[0] !== start ? found.slice(1) : found;
  return rest.slice(0, wanted.length).join() === wanted.join();
}

function expand(rule: string, start: string, limit: number, from = start): string[] {
  const [parsed, begin, first] = [readRule(rule), parseLocal(start), parseLocal(from)];
  const found: string[] = [];
  if (parsed === null || begin === null || first === null) return found;
  for (const at of ruleStarts(parsed, begin, first)) {
    if (at >= first) found.push(formatLocal(at));
    if (found.length >= limit) break;
  }
  return found;
}

function speed(): Finding[] {
  const daily = 'FREQ=DAILY';
  const monthly = 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1';
  const start = ICAL.Time.fromDateTimeString('2026-01-05T09:00:00');
  const theirs = (rule: string, limit: number, from: string): number => {
    const iterator = ICAL.Recur.fromString(rule).iterator(start);
    let found = 0;
    while (found < limit) {
      const next = iterator.next();
      if (!next) break;
      if (next.toICALString() >= from) found += 1;
    }
    return found;
  };
  const cases = [
    { what: 'one occurrence of a daily rule, ten years on', rule: daily, limit: 1, from: TEN_YEARS_ON },
    { what: '3,000 occurrences of a daily rule', rule: daily, limit: 3000, from: '20260105T090000' },
    { what: '500 last working days of the month', rule: monthly, limit: 500, from: '20260105T090000' },
  ];
  return cases.map(({ what, rule, limit, from }) => {
    const [their = Number.NaN, our = Number.NaN] = costsOf(
      3,
      () => theirs(rule, limit, from),
      () => expand(rule, '20260105T090000', limit, from),
    );
    return {
      what: `ical.js finds ${what}`,
      figure: `${their.toFixed(2)} ms of processor time`,
      beside: `ours: ${our.toFixed(2)} ms`,
    };
  });
}

/** Runs four rules that match no day, and 100 honest queries after them. */
async function amongBombs(): Promise<Finding> {
  const recurrence = openRecurrence();
  try {
    const honest = eventOf(1, ['RRULE:FREQ=DAILY']);
    await ask(recurrence, honest);
    const alone = await Promise.all(Array.from({ length: 100 }, () => ask(recurrence, honest)));
    const bombs = Array.from({ length: 4 }, (_, at) =>
      ask(recurrence, eventOf(at + 1, ['RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'])),
    );
    const used = process.cpuUsage();
    const behind = await Promise.all(Array.from({ length: 100 }, () => ask(recurrence, honest)));
    const { user, system } = process.cpuUsage(used);
    const given = (await Promise.all(bombs)).map(({ kind }) => kind);
    const times = behind.map(({ took }) => took);
    const answered = behind.filter(({ kind }) => kind === 'occurrences').length;
    return {
      what: 'our worker threads: 100 queries behind four rules that no day can meet',
      figure: `${answered} answered, the middle one after ${quantile(times, 0.5).toFixed(0)} ms, the last after ${Math.max(...times).toFixed(0)} ms and ${((user + system) / 1000).toFixed(0)} ms of processor time`,
      beside: `the four: ${[...new Set(given)].join(', ')}; without them the last after ${Math.max(...alone.map(({ took }) => took)).toFixed(0)} ms`,
    };
  } finally {
    await recurrence.close();
  }
}

async function ask(recurrence: Recurrence, calendar: string): Promise<{ took: number; kind: string }> {
  const begun = performance.now();
  const { kind } = await recurrence.expand({ calendar, uid: UID, from: TEN_YEARS_ON, limit: 1 });
  return { took: performance.now() - begun, kind };
}

await printIfMain(import.meta.url, measureRecurrence);
