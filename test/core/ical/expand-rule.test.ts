import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatLocal, parseLocal } from '../../../src/core/ical/local-time.ts';
import { ruleStarts } from '../../../src/core/ical/expand-rule.ts';
import { readRule } from '../../../src/core/ical/read-rule.ts';

interface RuleCase {
  readonly rule: string;
  readonly start: string;
  readonly starts: readonly string[];
}

/** Random rules with their first eight starts from python-dateutil 2.9. */
const peers = JSON.parse(readFileSync(new URL('./rule-cases.json', import.meta.url), 'utf8')) as readonly RuleCase[];

function firstStarts(rule: string, start: string, limit: number, from = start): string[] {
  const parsed = readRule(rule);
  const local = parseLocal(start);
  const begin = parseLocal(from);
  if (!parsed || local === null || begin === null) return [];
  const found: string[] = [];
  for (const at of ruleStarts(parsed, local, begin)) {
    if (at >= begin) found.push(formatLocal(at));
    if (found.length >= limit) break;
  }
  return found;
}

describe('ruleStarts', () => {
  it('agrees with an independent implementation', () => {
    expect(peers.length).toBeGreaterThan(200);
    const differing = peers.filter((peer) => firstStarts(peer.rule, peer.start, 8).join() !== peer.starts.join());
    expect(differing).toEqual([]);
  });

  it('returns the same starts from a later `from`', () => {
    const differing = peers.filter((peer) => {
      const rest = peer.starts.slice(5);
      return firstStarts(peer.rule, peer.start, rest.length, rest[0]).join() !== rest.join();
    });
    expect(differing).toEqual([]);
  });

  it.each([
    // dateutil differs here: BYSETPOS refers to a whole week, and BYWEEKNO keeps the weekday of the start.
    ['FREQ=WEEKLY;BYDAY=TU,TH,FR;BYSETPOS=2', '20260528T093000', ['20260528T093000', '20260604T093000']],
    ['FREQ=YEARLY;BYWEEKNO=20', '20260512T090000', ['20260512T090000', '20270518T090000', '20280516T090000']],
    ['FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR', '20260101T090000', ['20270101T090000', '20321231T090000']],
    ['FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO', '20260101T090000', ['20261228T090000', '20271227T090000']],
    // Examples of RFC 5545 §3.8.5.3.
    [
      'FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU',
      '19970805T090000',
      ['19970805T090000', '19970817T090000', '19970819T090000'],
    ],
    [
      'FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU',
      '19970805T090000',
      ['19970805T090000', '19970810T090000', '19970819T090000'],
    ],
    [
      'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
      '19970902T090000',
      ['19980213T090000', '19980313T090000', '19981113T090000'],
    ],
    [
      'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8',
      '19961105T090000',
      ['19961105T090000', '20001107T090000', '20041102T090000'],
    ],
    [
      'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2',
      '19970929T090000',
      ['19970929T090000', '19971030T090000', '19971127T090000'],
    ],
    [
      'FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,30',
      '19970902T090000',
      ['19970902T090000', '19970902T093000', '19970902T100000', '19970902T103000', '19970903T090000'],
    ],
    [
      'FREQ=MINUTELY;INTERVAL=20;BYHOUR=9',
      '19970902T093000',
      ['19970902T093000', '19970902T095000', '19970903T091000'],
    ],
    [
      'FREQ=SECONDLY;INTERVAL=45;BYMINUTE=0',
      '19970902T090000',
      ['19970902T090000', '19970902T090045', '19970902T100000'],
    ],
    ['FREQ=YEARLY', '20240229T090000', ['20240229T090000', '20280229T090000']],
    ['FREQ=MONTHLY', '20260131T090000', ['20260131T090000', '20260331T090000']],
    ['freq=daily;interval=2', '20260101T090000', ['20260101T090000', '20260103T090000']],
  ])('expands %s from %s', (rule, start, expected) => {
    expect(firstStarts(rule, start, expected.length)).toEqual(expected);
  });

  it.each([
    ['FREQ=DAILY;BYMONTH=13'],
    ['FREQ=DAILY;BYDAY=XX'],
    ['FREQ=DAILY;INTERVAL=1e300'],
    ['FREQ=YEARLY;INTERVAL=9007199254740993'],
    ['FREQ=YEARLY;BYHOUR=25'],
  ])('ends %s at the year 9999', (rule) => {
    expect(firstStarts(rule, '99980101T090000', 5).length).toBeLessThan(2);
  });
});
