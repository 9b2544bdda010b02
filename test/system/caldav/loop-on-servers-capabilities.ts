// The capabilities that are tested on every CalDAV server, one function each. In: a stage; out: the text for the table, or
// nothing to show the time taken. Each throws if the server or the gateway fails.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { changedLines } from '../../harness/answers.ts';
import { meeting } from '../../harness/calendar-server.ts';
import type { Invited } from '../../harness/loop.ts';
import {
  bob,
  carol,
  organizer,
  partstatOf,
  renameCalendar,
  type ServerUnderTest,
  type Stage,
} from './loop-on-servers.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { rewritingsOf, specimen } from './rewritings.ts';
import { sixteenWriters } from './sixteen-writers.ts';

type Capability = (stage: Stage, server: ServerUnderTest) => Promise<string | undefined>;

interface Meeting {
  readonly uid: string;
  readonly path: string;
  readonly text: string;
  readonly toBob: Invited;
  readonly toCarol: Invited;
}

export const capabilities: readonly (readonly [string, Capability])[] = [
  ['invitation', invitation],
  ['answer by mail', answerByMail],
  ['answer by link', answerByLink],
  ['update', update],
  ['cancel', cancel],
  ['whole loop', wholeLoop],
  ['answer to a series', answerToSeries],
  ['answer to one instance', answerToInstance],
  ['moved instance', movedInstance],
  ['several calendars', severalCalendars],
  ['moved event', movedEvent],
  ['new calendar', newCalendar],
  ['renamed calendar', renamedCalendar],
  ["colleague's copy", colleaguesCopy],
  ['our bytes', ourBytes],
  ['16 writers', sixteenWriters],
];

async function invite(
  stage: Stage,
  options: { calendar?: string; extra?: readonly string[]; text?: (uid: string) => string } = {},
): Promise<Meeting> {
  const uid = `${randomUUID()}@example.com`;
  const path = `${options.calendar ?? stage.server.users.alice.calendar}${uid}.ics`;
  const attendees = [{ email: bob }, { email: carol }];
  const text = options.text?.(uid) ?? meeting({ uid, organizer, attendees, extra: options.extra ?? [] });
  await stage.save(path, text);
  const [toBob, toCarol] = await Promise.all([bob, carol].map((one) => stage.mail(uid, one, 'invitation')));
  if (toBob === undefined || toCarol === undefined) throw new Error('nobody was invited');
  return { uid, path, text, toBob, toCarol };
}

/** Ten o'clock in Berlin, every Monday from 1 March 2027, across the change to summer time. */
function series(uid: string): string {
  return meeting({ uid, organizer, attendees: [{ email: bob }, { email: carol }] })
    .replace('DTSTART:20270301T100000Z', 'DTSTART;TZID=Europe/Berlin:20270301T100000')
    .replace('DTEND:20270301T110000Z', 'DTEND;TZID=Europe/Berlin:20270301T110000\r\nRRULE:FREQ=WEEKLY;COUNT=8')
    .replace('BEGIN:VEVENT', `${berlin.join('\r\n')}\r\nBEGIN:VEVENT`);
}

const berlin = [
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Berlin',
  'BEGIN:DAYLIGHT',
  'DTSTART:19810329T020000',
  'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'TZNAME:CEST',
  'END:DAYLIGHT',
  'BEGIN:STANDARD',
  'DTSTART:19961027T030000',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'TZNAME:CET',
  'END:STANDARD',
  'END:VTIMEZONE',
];

/** Moves the event by a day as a client does: raises SEQUENCE and resets every PARTSTAT. */
function rescheduled(text: string): string {
  return text
    .replaceAll('20270301T1', '20270302T1')
    .replace(/^SEQUENCE:(\d+)/m, (_line, sequence: string) => `SEQUENCE:${Number(sequence) + 1}`)
    .replace(/^(ATTENDEE.*)PARTSTAT=(?:ACCEPTED|DECLINED|TENTATIVE)/gm, '$1PARTSTAT=NEEDS-ACTION');
}

async function invitation(stage: Stage): Promise<undefined> {
  const { toBob, toCarol, path } = await invite(stage);
  expect(toBob.organizer).toMatch(/^r1[^@]+@reply\.example\.com$/);
  expect(toCarol.organizer).not.toBe(toBob.organizer);
  expect(toBob.calendar).not.toMatch(/SCHEDULE-/);
  expect(partstatOf(await stage.stored(path), bob)).toBe('NEEDS-ACTION');
}

/** Checks that an answer changed only one line, apart from what the server itself rewrites. */
async function answerByMail(stage: Stage, { rewrites }: ServerUnderTest): Promise<undefined> {
  const { uid, path, toBob } = await invite(stage);
  const before = await stage.stored(path);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  const arranged = rewrites.includes('properties') ? inOneOrder : (text: string): string => text;
  const [was, is] = [before, await stage.stored(path)].map((text) => arranged(withoutServersOwn(text)));
  const changes = changedLines(was ?? '', is ?? '');
  expect(changes).toHaveLength(1);
  expect(changes[0]?.after).toMatch(/^ATTENDEE.*PARTSTAT=ACCEPTED.*bob@remote\.test$/i);
}

/** SOGo reorders the parameters of a line at every write, and moves the lines that it adds. */
function inOneOrder(text: string): string {
  const sorted = text.split('\r\n').map((line) => {
    const [, name = '', params = '', value = ''] = /^([^:;]*)((?:;[^:]*)?)(:.*)?$/.exec(line) ?? [];
    return { line: name + params.split(';').sort().join(';') + value, key: name + value };
  });
  return sorted
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ line }) => line)
    .join('\r\n');
}

/** Removes what servers add when they store an event: time stamps and SCHEDULE-STATUS. */
function withoutServersOwn(text: string): string {
  return text.replace(/^(?:DTSTAMP|LAST-MODIFIED)[:;].*\r\n/gm, '').replace(/;SCHEDULE-STATUS=(?:"[^"]*"|[^;:]*)/g, '');
}

async function answerByLink(stage: Stage): Promise<undefined> {
  const { path, toBob } = await invite(stage);
  expect(await stage.answerByLink(toBob, 'declined')).toBe(303);
  await stage.shows(path, bob, 'DECLINED');
  expect(partstatOf(await stage.stored(path), carol)).toBe('NEEDS-ACTION');
}

async function update(stage: Stage): Promise<undefined> {
  const { uid, path, toBob, toCarol } = await invite(stage);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  await stage.save(path, rescheduled(await stage.stored(path)));
  const updated = await stage.mail(uid, bob, 'update');
  expect(updated.organizer).toBe(toBob.organizer);
  expect(updated.calendar).toContain('20270302T100000Z');
  expect(updated.mail.raw).toMatch(/^References:/m);
  // Bob has been invited again; carol's answer to the old date does not count.
  await stage.answer(toCarol, { attendee: carol, uid, partstat: 'ACCEPTED', sequence: 0 });
  expect(await stage.loop.entry(uid, 'ignored')).toMatchObject({ reason: 'stale', attendee: carol });
  await stage.answer(updated, { attendee: bob, uid, partstat: 'TENTATIVE', sequence: 1 });
  await stage.shows(path, bob, 'TENTATIVE');
  expect(partstatOf(await stage.stored(path), carol)).toBe('NEEDS-ACTION');
}

async function cancel(stage: Stage): Promise<undefined> {
  const { uid, path, toBob } = await invite(stage);
  await stage.save(path, null);
  const cancelled = await stage.mail(uid, bob, 'cancel');
  expect(cancelled.calendar).toContain('METHOD:CANCEL');
  expect(cancelled.organizer).toBe(toBob.organizer);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await waitFor('word of the late answer', async () =>
    (await stage.loop.gateway.ledger.entries(uid, 50)).some(({ attendee, verdict }) =>
      attendee === bob ? ['retried', 'refused', 'held'].includes(verdict) : false,
    ),
  );
  expect(await stage.stored(path)).toBe('');
}

async function wholeLoop(stage: Stage): Promise<undefined> {
  const { uid, path, toBob, toCarol } = await invite(stage);
  await Promise.all([
    stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' }),
    stage.answerByLink(toCarol, 'tentative'),
  ]);
  await Promise.all([stage.shows(path, bob, 'ACCEPTED'), stage.shows(path, carol, 'TENTATIVE')]);
  await stage.save(path, rescheduled(await stage.stored(path)));
  const updated = await stage.mail(uid, bob, 'update');
  await stage.answer(updated, { attendee: bob, uid, partstat: 'DECLINED', sequence: 1 });
  await stage.shows(path, bob, 'DECLINED');
  await stage.save(path, null);
  await Promise.all([stage.mail(uid, bob, 'cancel'), stage.mail(uid, carol, 'cancel')]);
}

async function answerToSeries(stage: Stage): Promise<undefined> {
  const { uid, path, toBob, toCarol } = await invite(stage, { text: series });
  expect(toBob.calendar).toContain('BEGIN:VTIMEZONE');
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  await stage.answerByLink(toCarol, 'declined');
  await stage.shows(path, carol, 'DECLINED');
  expect(await stage.stored(path)).not.toContain('RECURRENCE-ID');
}

/** No mail is sent, although our PUT makes SabreDAV post a callback for each attendee during the request. */
async function answerToInstance(stage: Stage): Promise<undefined> {
  const { uid, path, toBob, toCarol } = await invite(stage, { text: series });
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  // In UTC, as Outlook writes it; after the change to summer time.
  const recurrenceId = 'RECURRENCE-ID:20270405T080000Z';
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'DECLINED', recurrenceId });
  await stage.shows(path, bob, 'DECLINED', '20270405T080000Z');
  const inZone = 'RECURRENCE-ID;TZID=Europe/Berlin:20270405T100000';
  await stage.answer(toCarol, { attendee: carol, uid, partstat: 'TENTATIVE', recurrenceId: inZone });
  await stage.shows(path, carol, 'TENTATIVE', '20270405T080000Z');
  const text = await stage.stored(path);
  expect(partstatOf(text, bob)).toBe('ACCEPTED');
  expect(partstatOf(text, carol)).toBe('NEEDS-ACTION');
  expect(partstatOf(text, bob, '20270405T080000Z')).toBe('DECLINED');
  expect(text.match(/^RECURRENCE-ID/gm)).toHaveLength(1);
  if (stage.laSuite !== null) await expectNoStorm(stage, uid);
  expect(await stage.mailed(uid, bob)).toEqual(['invitation']);
  expect(await stage.mailed(uid, carol)).toEqual(['invitation']);
}

/** Two callbacks for the invitation, two when our PUT made the override; the latter are recorded and not mailed. */
async function expectNoStorm({ laSuite, loop }: Stage, uid: string): Promise<void> {
  const posted = laSuite?.callbacks.filter((one) => one.uid === uid) ?? [];
  expect(posted.map(({ method, status }) => [method, status])).toEqual(
    Array.from({ length: 4 }, () => ['REQUEST', 200]),
  );
  await waitFor('what became of the callbacks', async () => {
    const entries = await loop.gateway.ledger.entries(uid, 100);
    return entries.filter(({ reason }) => reason === 'nothing-new').length === 2;
  });
}

/** The organizer moves one instance; the answer to it names its original start. */
async function movedInstance(stage: Stage): Promise<undefined> {
  const { uid, path, toBob } = await invite(stage, { text: series });
  const text = await stage.stored(path);
  const master = /BEGIN:VEVENT[\s\S]*END:VEVENT\r\n/.exec(text)?.[0] ?? '';
  const override = master
    .replace(/^RRULE.*\r\n/m, 'RECURRENCE-ID;TZID=Europe/Berlin:20270315T100000\r\n')
    .replaceAll('20270301T1', '20270316T1')
    .replace('SEQUENCE:0', 'SEQUENCE:1');
  await stage.save(path, text.replace('END:VCALENDAR', `${override}END:VCALENDAR`));
  await stage.mail(uid, bob, 'update');
  const recurrenceId = 'RECURRENCE-ID;TZID=Europe/Berlin:20270315T100000';
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'DECLINED', recurrenceId, sequence: 1 });
  await stage.shows(path, bob, 'DECLINED', '20270315T090000Z');
  expect(partstatOf(await stage.stored(path), bob)).toBe('NEEDS-ACTION');
}

async function severalCalendars(stage: Stage, { home }: ServerUnderTest): Promise<string | undefined> {
  const { server } = stage;
  if (home === null) {
    await expect(server.makeCalendar(server.users.alice, '/calendars/alice@example.com/work/')).rejects.toThrow(/403/);
    return 'one only';
  }
  const [work, private_] = [`${home}work/`, `${home}private/`];
  for (const calendar of [work, private_]) await server.makeCalendar(server.users.alice, calendar);
  const meetings = [];
  for (const calendar of [work, private_, server.users.alice.calendar])
    meetings.push(await invite(stage, { calendar }));
  for (const { uid, toBob } of meetings) await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await Promise.all(meetings.map(({ path }) => stage.shows(path, bob, 'ACCEPTED')));
  return undefined;
}

/** Moves the event to another path as clients do: DELETE, then PUT. The ledger still has the old path. */
async function movedEvent(stage: Stage): Promise<undefined> {
  const { server } = stage;
  const { uid, path, toBob, toCarol } = await invite(stage);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  const text = await stage.stored(path);
  const moved = `${server.users.alice.calendar}${randomUUID()}.ics`;
  await server.deleteEvent(server.users.alice, path);
  await server.putEvent(server.users.alice, moved, text);
  await stage.answer(toCarol, { attendee: carol, uid, partstat: 'TENTATIVE' });
  await stage.shows(moved, carol, 'TENTATIVE');
  expect(partstatOf(await stage.stored(moved), bob)).toBe('ACCEPTED');
  expect(await stage.stored(path)).toBe('');
}

/** The calendar is created after the gateway listed the calendars, and the event is moved into it. */
async function newCalendar(stage: Stage, { home }: ServerUnderTest): Promise<string | undefined> {
  if (home === null) return 'one only';
  const { server } = stage;
  const { uid, path, text, toBob } = await invite(stage);
  const made = `${home}made-later/`;
  await server.makeCalendar(server.users.alice, made);
  await server.deleteEvent(server.users.alice, path);
  await server.putEvent(server.users.alice, `${made}${uid}.ics`, text);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(`${made}${uid}.ics`, bob, 'ACCEPTED');
  return undefined;
}

async function renamedCalendar(stage: Stage): Promise<undefined> {
  const { server } = stage;
  const { uid, path, toBob } = await invite(stage);
  expect([200, 207]).toContain(await renameCalendar(server, server.users.alice, 'Another name'));
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
}

/** Bob, a user of the same server, has a copy of the event, which an answer must not change. */
async function colleaguesCopy(stage: Stage): Promise<undefined> {
  const { server } = stage;
  const colleague = server.users.bob;
  const { uid, path, text, toBob } = await invite(stage);
  const copy = `${colleague.calendar}${uid}.ics`;
  await server.putEvent(colleague, copy, text);
  await stage.answer(toBob, { attendee: bob, uid, partstat: 'ACCEPTED' });
  await stage.shows(path, bob, 'ACCEPTED');
  expect((await server.getEvent(colleague, copy))?.text).not.toContain('ACCEPTED');
}

async function ourBytes({ server }: Stage, { rewrites }: ServerUnderTest): Promise<string> {
  const path = `${server.users.alice.calendar}specimen.ics`;
  await server.putEvent(server.users.alice, path, specimen);
  const rewritten = rewritingsOf(specimen, (await server.getEvent(server.users.alice, path))?.text ?? '');
  expect(rewritten).toEqual(rewrites);
  return rewritten.length === 0 ? 'kept' : `rewrites ${rewritten.join(', ')}`;
}
