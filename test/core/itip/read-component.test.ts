import { describe, expect, it } from 'vitest';
import { readCounter, readRefresh, readReply } from '../../../src/core/itip/read-component.ts';
import { eventOf } from '../ical/event-of.ts';

const YES = ['UID:a', 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com'];

function reply(...lines: string[]) {
  return readReply(eventOf([...YES, ...lines]));
}

function eve(partstat: string): string {
  return `ATTENDEE;PARTSTAT=${partstat};DELEGATED-FROM="mailto:bob@example.com":mailto:eve@example.com`;
}

describe('readReply', () => {
  it('reads the answer of a client', () => {
    expect(
      reply('SEQUENCE:3', 'DTSTART:20261122T100000Z', 'DTSTAMP:20261102T090000Z', 'ORGANIZER:MAILTO:Alice@example.com'),
    ).toEqual([
      {
        kind: 'answer',
        component: 'VEVENT',
        occurrence: { uid: 'a', recurrenceId: null },
        range: null,
        start: { form: 'zoned', local: '20261122T100000', zone: 'UTC', instant: Date.UTC(2026, 10, 22, 10) },
        attendee: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        organizer: { key: 'alice@example.com', asWritten: 'Alice@example.com' },
        partstat: 'ACCEPTED',
        comment: null,
        delegatedTo: [],
        sequence: 3,
        stampedAt: Date.UTC(2026, 10, 2, 9),
      },
    ]);
  });

  it.each([
    ['no other properties', [], { sequence: null, stampedAt: null, organizer: null, comment: null }],
    ['an invalid SEQUENCE', ['SEQUENCE:one'], { sequence: null }],
    ['a DTSTAMP with punctuation', ['DTSTAMP:2026-11-02T09:00:00Z'], { stampedAt: Date.UTC(2026, 10, 2, 9) }],
    ['a DTSTAMP in a zone', ['DTSTAMP;TZID=Europe/Paris:20261102T100000'], { stampedAt: Date.UTC(2026, 10, 2, 9) }],
    ['a DTSTAMP without zone', ['DTSTAMP:20261102T090000'], { stampedAt: null }],
    ['a DTSTAMP that is a date', ['DTSTAMP:20261102'], { stampedAt: null }],
    ['an invalid DTSTAMP', ['DTSTAMP:now'], { stampedAt: null }],
    ['an ORGANIZER that is not a mail address', ['ORGANIZER:urn:uuid:1'], { organizer: null }],
    [
      'a range',
      ['RECURRENCE-ID;RANGE=thisandfuture:20261122T100000Z'],
      { range: 'THISANDFUTURE', occurrence: { uid: 'a', recurrenceId: '20261122T100000Z' } },
    ],
    ['a comment in two languages', ['COMMENT;LANGUAGE=fr:Oui', 'COMMENT:Yes\\, sure'], { comment: 'Oui\n\nYes, sure' }],
    ['a private comment', ['X-CALENDARSERVER-PRIVATE-COMMENT:hm'], { comment: 'hm' }],
    ['an empty comment', ['COMMENT: \\n '], { comment: null }],
    [
      'a comment with unescaped line breaks',
      ['COMMENT:one', 'two', '', 'three', 'X-A:b'],
      { comment: 'one\ntwo\n\nthree' },
    ],
  ] as const)('reads an answer with %s', (_, lines, expected) => {
    expect(reply(...lines)).toMatchObject([expected]);
  });

  it.each([
    ['no UID', ['ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com'], 'VEVENT without UID'],
    ['no ATTENDEE', ['UID:a'], 'a: REPLY without ATTENDEE'],
    ['an invalid RECURRENCE-ID', [...YES, 'RECURRENCE-ID:x'], 'a: RECURRENCE-ID cannot be read'],
    [
      'an unknown RANGE',
      [...YES, 'RECURRENCE-ID;RANGE=THISANDPRIOR:20261122T100000Z'],
      'a: RANGE=THISANDPRIOR is unknown',
    ],
  ])('returns a reason for %s', (_, lines, why) => {
    expect(readReply(eventOf(lines))).toBe(why);
  });

  const ACCEPTED_BY_BOB = ['bob@example.com', 'ACCEPTED', null];

  it.each([
    ['another address', ['ATTENDEE;PARTSTAT=DECLINED:mailto:cara@example.com'], ['cara@example.com', 'DECLINED', null]],
    ['another address without answer', ['ATTENDEE:mailto:cara@example.com'], ['cara@example.com', null, null]],
    ['a path', ['ATTENDEE;PARTSTAT=ACCEPTED:/1/'], [undefined, 'ACCEPTED', null]],
    ['two paths', ['ATTENDEE;PARTSTAT=ACCEPTED:/1/', 'ATTENDEE;PARTSTAT=ACCEPTED:/2/'], [undefined, 'ACCEPTED', null]],
    ['two paths that differ', ['ATTENDEE;PARTSTAT=ACCEPTED:/1/', 'ATTENDEE:/2/'], [undefined, null, null]],
    [
      'another address with a comment',
      ['ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=late:mailto:cara@example.com'],
      ['cara@example.com', 'ACCEPTED', 'late'],
    ],
  ])('reads an answer of each ATTENDEE: %s', (_, lines, second) => {
    const read = reply(...lines);
    if (typeof read === 'string') throw new TypeError(read);
    const answers = read.filter((item) => item.kind === 'answer');
    expect(answers.map(({ attendee, partstat, comment }) => [attendee?.key, partstat, comment])).toEqual([
      ACCEPTED_BY_BOB,
      second,
    ]);
  });

  it('does not copy a long comment for each ATTENDEE', () => {
    const attendees = Array.from({ length: 2_000 }, (_, at) => {
      return `ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=late:mailto:${at}@example.com`;
    });
    const before = process.memoryUsage().heapUsed;
    const read = readReply(eventOf(['UID:a', `COMMENT:${'long '.repeat(50_000)}`, ...attendees]));
    const used = process.memoryUsage().heapUsed - before;
    expect(read).toHaveLength(2_000);
    // A copy each would be 500 MB.
    expect(used).toBeLessThan(100_000_000);
  });

  it('leaves out the comment of an ATTENDEE that repeats one of the component', () => {
    const line = 'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT=" late ":mailto:bob@example.com';
    const commentFrom = (...lines: string[]) => {
      const [item] = readReply(eventOf(['UID:a', ...lines]));
      return typeof item === 'object' && item.kind === 'answer' ? item.comment : undefined;
    };
    expect(commentFrom(line)).toBe('late');
    expect(commentFrom(line, 'COMMENT:late')).toBe('late');
    expect(commentFrom(line, 'COMMENT:first', 'COMMENT:late')).toBe('first\n\nlate');
    expect(commentFrom(line, 'COMMENT:first')).toBe('first\n\nlate');
  });

  it('counts repeated ATTENDEE lines as one', () => {
    expect(reply('ATTENDEE;CN=B;PARTSTAT=ACCEPTED:MAILTO:BOB@EXAMPLE.COM')).toMatchObject([{ partstat: 'ACCEPTED' }]);
    expect(reply('ATTENDEE;PARTSTAT=DECLINED:BOB@example.com')).toMatchObject([{ partstat: null }]);
  });

  it.each([
    ['IN-PROCESS', 'VTODO', 'IN-PROCESS'],
    ['COMPLETED', 'VTODO', 'COMPLETED'],
    ['COMPLETED', 'VEVENT', null],
    ['unknown', 'VEVENT', null],
  ] as const)('reads %s in a %s as %s', (written, name, partstat) => {
    const read = readReply(eventOf(['UID:a', `ATTENDEE;PARTSTAT=${written}:mailto:bob@example.com`], name));
    expect(read).toMatchObject([{ component: name, partstat }]);
  });

  const BOB = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:eve@example.com":mailto:bob@example.com';

  it.each([
    ['the delegator', [BOB]],
    ['the delegator, with a line for the delegate', [BOB, eve('NEEDS-ACTION')]],
    ['the delegate, with a line for the delegator', [eve('ACCEPTED'), BOB]],
  ])('reads a delegation from %s', (_, lines) => {
    const read = readReply(eventOf(['UID:a', ...lines]));
    expect(read).toHaveLength(lines.length);
    expect(read).toContainEqual(
      expect.objectContaining({
        attendee: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        partstat: 'DELEGATED',
        delegatedTo: [{ key: 'eve@example.com', asWritten: 'eve@example.com' }],
      }),
    );
  });

  it.each([
    ['DTSTART:20261122T140000Z;STATUS:NEEDS-ACTION', '20261122T140000', null],
    ['DTSTART:20261122T140000Z;DTEND:20261122T150000Z', '20261122T140000', '20261122T150000'],
  ])('reads the proposal of iOS: %s', (text, start, end) => {
    const line = `ATTENDEE;PARTSTAT=TENTATIVE;TO-ALL-PROPOSED-NEW-TIME="${text}":mailto:bob@example.com`;
    const read = readReply(eventOf(['UID:a', line]));
    expect(read).toMatchObject([
      { kind: 'answer', partstat: 'TENTATIVE' },
      { kind: 'proposal', start: { local: start }, end: end === null ? null : { local: end } },
    ]);
  });

  it('returns only the answer if the proposal is invalid', () => {
    const line = 'ATTENDEE;PARTSTAT=TENTATIVE;TO-ALL-PROPOSED-NEW-TIME="STATUS:x":mailto:bob@example.com';
    expect(readReply(eventOf(['UID:a', line]))).toHaveLength(1);
  });
});

describe('readCounter', () => {
  it.each([
    ['an end', ['DTEND:20261122T150000Z'], '20261122T150000'],
    ['a duration', ['DURATION:P1DT1H'], '20261123T150000'],
    ['a duration in weeks', ['DURATION:P2W'], '20261206T140000'],
    ['an invalid duration', ['DURATION:long'], null],
    ['no end', [], null],
  ])('reads a proposal with %s', (_, lines, end) => {
    const read = readCounter(eventOf([...YES, 'DTSTART:20261122T140000Z', ...lines]));
    expect(read).toMatchObject([{ kind: 'proposal', end: end === null ? null : { local: end } }]);
  });

  it('reads a duration of days for dates', () => {
    const read = readCounter(eventOf([...YES, 'DTSTART;VALUE=DATE:20261122', 'DURATION:P2D']));
    expect(read).toMatchObject([{ start: { form: 'date' }, end: { form: 'date', local: '20261124', instant: null } }]);
  });

  it.each([
    ['one attendee', ['ATTENDEE:mailto:bob@example.com'], ['bob@example.com']],
    [
      'all attendees',
      ['ATTENDEE:mailto:bob@example.com', 'ATTENDEE:mailto:cara@example.com'],
      ['bob@example.com', 'cara@example.com'],
    ],
    ['no attendee', [], [null]],
  ])('reads a proposal with %s', (_, lines, who) => {
    const read = readCounter(eventOf(['UID:a', ...lines]));
    expect(read).toMatchObject(who.map((key) => ({ attendee: key && { key }, start: null, end: null })));
  });

  it('returns a reason if UID is missing', () => {
    expect(readCounter(eventOf([]))).toBe('VEVENT without UID');
  });
});

describe('readRefresh', () => {
  it('reads the attendee and the occurrence', () => {
    expect(readRefresh(eventOf(['UID:a', 'ATTENDEE:bob@example.com', 'DTSTAMP:20261102T090000Z']))).toEqual([
      {
        kind: 'refresh',
        occurrence: { uid: 'a', recurrenceId: null },
        attendee: { key: 'bob@example.com', asWritten: 'bob@example.com' },
        organizer: null,
        stampedAt: Date.UTC(2026, 10, 2, 9),
      },
    ]);
    expect(readRefresh(eventOf([]))).toBe('VEVENT without UID');
  });
});
