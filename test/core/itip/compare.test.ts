import { describe, expect, it } from 'vitest';
import { compare, type DueMessage, mailingForbidden } from '../../../src/core/itip/compare.ts';
import { parseEvent, recurrenceIdsOf } from '../../../src/core/ical/event-document.ts';
import { address } from './run-answer.ts';

const ANN = address('ann@example.com');
const BOB = address('bob@example.com');
const NOW = Date.UTC(2026, 0, 1);

function calendar(...components: readonly (readonly string[])[]): string {
  const events = components.map((lines) =>
    ['BEGIN:VEVENT', 'UID:u@example.com', ...lines, 'END:VEVENT', ''].join('\r\n'),
  );
  return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${events.join('')}END:VCALENDAR\r\n`;
}

const ORGANIZER = 'ORGANIZER;SCHEDULE-STATUS="1.1":mailto:ann@example.com';
const GUESTS = [
  ORGANIZER,
  'ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.com',
  'ATTENDEE:mailto:bob@example.com',
  'ATTENDEE:mailto:carol@example.com',
];
const ONCE = ['SEQUENCE:3', 'DTSTART:20260302T090000Z', 'DTEND:20260302T100000Z', 'SUMMARY:Planning'];
const WEEKLY = [...ONCE, 'RRULE:FREQ=WEEKLY'];
const THIRD = [
  'RECURRENCE-ID:20260316T090000Z',
  'SEQUENCE:3',
  'DTSTART:20260316T090000Z',
  'DTEND:20260316T100000Z',
  'SUMMARY:Planning',
];
const FOURTH = THIRD.map((line) => line.replace('20260316', '20260323'));

const without = (lines: readonly string[], name: string) => lines.filter((line) => !line.includes(name));
const changed = (lines: readonly string[], from: string, to: string) => lines.map((line) => line.replace(from, to));

/** Returns one line per message: `METHOD recipient reason [occurrences] SEQUENCE`. */
function summary(due: readonly DueMessage[]): string[] {
  return due.map(({ method, recipient, reason, calendar: text }) => {
    const document = parseEvent(text);
    const first = document.master ?? document.overrides[0];
    const ids = recurrenceIdsOf(document).map((id) => id ?? 'event');
    return `${method} ${recipient.key.split('@')[0]} ${reason} [${ids.join(' ')}] ${first?.sequence}`;
  });
}

const asAnn = (old: string | null, now: string | null) => compare(old, now, { user: ANN, now: NOW });

describe('compare, for an organizer', () => {
  const once = calendar([...ONCE, ...GUESTS]);
  const weekly = calendar([...WEEKLY, ...GUESTS]);

  it.each<[string, string | null, string | null, string[]]>([
    [
      'a new event: REQUESTs to all guests',
      null,
      once,
      ['REQUEST bob invited [event] 3', 'REQUEST carol invited [event] 3'],
    ],
    ['no change: no messages', once, once, []],
    [
      'a changed PARTSTAT: no messages',
      once,
      once.replace('ATTENDEE:mailto:bob', 'ATTENDEE;PARTSTAT=DECLINED:mailto:bob'),
      [],
    ],
    [
      'a new alarm: no messages',
      once,
      once.replace('END:VEVENT', 'BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT'),
      [],
    ],
    [
      'moved, with SEQUENCE raised by the client',
      once,
      once.replaceAll('T09', 'T08').replace('SEQUENCE:3', 'SEQUENCE:4'),
      ['REQUEST bob changed [event] 4', 'REQUEST carol changed [event] 4'],
    ],
    [
      'moved, with SEQUENCE not raised by the client: raised',
      once,
      once.replaceAll('T09', 'T08'),
      ['REQUEST bob changed [event] 4', 'REQUEST carol changed [event] 4'],
    ],
    [
      'another title: SEQUENCE is kept',
      once,
      once.replace('Planning', 'Plan'),
      ['REQUEST bob changed [event] 3', 'REQUEST carol changed [event] 3'],
    ],
    [
      'an added guest: REQUESTs to all guests',
      calendar(without([...ONCE, ...GUESTS], 'carol')),
      once,
      ['REQUEST bob changed [event] 3', 'REQUEST carol invited [event] 3'],
    ],
    [
      'a removed guest',
      once,
      calendar(without([...ONCE, ...GUESTS], 'carol')),
      ['REQUEST bob changed [event] 3', 'CANCEL carol uninvited [event] 4'],
    ],
    ['deleted', once, null, ['CANCEL bob cancelled [event] 4', 'CANCEL carol cancelled [event] 4']],
    [
      'cancelled',
      once,
      once.replace('SUMMARY', 'STATUS:CANCELLED\r\nSUMMARY'),
      ['CANCEL bob cancelled [event] 4', 'CANCEL carol cancelled [event] 4'],
    ],
    ['cancelled before and deleted now: no messages', once.replace('SUMMARY', 'STATUS:CANCELLED\r\nSUMMARY'), null, []],
    [
      'no longer cancelled: new invitations',
      once.replace('SUMMARY', 'STATUS:CANCELLED\r\nSUMMARY'),
      once,
      ['REQUEST bob invited [event] 3', 'REQUEST carol invited [event] 3'],
    ],
    [
      'no longer a meeting',
      once,
      calendar(ONCE),
      ['CANCEL bob cancelled [event] 4', 'CANCEL carol cancelled [event] 4'],
    ],
    [
      'an instance excluded',
      weekly,
      calendar([...WEEKLY, 'EXDATE:20260316T090000Z', ...GUESTS]),
      ['REQUEST bob changed [event] 4', 'REQUEST carol changed [event] 4'],
    ],
    [
      'an instance moved',
      weekly,
      calendar([...WEEKLY, ...GUESTS], [...changed(THIRD, 'DTSTART:20260316T09', 'DTSTART:20260316T08'), ...GUESTS]),
      ['REQUEST bob changed [event 20260316T090000Z] 4', 'REQUEST carol changed [event 20260316T090000Z] 4'],
    ],
    [
      'a changed PARTSTAT of an instance: no messages',
      weekly,
      calendar(
        [...WEEKLY, ...GUESTS],
        [...THIRD, ...changed(GUESTS, 'ATTENDEE:mailto:bob', 'ATTENDEE;PARTSTAT=DECLINED:mailto:bob')],
      ),
      [],
    ],
    [
      'an instance cancelled',
      weekly,
      calendar([...WEEKLY, ...GUESTS], [...THIRD, 'STATUS:CANCELLED', ...GUESTS]),
      ['CANCEL bob cancelled [20260316T090000Z] 4', 'CANCEL carol cancelled [20260316T090000Z] 4'],
    ],
    [
      'a guest removed from one instance: a REQUEST with an EXDATE',
      weekly,
      calendar([...WEEKLY, ...GUESTS], [...THIRD, ...without(GUESTS, 'carol')]),
      ['REQUEST bob changed [event 20260316T090000Z] 3', 'REQUEST carol changed [event] 3'],
    ],
    [
      'a guest of one instance only',
      weekly,
      calendar([...WEEKLY, ...GUESTS], [...THIRD, ...GUESTS, 'ATTENDEE:mailto:dave@example.com']),
      [
        'REQUEST bob changed [event 20260316T090000Z] 3',
        'REQUEST carol changed [event 20260316T090000Z] 3',
        'REQUEST dave invited [20260316T090000Z] 3',
      ],
    ],
    [
      'a guest of two instances removed from one',
      calendar([...WEEKLY, ...without(GUESTS, 'carol')], [...THIRD, ...GUESTS], [...FOURTH, ...GUESTS]),
      calendar(
        [...WEEKLY, ...without(GUESTS, 'carol')],
        [...THIRD, ...GUESTS],
        [...FOURTH, ...without(GUESTS, 'carol')],
      ),
      [
        'REQUEST bob changed [event 20260316T090000Z 20260323T090000Z] 3',
        'CANCEL carol uninvited [20260323T090000Z] 4',
      ],
    ],
    [
      'a guest removed from all instances except one',
      weekly,
      calendar([...WEEKLY, ...without(GUESTS, 'carol')], [...THIRD, ...GUESTS]),
      [
        'REQUEST bob changed [event 20260316T090000Z] 3',
        'CANCEL carol uninvited [event] 4',
        'REQUEST carol invited [20260316T090000Z] 3',
      ],
    ],
    [
      'SCHEDULE-FORCE-SEND',
      once,
      once.replace('ATTENDEE:mailto:bob', 'ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST:mailto:bob'),
      ['REQUEST bob forced [event] 3'],
    ],
    [
      'SCHEDULE-AGENT=CLIENT',
      null,
      once.replace('ATTENDEE:mailto:bob', 'ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:bob'),
      ['REQUEST carol invited [event] 3'],
    ],
    [
      'SCHEDULE-AGENT=NONE, deleted',
      once.replace('ATTENDEE:mailto:bob', 'ATTENDEE;SCHEDULE-AGENT=NONE:mailto:bob'),
      null,
      ['CANCEL carol cancelled [event] 4'],
    ],
    [
      'a task',
      null,
      once.replaceAll('VEVENT', 'VTODO'),
      ['REQUEST bob invited [event] 3', 'REQUEST carol invited [event] 3'],
    ],
    ['an event of another organizer', null, once.replaceAll('ann@', 'eve@'), []],
  ])('%s', (_, old, now, expected) => {
    expect(summary(asAnn(old, now))).toEqual(expected);
  });

  it('removes SCHEDULE parameters and alarms', () => {
    const scheduled = once.replace(
      'ATTENDEE:mailto:bob',
      'ATTENDEE;SCHEDULE-AGENT=SERVER;SCHEDULE-STATUS="1.2":mailto:bob',
    );
    const renamed = scheduled.replace('Planning', 'Plan');
    const all = [...asAnn(null, scheduled), ...asAnn(scheduled, null), ...asAnn(scheduled, renamed)];
    expect(all.length).toBe(6);
    for (const { calendar: text } of all) expect(text).not.toMatch(/SCHEDULE-|VALARM/);
  });

  it('returns the differences', () => {
    const [due] = asAnn(once, once.replaceAll('T09', 'T08').replace('Planning', 'Plan'));
    expect(due?.differences).toMatchObject([
      { kind: 'time', before: { start: { local: '20260302T090000' } }, after: { start: { local: '20260302T080000' } } },
      { kind: 'title', before: 'Planning', after: 'Plan' },
    ]);
  });

  it('refuses an object with several organizers', () => {
    const two = calendar(
      [...WEEKLY, ...GUESTS],
      [...THIRD, ...changed(GUESTS, 'STATUS="1.1":mailto:ann', 'STATUS="1.1":mailto:eve')],
    );
    expect(() => asAnn(null, two)).toThrow(expect.objectContaining({ code: 'calendar-unparseable' }));
  });

  it('computes the differences once for all guests of the same occurrences', () => {
    const guests = Array.from({ length: 500 }, (_, at) => `ATTENDEE:mailto:guest${at}@example.com`);
    const large = calendar([...WEEKLY, ORGANIZER, ...guests]);
    const due = asAnn(large, large.replace('Planning', 'Plan'));
    expect(due).toHaveLength(500);
    expect(new Set(due.map(({ differences }) => differences)).size).toBe(1);
  });
});

describe('compare, for an attendee', () => {
  it('returns one REPLY to the organizer', () => {
    const old = calendar([...WEEKLY, ...GUESTS]);
    const now = calendar(
      [
        ...WEEKLY,
        'EXDATE:20260323T090000Z',
        ...changed(GUESTS, 'ATTENDEE:mailto:bob', 'ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob'),
      ],
      [...THIRD, ...changed(GUESTS, 'ATTENDEE:mailto:bob', 'ATTENDEE;PARTSTAT=DECLINED:mailto:bob')],
    );
    const due = compare(old, now, { user: BOB, now: NOW });
    expect(summary(due)).toEqual(['REPLY ann answered [event 20260316T090000Z 20260323T090000Z] 3']);
    expect(due[0]?.calendar).not.toContain('carol');
    expect(due[0]?.calendar.match(/PARTSTAT=\w+/g)).toEqual([
      'PARTSTAT=TENTATIVE',
      'PARTSTAT=DECLINED',
      'PARTSTAT=DECLINED',
    ]);
  });

  it('returns no messages if ORGANIZER has SCHEDULE-AGENT=CLIENT', () => {
    const old = calendar([...ONCE, ...GUESTS]).replace('SCHEDULE-STATUS="1.1"', 'SCHEDULE-AGENT=CLIENT');
    expect(compare(old, null, { user: BOB, now: NOW })).toEqual([]);
    expect(compare(old.replace('=CLIENT', '=SERVER'), null, { user: BOB, now: NOW })).toHaveLength(1);
  });
});

describe('mailingForbidden', () => {
  it.each([
    ['', false],
    [';SCHEDULE-AGENT=SERVER', false],
    [';schedule-agent=server', false],
    [';SCHEDULE-AGENT=CLIENT', true],
    [';SCHEDULE-AGENT=NONE', true],
    [';SCHEDULE-AGENT=X-OTHER', true],
  ])('returns for an attendee with %j: %s', (parameter, forbidden) => {
    const text = calendar([...ONCE, ORGANIZER, `ATTENDEE${parameter}:mailto:bob@example.com`]);
    expect(mailingForbidden(text, BOB)).toBe(forbidden);
    expect(mailingForbidden(text, ANN)).toBe(false);
  });

  it('reads SCHEDULE-AGENT of the organizer for a REPLY', () => {
    const text = calendar([
      ...ONCE,
      'ORGANIZER;SCHEDULE-AGENT=NONE:mailto:ann@example.com',
      'ATTENDEE:mailto:bob@example.com',
    ]);
    expect(mailingForbidden(text, ANN)).toBe(true);
    expect(mailingForbidden(text, BOB)).toBe(false);
  });
});
