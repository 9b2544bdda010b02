import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../../src/core/itip/claims-of.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';

function event(uid: string, ...lines: readonly string[]): string {
  return ['BEGIN:VEVENT', `UID:${uid}`, ...lines, 'END:VEVENT'].join('\r\n');
}

function line(partstat: string, address: string): string {
  return `ATTENDEE;PARTSTAT=${partstat}:${address}`;
}

const at = (day: string): string => `RECURRENCE-ID:202701${day}T100000Z`;
const guests = (partstat: string): string[] => [
  line('ACCEPTED', 'mailto:alice@a.test'),
  line(partstat, 'mailto:Bob@a.test'),
  line('DECLINED', 'mailto:carol@a.test'),
];

function chosen(events: readonly string[], addresses: readonly string[], method = 'REPLY'): string[] {
  const text = ['BEGIN:VCALENDAR', `METHOD:${method}`, ...events, 'END:VCALENDAR', ''].join('\r\n');
  return claimsOf(readMessage(text, null).items, addresses).map((claim) =>
    [
      claim.attendee?.key ?? 'nobody',
      claim.occurrence.recurrenceId?.slice(6, 8) ?? claim.occurrence.uid,
      claim.kind === 'answer' ? claim.partstat : claim.kind,
    ].join(' '),
  );
}

describe('claimsOf', () => {
  it.each([
    [
      'one ATTENDEE, also of another person',
      [event('a', line('ACCEPTED', 'x@a.test'))],
      ['bob@a.test'],
      ['x@a.test a ACCEPTED'],
    ],
    [
      'the person’s line of a whole event',
      [event('a', ...guests('TENTATIVE'))],
      ['bob@a.test'],
      ['bob@a.test a TENTATIVE'],
    ],
    ['no line if the person is not listed', [event('a', ...guests('TENTATIVE'))], ['dora@a.test'], []],
    [
      'no line without an address',
      [event('a', line('ACCEPTED', '/1/'), line('ACCEPTED', 'x@a.test'))],
      ['bob@a.test', ''],
      [],
    ],
    [
      'the first of the person’s addresses',
      [event('a', line('ACCEPTED', 'rob@a.test'), line('ACCEPTED', 'bob@a.test'))],
      ['bob@a.test', 'rob@a.test'],
      ['bob@a.test a ACCEPTED'],
    ],
    [
      'for each occurrence, the first address that is listed there',
      [event('a', ...guests('ACCEPTED')), event('a', at('05'), line('DECLINED', 'rob@a.test'))],
      ['bob@a.test', 'rob@a.test'],
      ['bob@a.test a ACCEPTED', 'rob@a.test 05 DECLINED'],
    ],
    [
      'nothing for an occurrence that lists only others',
      [event('a', ...guests('ACCEPTED')), event('a', at('05'), line('DECLINED', 'alice@a.test'))],
      ['bob@a.test'],
      ['bob@a.test a ACCEPTED'],
    ],
    [
      'no NEEDS-ACTION beside an answer',
      [event('a', ...guests('ACCEPTED')), event('a', at('05'), ...guests('NEEDS-ACTION'))],
      ['bob@a.test'],
      ['bob@a.test a ACCEPTED'],
    ],
    [
      'NEEDS-ACTION without an answer beside it',
      [event('a', ...guests('NEEDS-ACTION')), event('a', at('05'), ...guests('NEEDS-ACTION'))],
      ['bob@a.test'],
      ['bob@a.test a NEEDS-ACTION', 'bob@a.test 05 NEEDS-ACTION'],
    ],
    [
      'NEEDS-ACTION beside an answer to another event',
      [event('a', ...guests('ACCEPTED')), event('b', ...guests('NEEDS-ACTION'))],
      ['bob@a.test'],
      ['bob@a.test a ACCEPTED', 'bob@a.test b NEEDS-ACTION'],
    ],
    [
      'NEEDS-ACTION beside an answer that cannot be read',
      [event('a', ...guests('PERHAPS')), event('a', at('05'), ...guests('NEEDS-ACTION'))],
      ['bob@a.test'],
      ['bob@a.test a ', 'bob@a.test 05 NEEDS-ACTION'],
    ],
  ])('returns %s', (_, events, addresses, expected) => {
    expect(chosen(events, addresses)).toEqual(expected);
  });

  it.each([
    ['COUNTER', 'proposal'],
    ['REFRESH', 'refresh'],
  ])('chooses in a %s', (method, kind) => {
    const events = [event('a', ...guests('NEEDS-ACTION')), event('a', at('05'), ...guests('NEEDS-ACTION'))];
    expect(chosen(events, ['bob@a.test'], method)).toEqual([`bob@a.test a ${kind}`, `bob@a.test 05 ${kind}`]);
  });
});
