// Parses the mailed calendars with ical.js, an independent parser. test/system/mail uses two more parsers.
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { mailedCopy } from '../../../src/core/compose/mailed-copy.ts';
import { invitations, namedInvitation } from './kinds.ts';

describe('ical.js', () => {
  it.each(Object.keys(invitations))('reads the calendar of %s', (name) => {
    const calendar = new ICAL.Component(ICAL.parse(mailedCopy(namedInvitation(name))) as unknown as unknown[]);
    const [event] = calendar.getAllSubcomponents('vevent');
    expect(event?.getFirstPropertyValue('uid')).toBe('planning@example.com');
    const start = event?.getFirstPropertyValue('dtstart');
    if (name === 'decline') expect(start).toBeNull();
    else expect(start).toBeInstanceOf(ICAL.Time);
    expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
  });
});
