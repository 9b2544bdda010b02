// Which error an HTTP status and a Retry-After header become.
import { expect, it } from 'vitest';
import { parseRetryAfter, errorForStatus } from '../../../src/adapters/caldav/caldav-error.ts';

const now = Date.parse('2027-03-01T10:00:00Z');

it.each<[string | undefined, number | null]>([
  [undefined, null],
  ['', null],
  ['0', 0],
  [' 30 ', 30_000],
  ['99999999', 300_000],
  ['Mon, 01 Mar 2027 10:00:45 GMT', 45_000],
  ['Mon, 01 Mar 2027 09:00:00 GMT', 0],
  ['soon', null],
  ['-5', null],
])('Retry-After %j', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});

it.each([
  [401, 'caldav-unauthorized', true],
  [403, 'caldav-refused', false],
  [409, 'caldav-refused', false],
  [413, 'caldav-refused', false],
  [408, 'caldav-unreachable', true],
  [429, 'caldav-unreachable', true],
  [500, 'caldav-refused', true],
  [501, 'caldav-refused', false],
  [502, 'caldav-unreachable', true],
  [503, 'caldav-unreachable', true],
  [504, 'caldav-unreachable', true],
  [507, 'caldav-refused', true],
])('HTTP %i', (status, code, temporary) => {
  expect(errorForStatus('PUT x', status, '9', now)).toMatchObject({ code, temporary, status, retryAfterMs: 9_000 });
});
