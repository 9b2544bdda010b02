import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentLine, joinLines, splitLines } from '../../../src/core/ical/content-lines.ts';
import {
  type Component,
  type ComponentTree,
  componentsIn,
  linesOf,
  ownLines,
  type Part,
  readComponents,
  wholeCalendar,
} from '../../../src/core/ical/read-components.ts';

function read(text: string, outermost: string | null = null): ComponentTree {
  return readComponents(splitLines(text), outermost);
}

/** Returns names and nesting such as `VEVENT(UID VALARM(TRIGGER))`, with `!` after a component without END. */
function shape(parts: readonly Part[]): string {
  return parts
    .map((part) =>
      part instanceof ContentLine ? part.name || '-' : `${part.name}(${shape(part.parts)})${part.endLine ? '' : '!'}`,
    )
    .join(' ');
}

const NESTED = 'BEGIN:VEVENT\r\nUID:a\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nSEQUENCE:1\r\nEND:VEVENT\r\n';

describe('readComponents', () => {
  it.each([
    ['nothing', '', '', []],
    ['lines without a component', 'A:b\r\n\r\nC:d\r\n', 'A - C', []],
    ['a component in a component', NESTED, 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    [
      'several outermost components',
      NESTED + NESTED.replaceAll('VEVENT', 'VTODO').replace(/BEGIN:VAL.*ALARM\r\n/s, ''),
      'VEVENT(UID VALARM(TRIGGER) SEQUENCE) VTODO(UID SEQUENCE)',
      [],
    ],
    ['LF', NESTED.replaceAll('\r\n', '\n'), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['CR', NESTED.replaceAll('\r\n', '\r'), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    [
      'CRLF and LF in one text',
      NESTED.replace('\r\nUID:a\r\n', '\nUID:a\n'),
      'VEVENT(UID VALARM(TRIGGER) SEQUENCE)',
      [],
    ],
    ['lower case', NESTED.toLowerCase(), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['a folded BEGIN', NESTED.replace('BEGIN:VE', 'BE\r\n GIN:V\r\n\tE'), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['a folded END', NESTED.replace('END:VE', 'EN\n D:VE'), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['a byte order mark', `\uFEFF${NESTED}`, 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['spaces around a name', NESTED.replace('END:VEVENT', 'END: VEVENT '), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    ['a last line without line end', NESTED.trimEnd(), 'VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    [
      'names that begin like BEGIN',
      'BEGINNING:VEVENT\r\nENDING:VEVENT\r\nbegin\r\nend of it\r\n',
      'BEGINNING ENDING - -',
      [],
    ],
    [
      'an END without BEGIN',
      NESTED.replace('UID:a', 'END:VTODO'),
      'VEVENT(END VALARM(TRIGGER) SEQUENCE)',
      ['END:VTODO without its BEGIN'],
    ],
    ['an END outside of every component', `END:VEVENT\r\n${NESTED}`, 'END VEVENT(UID VALARM(TRIGGER) SEQUENCE)', []],
    [
      'a component without END',
      NESTED.replace('END:VALARM\r\n', ''),
      'VEVENT(UID VALARM(TRIGGER SEQUENCE)!)',
      ['VALARM has no END'],
    ],
    ['a component in one of the same name', 'BEGIN:A\r\nBEGIN:A\r\nX:1\r\nEND:A\r\nY:1\r\nEND:A\r\n', 'A(A(X) Y)', []],
    ['components that overlap', 'BEGIN:A\r\nBEGIN:B\r\nEND:A\r\nEND:B\r\n', 'A(B()!) END', ['B has no END']],
    [
      'a truncated text',
      NESTED.slice(0, NESTED.indexOf('END:VALARM')),
      'VEVENT(UID VALARM(TRIGGER)!)!',
      ['VEVENT has no END: the text was cut off', 'VALARM has no END: the text was cut off'],
    ],
  ])('reads %s', (_, text, expected, faults) => {
    const tree = read(text);
    expect(shape(tree.parts)).toBe(expected);
    expect(tree.faults.map(({ message }) => message)).toEqual(faults);
    expect(joinLines(linesOf(tree.parts))).toBe(text);
  });

  it('keeps everything outside of the `outermost` component as lines', () => {
    const tree = read(`begin: tomorrow\r\n${NESTED}end: soon\r\nBEGIN:VTODO\r\nEND:VTODO\r\n`, 'VEVENT');
    expect(shape(tree.parts)).toBe('BEGIN VEVENT(UID VALARM(TRIGGER) SEQUENCE) END BEGIN END');
    expect(tree.faults).toEqual([]);
  });

  it('names the component and the kind of each fault', () => {
    const faultsOf = (text: string) => read(text).faults.map(({ kind, name }) => `${kind} ${name}`);
    expect(faultsOf('BEGIN:A\r\nEND:B\r\nBEGIN:C\r\nEND:A\r\nBEGIN:D\r\n')).toEqual([
      'no-begin B',
      'no-end C',
      'no-end D',
    ]);
    expect(faultsOf('BEGIN:A\r\n'.repeat(21))[0]).toBe('too-deep A');
  });

  it('lists every component in the order of the text', () => {
    expect(read(NESTED + NESTED).components.map(({ name }) => name)).toEqual(['VEVENT', 'VALARM', 'VEVENT', 'VALARM']);
  });

  it('returns the own lines and the inner components of a component', () => {
    const [event] = read(NESTED).components as [Component];
    expect(ownLines(event).map(({ text }) => text)).toEqual(['UID:a', 'SEQUENCE:1']);
    expect(componentsIn(event).map(({ name }) => name)).toEqual(['VALARM']);
  });

  it('parses 20 levels, in linear time', () => {
    const text = 'BEGIN:A\r\n'.repeat(100_000) + 'END:B\r\n'.repeat(100_000);
    const tree = read(text);
    expect(tree.components).toHaveLength(20);
    expect(tree.faults.filter(({ kind }) => kind === 'too-deep')).toHaveLength(99_980);
    expect(joinLines(linesOf(tree.parts))).toBe(text);
  });

  it('keeps every byte of any text, and each line once', () => {
    const names = fc.constantFrom('VCALENDAR', 'VEVENT', 'valarm', ' X ', '');
    const line = fc.oneof(
      names.map((name) => `BEGIN:${name}`),
      names.map((name) => `END:${name}`),
      fc.constantFrom('B\r\n EGIN:VEVENT', 'UID:a', '\uFEFFBEGIN:VEVENT', 'begin', '', ' folded'),
      fc.string(),
    );
    const text = fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\n', '\r', '')), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.constantFrom(null, 'VCALENDAR'), (pieces, outermost) => {
        const lines = splitLines(pieces.flat().join(''));
        const tree = readComponents(lines, outermost);
        expect(linesOf(tree.parts)).toEqual(lines);
        const inside = tree.components.flatMap((each) =>
          [each.beginLine, ...ownLines(each), each.endLine ?? []].flat(),
        );
        const outside = tree.parts.filter((part) => part instanceof ContentLine);
        expect(new Set([...outside, ...inside])).toEqual(new Set(lines));
        expect(outside.length + inside.length).toBe(lines.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('wholeCalendar', () => {
  const calendar = `BEGIN:VCALENDAR\r\n${NESTED}END:VCALENDAR\r\n`;

  it.each([
    ['a calendar', calendar],
    ['blank lines around it', `\r\n \r\n${calendar}\r\n`],
  ])('accepts %s', (_, text) => {
    expect(wholeCalendar(read(text, 'VCALENDAR'))).toMatchObject({ name: 'VCALENDAR' });
  });

  it.each([
    ['nothing', '', 'no VCALENDAR'],
    ['an event alone', NESTED, 'no VCALENDAR'],
    ['two calendars', calendar + calendar, 'several VCALENDARs'],
    ['a calendar in a calendar', calendar.replace('UID:a\r\n', calendar), 'several VCALENDARs'],
    ['text before it', `Dear Alice\r\n${calendar}`, 'text outside of the VCALENDAR'],
    ['an event after it', calendar + NESTED, 'text outside of the VCALENDAR'],
    ['an END without BEGIN', calendar.replace('UID:a', 'END:VTODO'), 'END:VTODO without its BEGIN'],
    ['an alarm without END', calendar.replace('END:VALARM\r\n', ''), 'VALARM has no END'],
    ['a calendar without END', calendar.replace('END:VCALENDAR\r\n', ''), 'VCALENDAR has no END: the text was cut off'],
    ['components nested too deep', calendar.replace('UID:a', 'BEGIN:X\r\n'.repeat(50)), 'nested too deep'],
  ])('refuses %s', (_, text, why) => {
    expect(wholeCalendar(read(text, 'VCALENDAR'))).toBe(why);
  });
});
