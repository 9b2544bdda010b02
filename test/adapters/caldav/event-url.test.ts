// Building URLs from a home template or a UID, comparing URLs, and resolving hrefs.
import { expect, it } from 'vitest';
import {
  checkHomeTemplate,
  conventionalUrl,
  expandHomeTemplate,
  sameUrl,
} from '../../../src/adapters/caldav/event-url.ts';
import { resolveWithin } from '../../../src/adapters/caldav/dav-query.ts';

const organizer = (asWritten: string) => ({ key: asWritten.toLowerCase(), asWritten });

it.each([
  ['/calendars/{email}/', 'http://caldav', 'Alice@example.com', 'http://caldav/calendars/Alice@example.com/'],
  ['/{localpart}/', 'http://caldav/', 'alice@example.com', 'http://caldav/alice/'],
  ['/{domain}/{localpart}', 'http://caldav/dav', 'alice@example.com', 'http://caldav/example.com/alice/'],
  [
    'calendars/{email}',
    'http://caldav/remote.php/dav',
    'a+b@example.com',
    'http://caldav/remote.php/dav/calendars/a%2Bb@example.com/',
  ],
  [
    '/caldav.php/{email}/',
    'http://caldav/x/',
    'ü/x?y#z@example.com',
    'http://caldav/caldav.php/%C3%BC%2Fx%3Fy%23z@example.com/',
  ],
  ['/{email}/', 'http://caldav', '{domain}@example.com', 'http://caldav/%7Bdomain%7D@example.com/'],
])('%s at %s for %s', (template, base, email, expected) => {
  expect(expandHomeTemplate(template, base, organizer(email))).toBe(expected);
});

it.each(['..@example.com', '.@example.com', '@example.com'])('builds no path from %s', (email) => {
  const made = () => expandHomeTemplate('/calendars/{localpart}/', 'http://caldav', organizer(email));
  expect(made).toThrow(/cannot be used in a calendar home path/);
});

it.each(['/{email}/', '{localpart}', '/{domain}/{localpart}/'])('%s is a valid template', (template) => {
  expect(() => checkHomeTemplate(template)).not.toThrow();
});

it.each<[string, string | null]>([
  ['one', 'http://caldav/cal/one.ics'],
  ['one@example.com', 'http://caldav/cal/one@example.com.ics'],
  ['a b%?#ü', 'http://caldav/cal/a%20b%25%3F%23%C3%BC.ics'],
  ['..', 'http://caldav/cal/...ics'],
  ['\ud800', 'http://caldav/cal/%EF%BF%BD.ics'],
  ['a/b', null],
  ['x'.repeat(201), null],
])('the conventional URL for the UID %j', (uid, expected) => {
  expect(conventionalUrl('http://caldav/cal', uid)).toBe(expected);
});

it.each<[string, string, boolean]>([
  ['http://h/a@b/', 'http://h/a%40b', true],
  ['http://h/a%2Bb/', 'http://h/a+b/', true],
  ['http://h/%FF/', 'http://h/%FF/', true],
  ['http://h/a/', 'http://h/A/', false],
])('%s and %s are the same resource: %s', (a, b, expected) => {
  expect(sameUrl(a, b)).toBe(expected);
});

it.each<[string, string | null]>([
  ['/x/y', 'http://h/x/y'],
  ['y?z#f', 'http://h/d/y'],
  ['http://h/x', 'http://h/x'],
  ['https://h/x', 'http://h/x'],
  ['//other/x', 'http://h/x'],
  ['http://h:81/x', 'http://h/x'],
  ['http://user:secret@inner.test:8080/x/../y?z', 'http://h/y'],
  ['http://other', 'http://h/'],
  ['javascript:0', null],
  ['mailto:alice@example.com', null],
  ['urn:uuid:1', null],
  ['http://', null],
])('href %s', (href, expected) => {
  expect(resolveWithin('http://h/d/', href)).toBe(expected);
});
