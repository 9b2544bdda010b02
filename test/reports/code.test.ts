// Faults found by a review of the code (R). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEvent, partstatOf } from '../../src/core/ical/event-document.ts';
import { receiveWebAnswer } from '../../src/flow/inbound/receive.ts';
import { answerRsvp, showRsvp } from '../../src/flow/inbound/show-rsvp.ts';
import { decideHeld } from '../../src/flow/questions/decide-held.ts';
import type { FakeOptions } from '../adapters/caldav/fake-caldav.ts';
import { home, start, text } from '../adapters/caldav/fake-store.ts';
import { calendarMail, replyTo } from './mailed-calendar.ts';
import { bob, carol, type FlowKit, alice, openFlowKit } from '../flow/flow-kit.ts';

const uid = 'planning@example.com';

function event(times: readonly string[], sequence = 1): string {
  return `${[
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//example//client//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    `SEQUENCE:${sequence}`,
    ...times,
    'SUMMARY:Planning',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\r\n')}\r\n`;
}

const single = ['DTSTART:20270202T100000Z', 'DTEND:20270202T110000Z'];
const series = [...single, 'RRULE:FREQ=WEEKLY;COUNT=6'];

describe('R1: a re-read applies an overwritten answer again', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  /** Bob accepts `before`; a client then stores `after` with the answer reset; the copy is re-read. */
  async function afterReset(before: string, after: string, recurrenceId: string | null = null): Promise<string | null> {
    kit.calendar.put(uid, before);
    await kit.invite(before, bob);
    await kit.settle();
    await kit.click(uid, bob, 'ACCEPTED', parseEvent(before).master?.sequence ?? 0, recurrenceId);
    await kit.settle();
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId)).toBe('ACCEPTED');
    kit.calendar.put(uid, after);
    kit.clock.now += 2_000;
    await kit.settle();
    return partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId);
  }

  const moves: { why: string; before: string; after: string; recurrenceId?: string }[] = [
    {
      why: 'to another day',
      before: event(single),
      after: event(['DTSTART:20270203T100000Z', 'DTEND:20270203T110000Z']),
    },
    { why: 'to a later end', before: event(single), after: event([single[0] ?? '', 'DTEND:20270202T120000Z']) },
    { why: 'to a longer duration', before: event(single), after: event([single[0] ?? '', 'DURATION:PT2H']) },
    { why: 'to a whole day', before: event(single), after: event(['DTSTART;VALUE=DATE:20270202']) },
    { why: 'and becomes a series', before: event(single), after: event(series) },
    {
      why: 'with another rule',
      before: event(series),
      after: event([...single, 'RRULE:FREQ=WEEKLY;BYDAY=TU,WE;COUNT=6']),
    },
    { why: 'with a further date', before: event(series), after: event([...series, 'RDATE:20270204T100000Z']) },
    { why: 'without one date', before: event(series), after: event([...series, 'EXDATE:20270209T100000Z']) },
    {
      why: 'and SEQUENCE is lower',
      before: event(single, 2),
      after: event(['DTSTART:20270203T100000Z', 'DTEND:20270203T110000Z'], 1),
    },
    {
      why: 'one date of a series',
      before: event(series),
      recurrenceId: '20270209T100000Z',
      after: event(series).replace(
        'END:VEVENT',
        `END:VEVENT\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nRECURRENCE-ID:20270209T100000Z\r\nSEQUENCE:1\r\nDTSTART:20270209T140000Z\r\nDTEND:20270209T150000Z\r\nORGANIZER:mailto:${alice.asWritten}\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}\r\nEND:VEVENT`,
      ),
    },
    {
      why: 'the series of an answered date becomes longer',
      before: event(series),
      recurrenceId: '20270209T100000Z',
      after: event([single[0] ?? '', 'DTEND:20270202T123000Z', 'RRULE:FREQ=WEEKLY;COUNT=6']),
    },
  ];
  it.each(moves)('but not if the event moved without a new SEQUENCE: $why', async ({ before, after, recurrenceId }) => {
    expect(await afterReset(before, after, recurrenceId ?? null)).toBe('NEEDS-ACTION');
  });

  const stale: { why: string; before: string; after: string; recurrenceId?: string }[] = [
    { why: 'the same event', before: event(single), after: event(single) },
    { why: 'with a new title', before: event(single), after: event(single).replace('Planning', 'Plan') },
    {
      why: 'in other words: DURATION for DTEND',
      before: event(single),
      after: event([single[0] ?? '', 'DURATION:PT1H']),
    },
    { why: 'an older SEQUENCE of the same time', before: event(single, 3), after: event(single, 2) },
    {
      why: 'without the override of an answered date',
      before: event(series),
      after: event(series),
      recurrenceId: '20270209T100000Z',
    },
  ];
  it.each(stale)('if a stale copy was written over it: $why', async ({ before, after, recurrenceId }) => {
    expect(await afterReset(before, after, recurrenceId ?? null)).toBe('ACCEPTED');
  });
});

describe('R6: an event that the server refuses to show (403)', () => {
  const path = `${home}default/one.ics`;
  const refusing = (status: number, method = 'GET'): FakeOptions => ({
    intercept: (request) => (request.method === method && request.path.endsWith('/one.ics') ? { status } : undefined),
  });

  it.each([
    { status: 403, known: path, kind: 'not-visible' },
    { status: 403, known: null, kind: 'not-visible' },
    { status: 404, known: path, kind: 'none' },
    { status: 404, known: null, kind: 'none' },
    { status: 410, known: path, kind: 'none' },
    { status: 410, known: null, kind: 'none' },
  ])('is not treated as deleted: $status at $known is $kind', async ({ status, known, kind }) => {
    const { store } = await start(refusing(status));
    expect(await store.find(alice, 'one', known)).toMatchObject({ kind });
  });

  it('is not treated as deleted if no listed calendar has it', async () => {
    const { store } = await start(refusing(403));
    const known = `${home}unlisted/one.ics`;
    expect(await store.find(alice, 'two', known)).toEqual({ kind: 'not-visible', href: known });
  });

  it('is found in the calendar to which it was moved', async () => {
    const { server, store } = await start(refusing(403));
    server.objects.set(`${home}default/moved.ics`, text);
    expect(await store.find(alice, 'one', path)).toMatchObject({
      kind: 'found',
      event: { href: expect.stringContaining('moved') },
    });
  });

  it('is not confused with another event of the same calendar', async () => {
    const { store } = await start(refusing(403));
    expect(await store.find(alice, 'two', null)).toEqual({ kind: 'none' });
  });

  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event(single));
    await kit.invite(event(single), bob);
    await kit.settle();
    kit.calendar.hidden = true;
  });
  afterEach(() => kit.close());

  it('delays its answers for a quarter of an hour; then they are held, and the question states the reason', async () => {
    await kit.click(uid, bob, 'ACCEPTED', 1);
    for (let tries = 1; tries <= 45; tries += 1) {
      await kit.settle();
      expect(await kit.mailsTo(alice)).toEqual([]);
      kit.clock.now += 20_000;
    }
    await kit.settle();
    expect(await kit.reasons(uid)).toEqual(expect.arrayContaining(['retried not-visible', 'held not-visible']));
    const [mail] = await kit.mailsTo(alice);
    expect(mail?.text).toContain('Your calendar server refuses access to the event.');
    kit.calendar.hidden = false;
    await decideHeld(kit, await kit.question(), 'once');
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
  });

  it('gets a waiting answer when the server shows it again', async () => {
    await kit.click(uid, bob, 'ACCEPTED', 1);
    await kit.settle();
    kit.calendar.hidden = false;
    kit.clock.now += 20_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED');
    expect(await kit.reasons(uid)).not.toContain('held not-visible');
  });

  it('is not shown as deleted on the RSVP page', async () => {
    const claims = {
      uid,
      recurrenceId: null,
      attendee: bob.asWritten,
      organizer: alice.asWritten,
      expiresAt: Infinity,
    };
    expect(await showRsvp({ ...kit, store: kit.calendar }, claims)).toMatchObject({ state: 'unreachable' });
  });
});

describe('R3: a property that only the organizer uses', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  /** Posts the callbacks, one after the other, and returns the reasons of their outcomes. */
  async function post(...calendars: readonly (readonly [text: string, method?: string])[]): Promise<string[]> {
    for (const [calendar, method] of calendars) {
      await kit.invite(calendar, bob, method);
      await kit.settle();
      kit.clock.now += 60_000;
    }
    return (await kit.entries(bob.key)).flatMap(({ door, reason, verdict }) =>
      door === 'callback' && verdict.endsWith('mailed') ? [reason] : [],
    );
  }

  const withLines = (...lines: string[]): string => event([...single, ...lines], 0);
  it.each([
    ['SEQUENCE', event(single, 1)],
    ['no SEQUENCE', event(single, 0).replace('SEQUENCE:0\r\n', '')],
    ['CATEGORIES', withLines('CATEGORIES:Clients,Lawsuit')],
    ['COLOR', withLines('COLOR:red')],
    ['TRANSP', withLines('TRANSP:TRANSPARENT')],
    ['PRIORITY', withLines('PRIORITY:1')],
    ['all of them', event([...single, 'CATEGORIES:A', 'COLOR:red', 'TRANSP:TRANSPARENT', 'PRIORITY:9'], 7)],
  ])('is not mailed if nothing else changes: %s', async (_, changed) => {
    expect(await post([event(single, 0)], [changed])).toEqual(['invitation', 'nothing-new']);
    expect(await kit.mailsTo(bob)).toHaveLength(1);
  });

  it('is not in the mail about another change: categories and colour', async () => {
    const moved = event(['DTSTART:20270203T100000Z', 'DTEND:20270203T110000Z', 'CATEGORIES:Lawsuit', 'COLOR:red'], 2);
    expect(await post([event(single, 0)], [moved])).toEqual(['invitation', 'update']);
    const mails = await kit.mailsTo(bob);
    expect(mails[1]?.calendar).toContain('DTSTART:20270203T100000Z');
    expect(JSON.stringify(mails)).not.toMatch(/CATEGORIES|COLOR|Lawsuit/);
  });

  const oneDate = (method: string): [string, string] => [
    event(['RECURRENCE-ID:20270209T100000Z', 'DTSTART:20270209T100000Z', 'DTEND:20270209T110000Z'], 0),
    method,
  ];
  it.each([
    { what: 'an event', before: [event(single, 0)], cancel: [event(single, 0), 'CANCEL'], again: 'invitation' },
    { what: 'one date of a series', before: [event(series, 0)], cancel: oneDate('CANCEL'), again: 'update' },
    {
      what: 'a single date without its series',
      before: oneDate('REQUEST'),
      cancel: oneDate('CANCEL'),
      again: 'invitation',
    },
    { what: 'all dates', before: oneDate('REQUEST'), cancel: [event(series, 0), 'CANCEL'], again: 'invitation' },
  ] as const)('does not hide that $what takes place after all', async ({ before, cancel, again }) => {
    const [first, kind] = [before, [before[0].replace('SEQUENCE:0', 'SEQUENCE:2'), 'REQUEST'] as const];
    expect(await post(first, cancel, kind, kind)).toEqual(['invitation', 'cancel', again, 'nothing-new']);
  });

  it('is not mailed after an upgrade, when the ledger has fingerprints of an earlier version', async () => {
    expect(await post([event(single, 0)])).toEqual(['invitation']);
    const [mailing] = (await kit.ledger.copyContext(alice.key, uid, null)).mailings;
    if (mailing === undefined) throw new TypeError('not mailed');
    const old = { ...mailing, id: 'old', messageId: '<old@gateway.test>', fingerprint: 'of an earlier version' };
    await kit.spool.put([], [{ kind: 'mailing', mailing: old }]);
    expect(await post([event(single, 2)])).toEqual(['invitation', 'nothing-new']);
  });
});

describe('R2: two moves by a client that never raises SEQUENCE', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const on = (day: number): string[] => [`DTSTART:202702${day}T100000Z`, `DTEND:202702${day}T110000Z`];
  const oneDate = (hour: number): string =>
    event(series, 0).replace(
      'END:VEVENT',
      `END:VEVENT\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nRECURRENCE-ID:20270209T100000Z\r\nSEQUENCE:0\r\nDTSTART:20270209T${hour}0000Z\r\nDURATION:PT1H\r\nORGANIZER:mailto:${alice.asWritten}\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${bob.asWritten}\r\nEND:VEVENT`,
    );

  interface Move {
    readonly why: string;
    readonly states: readonly string[];
    readonly recurrenceId?: string;
  }
  const moves: Move[] = [
    { why: 'a single event', states: [event(on(10), 0), event(on(11), 0), event(on(12), 0)] },
    {
      why: 'without SEQUENCE at all',
      states: [10, 11, 12].map((day) => event(on(day), 0).replace('SEQUENCE:0\r\n', '')),
    },
    {
      why: 'a series',
      states: [
        event(series, 0),
        event([...series, 'RDATE:20270204T100000Z'], 0),
        event([...on(10), 'RRULE:FREQ=DAILY'], 0),
      ],
    },
    {
      why: 'one date of a series',
      states: [event(series, 0), oneDate(14), oneDate(16)],
      recurrenceId: '20270209T100000Z',
    },
    {
      why: 'one date that follows the series again',
      states: [event(series, 0), oneDate(14), event(series, 0)],
      recurrenceId: '20270209T100000Z',
    },
  ];

  /** Stores and mails each state; returns the SEQUENCE of each mail for the occurrence. */
  async function mailAll({ states, recurrenceId }: Move): Promise<number[]> {
    for (const state of states) {
      kit.calendar.put(uid, state);
      await kit.invite(state, bob);
      await kit.settle();
      kit.clock.now += 60_000;
    }
    return (await kit.mailsTo(bob)).map(({ calendar }) => {
      const { master, overrides } = parseEvent(calendar);
      return (overrides.find((each) => each.recurrenceId === recurrenceId) ?? master)?.sequence ?? -1;
    });
  }

  const reply = (sequence: number | null, recurrenceId: string | null): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:REPLY',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      ...(recurrenceId === null ? [] : [`RECURRENCE-ID:${recurrenceId}`]),
      `DTSTAMP:${new Date(kit.clock.now).toISOString().replace(/[-:]|\.\d+/g, '')}`,
      ...(sequence === null ? [] : [`SEQUENCE:${sequence}`]),
      `ORGANIZER:mailto:${replyTo(kit, bob)}`,
      `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  async function answerByMail(sequence: number | null, recurrenceId: string | null): Promise<string | undefined> {
    const to = replyTo(kit, bob);
    await kit.mail(calendarMail(reply(sequence, recurrenceId), { from: bob, to, date: kit.clock.now }), to);
    await kit.settle();
    return (await kit.reasons(bob.key)).findLast((reason) => /^(?:applied|ignored|held) /.test(reason));
  }

  it.each(moves)('are mailed with rising SEQUENCEs: $why', async (move) => {
    const mailed = await mailAll(move);
    expect(mailed).toHaveLength(move.states.length);
    for (const [at, sequence] of mailed.entries()) expect(sequence).toBeGreaterThan(mailed[at - 1] ?? -1);
  });

  it.each(moves)('an answer by mail counts for the time that its mail had: $why', async (move) => {
    const { recurrenceId = null } = move;
    const mailed = await mailAll(move);
    for (const sequence of mailed.slice(0, -1))
      expect(await answerByMail(sequence, recurrenceId)).toBe('ignored stale');
    kit.clock.now += 60_000;
    expect(await answerByMail(mailed.at(-1) ?? null, recurrenceId)).toBe('applied applied');
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId)).toBe('ACCEPTED');
  });

  it.each(moves)('an answer without SEQUENCE counts as one to the last mail before it: $why', async (move) => {
    await mailAll(move);
    expect(await answerByMail(null, move.recurrenceId ?? null)).toBe('applied applied');
  });

  const claimsAt = (recurrenceId: string | null) => {
    return { uid, recurrenceId, attendee: bob.asWritten, organizer: alice.asWritten, expiresAt: Infinity };
  };

  /** Returns the fields that the form of the page sends. */
  async function filledForm(recurrenceId: string | null) {
    const { sequence, schedule = null } = await showRsvp({ ...kit, store: kit.calendar }, claimsAt(recurrenceId));
    return { partstat: 'ACCEPTED', comment: null, sequence, schedule, wholeSeries: false } as const;
  }

  /** Returns Bob's PARTSTAT after an answer on the page that waits until the calendar has the last state. */
  async function afterForm(move: Move, states: readonly string[]): Promise<string | null> {
    const { recurrenceId = null } = move;
    await mailAll({ ...move, states });
    await receiveWebAnswer(kit, claimsAt(recurrenceId), await filledForm(recurrenceId));
    kit.calendar.isDown = false;
    kit.calendar.put(uid, move.states.at(-1) ?? '');
    kit.clock.now += 60_000;
    await kit.settle();
    return partstatOf(parseEvent(kit.calendar.text(uid)), bob, recurrenceId);
  }

  it.each(moves)('an answer on the page counts for the time that the page showed: $why', async (move) => {
    expect(await afterForm(move, move.states)).toBe('ACCEPTED');
  });

  it.each(moves)('an answer on the page that waits while the event moves does not count: $why', async (move) => {
    expect(await afterForm(move, move.states.slice(0, 2))).toBe('NEEDS-ACTION');
    expect(await kit.reasons(bob.key)).toContain('ignored stale');
  });

  it.each(moves)('an answer on the page of an unreachable calendar counts for the last mail: $why', async (move) => {
    kit.calendar.isDown = true;
    expect(await afterForm(move, move.states)).toBe('ACCEPTED');
  });

  it.each(moves)('a page that showed another time is shown again: $why', async (move) => {
    const { states, recurrenceId = null } = move;
    await mailAll({ ...move, states: states.slice(0, 2) });
    const given = await filledForm(recurrenceId);
    kit.calendar.put(uid, states[2] ?? '');
    const options = { ...kit, store: kit.calendar };
    expect(await answerRsvp(options, claimsAt(recurrenceId), given)).toEqual({ refused: 'changed' });
  });

  it('an answer to the whole series counts for the date that the page showed', async () => {
    await mailAll({ why: '', states: [event(series, 0), event(series, 0), oneDate(14)] });
    const recurrenceId = '20270209T100000Z';
    const whole = { ...(await filledForm(recurrenceId)), wholeSeries: true };
    await receiveWebAnswer(kit, claimsAt(recurrenceId), whole);
    await kit.settle();
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, null)).toBe('ACCEPTED');
    await receiveWebAnswer(kit, claimsAt(recurrenceId), { ...whole, partstat: 'DECLINED' });
    kit.calendar.put(uid, oneDate(16));
    await kit.settle();
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, null)).toBe('NEEDS-ACTION');
  });

  it('an answer on the page does not make a later one by mail stale, although the stored SEQUENCE was not mailed', async () => {
    const states = [event(single, 0), event(single, 3)];
    expect(await afterForm({ why: '', states }, states)).toBe('ACCEPTED');
    kit.clock.now += 60_000;
    const declined = reply(0, null).replace('ACCEPTED', 'DECLINED');
    const to = replyTo(kit, bob);
    await kit.mail(calendarMail(declined, { from: bob, to, date: kit.clock.now }), to);
    await kit.settle();
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, null)).toBe('DECLINED');
  });
});

describe('R4: the same answer twice', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const HOUR_MS = 3_600_000;

  interface Reply {
    readonly method?: string;
    readonly lines?: readonly string[];
    readonly attendee?: string;
    readonly head?: readonly string[];
  }

  /** Alice's answer to Carol's event. */
  const replyOf = ({ lines = ['SEQUENCE:1'], attendee = ';PARTSTAT=ACCEPTED', head = [] }: Reply): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      ...head,
      'BEGIN:VEVENT',
      'UID:theirs@remote.test',
      ...lines,
      `ORGANIZER:mailto:${carol.asWritten}`,
      `ATTENDEE${attendee}:mailto:${alice.asWritten}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  async function post(...replies: readonly Reply[]): Promise<(string | undefined)[]> {
    const reasons: (string | undefined)[] = [];
    for (const reply of replies) {
      await kit.invite(replyOf(reply), carol, reply.method ?? 'REPLY');
      await kit.settle();
      reasons.push((await kit.entries('theirs@remote.test')).at(-1)?.reason);
      kit.clock.now += 60_000;
    }
    return reasons;
  }

  const zone = [
    'BEGIN:VTIMEZONE',
    'TZID:Europe/Paris',
    'BEGIN:STANDARD',
    'DTSTART:19701025T030000',
    'TZOFFSETFROM:+0200',
    'TZOFFSETTO:+0100',
    'END:STANDARD',
    'END:VTIMEZONE',
  ];
  const written: readonly (readonly [string, Reply])[] = [
    ['DTSTAMP', { lines: ['SEQUENCE:1', 'DTSTAMP:20270110T120000Z'] }],
    ['a VTIMEZONE', { head: zone }],
    ['PRODID and METHOD of the calendar', { head: ['PRODID:-//another//EN', 'METHOD:REPLY'] }],
    ['X- properties', { lines: ['SEQUENCE:1', 'X-MOZ-GENERATION:3', 'X-ALT-DESC:<p>Hello</p>'] }],
    ['DTSTART in UTC', { lines: ['SEQUENCE:1', 'DTSTART:20270301T090000Z'] }],
    ['DTSTART in a zone', { head: zone, lines: ['SEQUENCE:1', 'DTSTART;TZID=Europe/Paris:20270301T100000'] }],
    ['the title', { lines: ['SEQUENCE:1', 'SUMMARY:Theirs', 'LOCATION:Room 7'] }],
    ['the order of lines and the case of names', { lines: ['summary:Theirs', 'sequence:1'] }],
    ['CN, RSVP and ROLE', { attendee: ';CN=Alice;RSVP=FALSE;ROLE=CHAIR;PARTSTAT=ACCEPTED' }],
    ['folding', { attendee: ';PARTSTAT=ACC\r\n EPTED' }],
    ['another guest’s line', { lines: ['SEQUENCE:1', `ATTENDEE;PARTSTAT=DECLINED:mailto:${bob.asWritten}`] }],
  ];
  it.each(written)('is mailed once, in whatever form the other door writes it: %s', async (_, other) => {
    expect(await post({}, other)).toEqual(['reply', 'nothing-new']);
    expect(await kit.mailsTo(carol)).toHaveLength(1);
  });

  const date = (line: string): string[] => ['SEQUENCE:1', line];
  it('is mailed once for an occurrence in any form, and once for each occurrence', async () => {
    const utc = { lines: date('RECURRENCE-ID:20270308T090000Z') };
    const local = { head: zone, lines: date('RECURRENCE-ID;TZID=Europe/Paris:20270308T100000') };
    expect(await post(utc, local, { lines: date('RECURRENCE-ID:20270309T090000Z') }, {})).toEqual([
      'reply',
      'nothing-new',
      'reply',
      'reply',
    ]);
  });

  const others: readonly (readonly [string, Reply])[] = [
    ['PARTSTAT', { attendee: ';PARTSTAT=DECLINED' }],
    ['SEQUENCE', { lines: ['SEQUENCE:2'] }],
    ['a comment', { lines: ['SEQUENCE:1', 'COMMENT:I am late'] }],
    ['a delegate', { attendee: `;PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:${bob.asWritten}"` }],
    ['a proposed time', { method: 'COUNTER', lines: ['SEQUENCE:1', 'DTSTART:20270301T140000Z'] }],
  ];
  it.each(others)('is another answer with another %s', async (_, other) => {
    expect(await post({}, other, other)).toEqual(['reply', 'reply', 'nothing-new']);
  });

  it('is a proposal of another time only if the time differs', async () => {
    const at = (...lines: string[]): Reply => ({ method: 'COUNTER', head: zone, lines: ['SEQUENCE:1', ...lines] });
    expect(
      await post(
        at('DTSTART:20270301T140000Z', 'DTEND:20270301T150000Z'),
        at('DTSTART;TZID=Europe/Paris:20270301T150000', 'DURATION:PT1H'),
        at('DTSTART:20270301T143000Z', 'DTEND:20270301T150000Z'),
      ),
    ).toEqual(['reply', 'nothing-new', 'reply']);
  });

  it('is mailed again an hour later, and after another answer', async () => {
    expect(await post({}, { attendee: ';PARTSTAT=DECLINED' }, {}, {})).toEqual([
      'reply',
      'reply',
      'reply',
      'nothing-new',
    ]);
    kit.clock.now += HOUR_MS - 180_000;
    expect(await post({})).toEqual(['nothing-new']);
    kit.clock.now += 120_000;
    expect(await post({})).toEqual(['reply']);
  });

  it('is another answer to another organizer', async () => {
    await post({});
    await kit.invite(replyOf({}), bob, 'REPLY');
    await kit.settle();
    expect(kit.mails).toHaveLength(2);
  });
});
