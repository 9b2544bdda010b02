// Which texts count as an organizer's event.
import { expect, it } from 'vitest';
import { isEventOf } from '../../../src/adapters/caldav/is-event-of.ts';
import { alice } from './store-contract.ts';

function calendar(...lines: readonly string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

const event = (...lines: readonly string[]): string => calendar('BEGIN:VEVENT', ...lines, 'END:VEVENT');
const own = 'ORGANIZER;CN=Alice:mailto:alice@example.com';

it.each<[string, string, boolean]>([
  ['UID and ORGANIZER', event('UID:one', own), true],
  ['ORGANIZER in another case', event('uid:one', 'organizer:MAILTO:Alice@EXAMPLE.com'), true],
  ['a folded line, a byte order mark, bare LF', `\uFEFF${event('UID:o\r\n ne', own)}`.replaceAll('\r\n', '\n'), true],
  ['an escaped UID', event('UID:o\\,ne', own).replace('o\\,ne', 'one'), true],
  ['a to-do', calendar('BEGIN:VTODO', 'UID:one', own, 'END:VTODO'), true],
  ['no ORGANIZER at all', event('UID:one'), true],
  ['an organizer by EMAIL=', event('UID:one', 'ORGANIZER;EMAIL=alice@example.com:/1234/principal/'), true],
  [
    'an organizer by SENT-BY',
    event('UID:one', 'ORGANIZER;SENT-BY="mailto:alice@example.com":mailto:boss@example.com'),
    true,
  ],
  ['another UID', event('UID:ones', own), false],
  ['the UID in another case', event('UID:ONE', own), false],
  ["somebody else's", event('UID:one', 'ORGANIZER:mailto:bob@example.com'), false],
  [
    "an organizer whose CN is alice's address",
    event('UID:one', 'ORGANIZER;CN=alice@example.com:mailto:malice@example.com'),
    false,
  ],
  ['the UID of an alarm', event('UID:two', own, 'BEGIN:VALARM', 'UID:one', 'END:VALARM'), false],
  [
    'a series with an override of another organizer',
    calendar(
      'BEGIN:VEVENT',
      'UID:one',
      own,
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:one',
      'ORGANIZER:mailto:bob@example.com',
      'END:VEVENT',
    ),
    false,
  ],
  ['no event', calendar('BEGIN:VTIMEZONE', 'UID:one', 'END:VTIMEZONE'), false],
  ['no calendar', '<html>UID:one</html>', false],
  ['nothing', '', false],
])('%s', (_what, text, expected) => {
  expect(isEventOf(text, 'one', alice)).toBe(expected);
});
