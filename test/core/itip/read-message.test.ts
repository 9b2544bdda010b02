import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';

const EVENT = 'BEGIN:VEVENT\r\nUID:a\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com\r\nEND:VEVENT\r\n';

const OTHER = EVENT.replace('bob@', 'dora@');

function message(head: string, body = EVENT): string {
  return `BEGIN:VCALENDAR\r\n${head}${body}END:VCALENDAR\r\n`;
}

function delegates(count: number): string {
  return Array.from({ length: count }, (_, at) => `"mailto:${at}@example.com"`).join(',');
}

describe('readMessage', () => {
  it.each([
    ['the calendar', 'METHOD:REPLY\r\n', null, 'REPLY', 1],
    ['the calendar, in any case', 'method: reply \r\n', null, 'REPLY', 1],
    ['the first of several METHODs', 'METHOD:REPLY\r\nMETHOD:REPLY\r\n', null, 'REPLY', 1],
    ['the header if the calendar has none', '', 'reply', 'REPLY', 1],
    ['the header, in quotes', '', '"REPLY"', 'REPLY', 1],
    ['the calendar if the header has another', 'METHOD:COUNTER\r\n', 'REPLY', 'COUNTER', 1],
    ['the header if METHOD is empty', 'METHOD:\r\n', 'REFRESH', 'REFRESH', 1],
    ['neither', '', null, null, 0],
    ['neither if METHOD is invalid', 'METHOD:re ply\r\n', null, null, 0],
    ['the calendar, without items for a REQUEST', 'METHOD:REQUEST\r\n', null, 'REQUEST', 0],
  ])('reads the method from %s', (_, head, header, method, items) => {
    const read = readMessage(message(head), header);
    expect([read.method, read.items.length, read.unusable.length]).toEqual([method, items, 0]);
  });

  it.each([
    ['LF', (text: string) => text.replaceAll('\r\n', '\n')],
    ['CR', (text: string) => text.replaceAll('\r\n', '\r')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['blank lines', (text: string) => `\r\n\r\n${text}\r\n`],
    ['text around it', (text: string) => `Dear Alice,\r\n${text}\r\nBest regards`],
    [
      'events around it',
      (text: string) => `${OTHER}BEGIN:X-BOX\r\n${OTHER}${text}BEGIN:X-BOX\r\n${OTHER}END:X-BOX\r\n`,
    ],
    ['no END:VCALENDAR', (text: string) => text.replace('END:VCALENDAR\r\n', '')],
    ['lower case', (text: string) => text.toLowerCase()],
    ['folds with a tab', (text: string) => text.replace('bob@', 'b\r\n\tob@')],
    ['an END without BEGIN', (text: string) => text.replace('BEGIN:VEVENT', 'END:VTODO\r\nBEGIN:VEVENT')],
  ])('accepts %s', (_, change) => {
    const read = readMessage(change(message('METHOD:REPLY\r\n')), null);
    expect(read.items).toMatchObject([{ kind: 'answer', attendee: { key: 'bob@example.com' }, partstat: 'ACCEPTED' }]);
  });

  it('accepts the maximum number of answers and delegates', () => {
    const delegating = EVENT.replace('=ACCEPTED', `=DELEGATED;DELEGATED-TO=${delegates(10)}`);
    const read = readMessage(message('METHOD:REPLY\r\n', delegating.repeat(200)), null);
    expect(read.items).toHaveLength(200);
    expect(read.items[0]).toMatchObject({ delegatedTo: { length: 10 } });
    const crowd = EVENT.replace('=ACCEPTED', `=DELEGATED;DELEGATED-TO=${delegates(11)}`);
    expect(readMessage(message('METHOD:REPLY\r\n', crowd), null).items).toMatchObject([
      { partstat: null, delegatedTo: [] },
    ]);
    expect(readMessage(message('METHOD:PUBLISH\r\n', EVENT.repeat(201)), null).method).toBe('PUBLISH');
  });

  it('returns an item for each component, with the zones of the message', () => {
    const zone =
      'BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n';
    const instance = EVENT.replace('UID:a', 'UID:a\r\nRECURRENCE-ID;TZID=Office:20261122T100000');
    const read = readMessage(
      message('METHOD:REPLY\r\n', EVENT + instance + EVENT.replaceAll('VEVENT', 'VTODO') + zone),
      null,
    );
    expect(read.items.map((item) => [item.kind === 'answer' && item.component, item.occurrence.recurrenceId])).toEqual([
      ['VEVENT', null],
      ['VEVENT', '20261122T070000Z'],
      ['VTODO', null],
    ]);
  });

  it('ignores nested events', () => {
    const alarm = 'BEGIN:VALARM\r\nATTENDEE:mailto:dora@example.com\r\nEND:VALARM\r\n';
    const read = readMessage(message('METHOD:REPLY\r\n', EVENT.replace('END:VEVENT', `${alarm}END:VEVENT`)), null);
    expect(read.items).toHaveLength(1);
    const hidden = `BEGIN:X-BOX\r\nMETHOD:REPLY\r\n${EVENT}END:X-BOX\r\n`;
    expect(readMessage(message('', hidden), null)).toEqual({ method: null, items: [], unusable: [] });
  });

  it.each([
    [
      'an event that was cut off',
      message('METHOD:REPLY\r\n', EVENT.replace('END:VEVENT\r\n', '')),
      ['VEVENT has no END'],
    ],
    [
      'a message that was cut off',
      'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:a',
      ['VEVENT has no END: the text was cut off'],
    ],
    [
      'an invalid UID',
      message('METHOD:REPLY\r\n', EVENT.replace('UID:a', 'UID:a\\nb')),
      ['VEVENT with an invalid UID'],
    ],
    ['an event without UID', message('METHOD:REPLY\r\n', EVENT.replace('UID:a', 'X:a')), ['VEVENT without UID']],
  ])('returns a reason instead of items for %s', (_, text, unusable) => {
    expect(readMessage(text, null)).toMatchObject({ items: [], unusable });
  });

  it.each([
    ['an empty text', '', 'no VCALENDAR'],
    ['a letter', 'Dear Alice, yes!', 'no VCALENDAR'],
    ['an event outside of a calendar', EVENT, 'no VCALENDAR'],
    ['two calendars', message('METHOD:REPLY\r\n') + message('METHOD:REPLY\r\n'), 'several VCALENDARs in one part'],
    ['a calendar in a calendar', message('METHOD:REPLY\r\n', message('')), 'several VCALENDARs in one part'],
    ['more than 200 events', message('METHOD:REPLY\r\n', EVENT.repeat(201)), 'more than 200 components'],
    ['components that are nested too deep', `BEGIN:VCALENDAR\r\n${'BEGIN:X\r\n'.repeat(1000)}`, 'nested too deep'],
  ])('refuses %s', (_, text, why) => {
    const error = new GatewayError('calendar-unparseable', `the calendar cannot be read: ${why}`);
    expect(() => readMessage(text, 'REPLY')).toThrow(error);
  });
});
