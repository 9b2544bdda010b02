// The calendars as mailed, read by programs that share no code with ours: ical.js, and Debian's python3-vobject.
import { spawnSync } from 'node:child_process';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { mailedCopy } from '../../src/compose/mailed-copy.ts';
import { invitations, namedInvitation } from './kinds.ts';

const names = Object.keys(invitations);

const SCRIPT = `
import json, sys, vobject
out = []
for text in json.load(sys.stdin):
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    events = calendar.vevent_list
    out.append([len(events), len(getattr(calendar, 'vtimezone_list', [])), str(events[0].uid.value), len(events[0].contents['attendee'])])
print(json.dumps(out))
`;

describe('ical.js', () => {
  it.each(names)('reads the calendar of %s', (name) => {
    const calendar = new ICAL.Component(ICAL.parse(mailedCopy(namedInvitation(name))) as unknown as unknown[]);
    const [event] = calendar.getAllSubcomponents('vevent');
    expect(event?.getFirstPropertyValue('uid')).toBe('planning@example.com');
    expect(event?.getFirstPropertyValue('dtstart')).toBeInstanceOf(ICAL.Time);
    expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
  });
});

const hasVobject = spawnSync('/usr/bin/python3', ['-c', 'import vobject']).status === 0;
if (!hasVobject) process.stdout.write('python3-vobject is missing: its opinion of our calendars is not asked\n');

describe.skipIf(!hasVobject && !process.env['CI'])('vobject', () => {
  it('finds every calendar valid', () => {
    const calendars = names.map((name) => mailedCopy(namedInvitation(name)));
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', SCRIPT], {
      input: JSON.stringify(calendars),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const read = JSON.parse(stdout) as [number, number, string, number][];
    const found = read.map(([events, zones, uid, attendees], at) => [names[at], events, zones, uid, attendees]);
    const expected = names.map((name) => [
      name,
      name === 'invitation-series-with-overrides' ? 2 : 1,
      name === 'invitation-whole-days' ? 0 : 1,
      'planning@example.com',
      ['reply', 'counter'].includes(name) ? 1 : 3,
    ]);
    expect(found).toEqual(expected);
  });
});
