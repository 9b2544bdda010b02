// Reads the mailed calendars with programs that share no code with ours: Debian's python3-vobject, and libical, which
// checks which properties each METHOD requires and forbids.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { mailedCopy } from '../../../src/core/compose/mailed-copy.ts';
import { invitations, namedInvitation } from '../../core/compose/kinds.ts';
import { lacks, PYTHON } from '../requirements.ts';

const names = Object.keys(invitations);

const VOBJECT_SCRIPT = `
import json, sys, vobject
out = []
for text in json.load(sys.stdin):
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    events = calendar.vevent_list
    out.append([len(events), len(getattr(calendar, 'vtimezone_list', [])), str(events[0].uid.value), len(events[0].contents.get('attendee', []))])
print(json.dumps(out))
`;

const LIBICAL_SCRIPT = `
import ctypes, json, sys
libical = ctypes.CDLL('libical.so.3')
libical.icalparser_parse_string.restype = ctypes.c_void_p
libical.icalrestriction_check.argtypes = [ctypes.c_void_p]
libical.icalcomponent_as_ical_string.argtypes = [ctypes.c_void_p]
libical.icalcomponent_as_ical_string.restype = ctypes.c_char_p
out = []
for text in json.load(sys.stdin):
    calendar = libical.icalparser_parse_string(text.encode())
    libical.icalrestriction_check(calendar)
    read = libical.icalcomponent_as_ical_string(calendar).decode().replace('\\r\\n ', '')
    out.append([line for line in read.splitlines() if line.startswith('X-LIC-ERROR')])
print(json.dumps(out))
`;

/** Returns the output of the script for these calendars. */
function ask(script: string, calendars: readonly string[]): unknown {
  const input = JSON.stringify(calendars);
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', script], { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe.skipIf(lacks('vobject'))('vobject', () => {
  it('finds every calendar valid', () => {
    const read = ask(
      VOBJECT_SCRIPT,
      names.map((name) => mailedCopy(namedInvitation(name))),
    ) as [number, number, string, number][];
    const found = read.map(([events, zones, uid, attendees], at) => [names[at], events, zones, uid, attendees]);
    const expected = names.map((name) => [
      name,
      name === 'invitation-series-with-overrides' ? 2 : 1,
      ['invitation-whole-days', 'decline'].includes(name) ? 0 : 1,
      'planning@example.com',
      name === 'decline' ? 0 : ['reply', 'counter'].includes(name) ? 1 : 3,
    ]);
    expect(found).toEqual(expected);
  });
});

describe.skipIf(lacks('libical'))('libical', () => {
  it('finds every calendar valid, with all that its METHOD requires', () => {
    const calendars = names.map((name) => mailedCopy(namedInvitation(name)));
    const faults = ask(LIBICAL_SCRIPT, calendars) as string[][];
    const inDecline = faults.splice(names.indexOf('decline'), 1);
    expect(faults).toEqual(faults.map(() => []));
    // RFC 5546 §3.2.8 requires SEQUENCE if it is above 0; libical's table forbids it.
    expect(inDecline).toEqual([[expect.stringContaining('restrictions for SEQUENCE property. Expected 0 instances')]]);
  });

  it('reports a calendar that lacks what its METHOD requires', () => {
    const [first = ''] = names;
    const without = mailedCopy(namedInvitation(first)).replace(/^ORGANIZER.*\r\n(?: .*\r\n)*/m, '');
    expect(ask(LIBICAL_SCRIPT, [without])).toEqual([[expect.stringContaining('INVALID-ITIP')]]);
  });
});
