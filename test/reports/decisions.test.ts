// Faults in decisions and notices (D). Each case is named after its row; tables and properties cover the whole kind.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyDecision, setScheduleStatus } from '../../src/core/itip/apply.ts';
import type { CalendarAddress } from '../../src/core/ical/types.ts';
import { compare } from '../../src/core/itip/compare.ts';
import { decide } from '../../src/core/itip/decide.ts';
import { eventText, parseEvent } from '../../src/core/ical/event-document.ts';
import { octetsOfText, textOfOctets } from '../../src/core/ical/octets.ts';
import { start, home } from '../adapters/caldav/fake-store.ts';
import { newMailing } from '../adapters/spool/records.ts';
import { answerRsvp, showRsvp } from '../../src/flow/inbound/show-rsvp.ts';
import { decideHeld, readDecision } from '../../src/flow/questions/decide-held.ts';
import { recordTask } from '../../src/flow/records/records.ts';
import { alice, bob, carol, dave, type FlowKit, type FlowKitOptions, openFlowKit } from '../flow/flow-kit.ts';

const uid = 'planning@example.com';

/** An event with these octets as SUMMARY and as Bob's CN, folded at that octet. */
function storedEvent(odd: Buffer, foldAt: number, inName: boolean): Buffer {
  const fold = (line: Buffer): Buffer => {
    const at = Math.min(Math.max(foldAt, 1), line.length);
    return Buffer.concat([line.subarray(0, at), Buffer.from('\r\n '), line.subarray(at)]);
  };
  const name = inName ? odd : Buffer.from('Bob');
  return Buffer.concat([
    Buffer.from(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTART:20270202T100000Z\r\n`),
    fold(Buffer.concat([Buffer.from('SUMMARY:'), odd])),
    Buffer.from(`\r\nORGANIZER:mailto:${alice.asWritten}\r\n`),
    fold(Buffer.concat([Buffer.from('ATTENDEE;CN="'), name, Buffer.from('";PARTSTAT=NEEDS-ACTION')])),
    Buffer.from(`:mailto:${bob.asWritten}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`),
  ]);
}

const answer = {
  component: 'VEVENT',
  occurrence: { uid, recurrenceId: null },
  range: null,
  start: null,
  attendee: bob,
  organizer: alice,
  partstat: 'ACCEPTED',
  comment: null,
  delegatedTo: [],
  revision: { sequence: 0, sentAt: 5 },
  door: 'smtp',
} as const;

/** Returns the octets of a calendar without its folds. */
const unfolded = (octets: Buffer): string => octets.toString('latin1').replaceAll('\r\n ', '');

describe('D4: an answer keeps every other octet', () => {
  const odd = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 90 })
      .map((octets) => Buffer.from(octets).filter((octet) => octet >= 0x20 && octet !== 0x22 && octet !== 0x7f)),
    fc.constantFrom('Büro', 'Réunion', 'Ωmega', '会議室').map((text) => Buffer.from(text, 'latin1')),
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text.replace(/[\p{Cc}"]/gu, ''))),
  );

  it('for any octets in the event and any folds', () => {
    fc.assert(
      fc.property(odd, fc.integer({ min: 1, max: 100 }), fc.boolean(), (octets, foldAt, inName) => {
        const before = storedEvent(Buffer.from(octets), foldAt, inName);
        const document = parseEvent(textOfOctets(before));
        const decision = decide({ answer, document, occurrences: null, history: { applied: [], mailed: [] }, now: 10 });
        if (decision.verdict !== 'apply') throw new TypeError(`not applied: ${decision.reason}`);
        const after = octetsOfText(eventText(applyDecision(document, decision)));
        expect(unfolded(after)).toBe(unfolded(before).replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=ACCEPTED'));
        const marked = octetsOfText(eventText(setScheduleStatus(document, bob, '5.1')));
        expect(unfolded(marked).replace(';SCHEDULE-STATUS=5.1', '')).toBe(unfolded(before));
      }),
    );
  });

  it('when the event is read from the CalDAV server and written to it', async () => {
    const { server, store } = await start();
    const before = storedEvent(Buffer.from('B\xfcro', 'latin1'), 30, true);
    const path = `${home}default/one.ics`;
    server.objects.set(path, textOfOctets(before));
    const found = await store.find(alice, uid, path);
    if (found.kind !== 'found') throw new TypeError('not found');
    const text = found.event.text.replace('NEEDS-ACTION', 'ACCEPTED');
    expect(await store.write(alice, found.event, text)).toMatchObject({ kind: 'written' });
    const after = octetsOfText(server.objects.get(path) ?? '').toString('latin1');
    expect(after).toBe(before.toString('latin1').replace('NEEDS-ACTION', 'ACCEPTED'));
  });
});

describe('D5: a web answer during an outage of the calendar', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  interface Case {
    readonly why: string;
    readonly times: readonly string[];
    readonly overrides?: readonly string[];
    readonly recurrenceId?: string;
  }

  const textOf = ({ times, overrides = [] }: Case): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      ...[times, ...(overrides.length > 0 ? [overrides] : [])].flatMap((lines) => [
        'BEGIN:VEVENT',
        `UID:${uid}`,
        'DTSTAMP:20270101T120000Z',
        ...lines,
        'SUMMARY:Planning',
        `ORGANIZER:mailto:${alice.asWritten}`,
        `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
        'END:VEVENT',
      ]),
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  /** Bob answers on 10 January 2027 at noon, during an outage of the calendar that ends two days later. */
  async function answerDuringOutage(given: Case): Promise<string[]> {
    const text = textOf(given);
    kit.calendar.put(uid, text);
    kit.calendar.isDown = true;
    await kit.click(uid, bob, 'ACCEPTED', null, given.recurrenceId ?? null);
    await kit.settle(['invitation']);
    kit.clock.now += 2 * 86_400_000;
    kit.calendar.isDown = false;
    await kit.settle();
    return (await kit.reasons(uid)).filter((reason) => !reason.startsWith('mailed'));
  }

  const over: Case[] = [
    { why: 'an hour ago', times: ['DTSTART:20270110T100000Z', 'DTEND:20270110T110000Z'] },
    { why: 'with a DURATION', times: ['DTSTART:20270110T100000Z', 'DURATION:PT1H'] },
    { why: 'without an end', times: ['DTSTART:20270110T100000Z'] },
    { why: 'with an end before its start', times: ['DTSTART:20270110T100000Z', 'DTEND:20260110T110000Z'] },
    {
      why: 'in a zone',
      times: ['DTSTART;TZID=Europe/Paris:20270110T120000', 'DTEND;TZID=Europe/Paris:20270110T123000'],
    },
    { why: 'all day', times: ['DTSTART;VALUE=DATE:20270107', 'DTEND;VALUE=DATE:20270108'] },
    { why: 'floating', times: ['DTSTART:20270108T100000', 'DTEND:20270108T110000'] },
    {
      why: 'a series until last week',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;UNTIL=20270105T000000Z'],
    },
    { why: 'a series of three', times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=3'] },
    { why: 'listed dates', times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RDATE:20270105T100000Z'] },
    {
      why: 'one date of an endless series',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'],
      recurrenceId: '20270105T100000Z',
    },
    {
      why: 'one date, moved into the past',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'],
      overrides: ['RECURRENCE-ID:20270112T100000Z', 'DTSTART:20270109T100000Z', 'DURATION:PT1H'],
      recurrenceId: '20270112T100000Z',
    },
  ];
  it.each(over)('is refused if the event was over: $why', async (given) => {
    expect(await answerDuringOutage(given)).toEqual(['refused past']);
    expect(kit.calendar.writes).toBe(0);
    const claims = {
      uid,
      recurrenceId: given.recurrenceId ?? null,
      attendee: bob.asWritten,
      organizer: alice.asWritten,
    };
    const shown = await showRsvp({ ...kit, store: kit.calendar }, { ...claims, expiresAt: Infinity });
    expect(shown).toMatchObject({ state: 'past', partstat: 'NEEDS-ACTION' });
  });

  const open: Case[] = [
    { why: 'later that day', times: ['DTSTART:20270110T130000Z', 'DTEND:20270110T140000Z'] },
    { why: 'at that moment', times: ['DTSTART:20270110T100000Z', 'DTEND:20270110T130000Z'] },
    { why: 'all of that day', times: ['DTSTART;VALUE=DATE:20270110'] },
    {
      why: 'a later date of a series',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=9'],
      recurrenceId: '20270112T100000Z',
    },
    { why: 'an endless series', times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'] },
    {
      why: 'a series with a date left',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=7'],
    },
    {
      why: 'an ended series with one date moved to later',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=3'],
      overrides: ['RECURRENCE-ID:20261215T100000Z', 'DTSTART:20270120T100000Z', 'DURATION:PT1H'],
    },
    {
      why: 'one date, moved to later',
      times: ['DTSTART:20261201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'],
      overrides: ['RECURRENCE-ID:20270105T100000Z', 'DTSTART:20270111T100000Z', 'DURATION:PT1H'],
      recurrenceId: '20270105T100000Z',
    },
  ];
  it.each(open)('counts if the event was not over, although it is entered later: $why', async (given) => {
    expect(await answerDuringOutage(given)).toEqual(['applied applied']);
  });

  it('is shown as received, because the time of the event is unknown', async () => {
    kit.calendar.put(uid, textOf(over[0] as Case));
    kit.calendar.isDown = true;
    const claims = {
      uid,
      recurrenceId: null,
      attendee: bob.asWritten,
      organizer: alice.asWritten,
      expiresAt: Infinity,
    };
    const given = { partstat: 'ACCEPTED', comment: null, sequence: null, wholeSeries: false } as const;
    expect(await answerRsvp({ ...kit, store: kit.calendar }, claims, given)).toBe('received');
  });
});

const guests = { bob: 'Bob Dupont', carol: 'Carol' };

/** A meeting of Alice, Bob and Carol, who has accepted. */
function stored(title: string, more: { readonly lines?: readonly string[]; readonly sequence?: number } = {}): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270101T120000Z',
    `SEQUENCE:${more.sequence ?? 0}`,
    ...(more.lines ?? ['DTSTART:20270202T100000Z', 'DTEND:20270202T110000Z']),
    `SUMMARY:${title}`,
    `ORGANIZER;CN=Alice Martin:mailto:${alice.asWritten}`,
    `ATTENDEE;CN=${guests.bob};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
    `ATTENDEE;CN=${guests.carol};PARTSTAT=ACCEPTED:mailto:${carol.asWritten}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

/** A mail of Bob with this calendar part. */
function itipMail(method: string, lines: readonly string[], from = bob.asWritten): Buffer {
  return Buffer.from(
    [
      `From: <${from}>`,
      `To: <${alice.asWritten}>`,
      `Message-ID: <${method}-${lines.length}-${from}>`,
      `Content-Type: text/calendar; method=${method}; charset=utf-8`,
      '',
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      `METHOD:${method}`,
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'DTSTAMP:20270110T110000Z',
      ...lines,
      `ORGANIZER:mailto:${alice.asWritten}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
}

/** Own-domain mode, in which every mail is authenticated. */
async function openOwnDomain(options: FlowKitOptions = {}): Promise<FlowKit> {
  const kit = await openFlowKit({ replyDomain: null, ownRecipients: [alice.asWritten], ...options });
  kit.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom], dmarc: { result: 'pass', policy: 'reject' } });
  return kit;
}

const counter = itipMail('COUNTER', [
  'DTSTART:20270203T140000Z',
  'DTEND:20270203T150000Z',
  `ATTENDEE:mailto:${bob.asWritten}`,
]);
const reply = (params: string): Buffer =>
  itipMail('REPLY', ['SEQUENCE:0', `ATTENDEE;${params}:mailto:${bob.asWritten}`]);

describe('D1: a notice to the organizer shows the stored event', () => {
  let kit: FlowKit;
  afterEach(() => kit.close());

  interface Notice {
    readonly what: string;
    readonly options?: FlowKitOptions;
    readonly happen: (kit: FlowKit) => Promise<unknown>;
    readonly subject: RegExp;
    readonly text?: RegExp;
  }
  const notices: Notice[] = [
    {
      what: 'a proposal',
      happen: (to) => to.mail(counter, alice.asWritten),
      subject: /^Bob Dupont proposes another time: New title$/,
      text: /Planned time: [^\n]*February 2[^\n]*10:00[\s\S]*\/decide\/\?token=/,
    },
    {
      what: 'a delegation',
      happen: (to) => to.mail(reply(`PARTSTAT=DELEGATED;DELEGATED-TO="mailto:${dave.asWritten}"`), alice.asWritten),
      subject: /^Bob Dupont is sending someone else: New title$/,
    },
    {
      what: 'a held answer',
      happen: (to) => {
        to.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom] });
        return to.mail(reply('PARTSTAT=ACCEPTED'), alice.asWritten);
      },
      subject: /^Please decide: New title$/,
      text: /for Bob Dupont/,
    },
    {
      what: 'a held proposal',
      happen: (to) => {
        to.evidence.of = ({ envelope }) => ({ from: [envelope.mailFrom] });
        return to.mail(counter, alice.asWritten);
      },
      subject: /^Please decide: New title$/,
      text: /for Bob Dupont/,
    },
    {
      what: 'an answer, in a digest',
      options: { notify: 'digest' },
      happen: async (to) => {
        to.calendar.put(uid, stored('Old title'));
        await to.mail(reply('PARTSTAT=TENTATIVE'), alice.asWritten);
        await to.settle();
        to.calendar.put(uid, to.calendar.text(uid).replace('Old title', 'New title'));
        to.clock.now += 15 * 60_000;
      },
      subject: /^Bob Dupont may come: New title$/,
      text: /1 accepted, 1 maybe/,
    },
    {
      what: 'a lost mail',
      happen: (to) =>
        to.spool.put([
          recordTask(
            {
              kind: 'undeliverable',
              origin: { recordId: 'lost', door: 'smtp', messageId: null },
              owner: alice,
              recipient: bob,
              uid,
              method: 'REQUEST',
              diagnostic: '550 5.1.1 no such user',
            },
            { id: 'lost', createdAt: to.clock.now },
          ),
        ]),
      subject: /^Not delivered to Bob Dupont: New title$/,
    },
    {
      what: 'a decision that failed, alone in its lane',
      happen: (to) =>
        to.spool.put([
          recordTask(
            {
              kind: 'notice',
              origin: { recordId: 'failed', door: 'smtp', messageId: null },
              owner: alice,
              uid,
              notice: { kind: 'not-entered', attendee: bob, reason: 'failed' },
            },
            { id: 'failed', createdAt: to.clock.now },
          ),
        ]),
      subject: /^Not carried out: New title$/,
      text: /about Bob Dupont/,
    },
  ];

  /** Returns the notice that Alice gets after `happen`. */
  async function noticeAbout(
    { happen, options }: Notice,
    isMailed: boolean,
  ): Promise<{ subject: string; text: string } | undefined> {
    kit = await openOwnDomain(options);
    if (isMailed) {
      await kit.invite(stored('Old title').replace('ACCEPTED', 'DECLINED').replace(guests.bob, 'B'), bob);
      await kit.settle();
    }
    kit.calendar.put(uid, stored('New title'));
    await happen(kit);
    await kit.settle();
    return (await kit.mailsTo(alice)).at(-1);
  }

  it.each(notices)('$what about an event that was never mailed', async (notice) => {
    const mail = await noticeAbout(notice, false);
    expect(mail?.subject).toMatch(notice.subject);
    expect(mail?.text).toMatch(notice.text ?? /1 accepted/);
    expect(mail?.text).toMatch(/10:00/);
  });

  it.each(notices)('$what about an event that changed since it was mailed', async (notice) => {
    const mail = await noticeAbout(notice, true);
    expect(mail?.subject).toMatch(notice.subject);
    expect(mail?.text).toMatch(notice.text ?? /1 accepted/);
    expect(mail?.text).not.toMatch(/declined/);
  });

  it.each(notices.filter(({ what }) => !what.includes('digest')))(
    '$what, although the event has been deleted',
    async (notice) => {
      kit = await openOwnDomain(notice.options);
      await notice.happen(kit);
      await kit.settle();
      expect((await kit.mailsTo(alice)).map(({ subject }) => subject)).toEqual([
        expect.stringMatching(/\(no title\)$/),
      ]);
    },
  );

  it('does not wait for the end of a long outage', async () => {
    kit = await openOwnDomain();
    kit.calendar.put(uid, stored('Planning'));
    kit.calendar.isDown = true;
    await kit.mail(counter, alice.asWritten);
    for (let tries = 0; tries < 8; tries += 1) {
      await kit.settle();
      expect(await kit.mailsTo(alice)).toEqual([]);
      kit.clock.now += 60_000;
    }
    await kit.settle();
    expect(await kit.mailsTo(alice)).toHaveLength(1);
  });

  it.each([
    { times: stored('Planning'), about: [] },
    {
      times: stored('Planning', { lines: ['DTSTART:20270202T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY'] }),
      about: ['RECURRENCE-ID;VALUE=DATE:20270209'],
    },
  ] as const)('a proposal for an event that was never mailed can be declined: $about', async ({ times, about }) => {
    kit = await openOwnDomain();
    kit.calendar.put(uid, times);
    const lines = ['DTSTART:20270210T140000Z', 'DTEND:20270210T150000Z', `ATTENDEE:mailto:${bob.asWritten}`];
    await kit.mail(itipMail('COUNTER', [...about, ...lines]), alice.asWritten);
    await kit.settle();
    const claims = await kit.question();
    expect(await readDecision(kit, claims)).toMatchObject({ answers: [{ event: { summary: 'Planning' } }] });
    kit.calendar.put(uid, times.replace('Planning', 'Planning as stored now'));
    expect(await decideHeld(kit, claims, 'decline')).toBe('done');
    await kit.settle();
    const [mail] = await kit.mailsTo(bob);
    expect(mail?.subject).toMatch(/^Proposal declined: Planning as stored now/);
    expect(mail?.calendar).toContain('METHOD:DECLINECOUNTER');
    if (about.length > 0) expect(mail?.calendar).toMatch(/RECURRENCE-ID:20270209T100000Z/);
  });

  it('a proposal of somebody who is not invited has no link, because no DECLINECOUNTER would be sent', async () => {
    kit = await openOwnDomain();
    kit.calendar.put(uid, stored('Planning').replace(bob.asWritten, 'robert@remote.test'));
    await kit.mail(counter, alice.asWritten);
    await kit.settle();
    expect((await kit.mailsTo(alice))[0]?.text).not.toContain('/decide/');
  });
});

describe('D2: a REFRESH is answered', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openOwnDomain();
  });
  afterEach(() => kit.close());

  async function requestAgain(): Promise<{ subject: string; text: string; calendar: string }[]> {
    kit.mails.length = 0;
    await kit.mail(itipMail('REFRESH', [`ATTENDEE:mailto:${bob.asWritten}`]), alice.asWritten);
    await kit.settle();
    return kit.mailsTo(bob);
  }

  it.each([
    { before: 'that was never mailed', mailed: null },
    { before: 'that is the same as in the last mail', mailed: stored('New title') },
    { before: 'that has changed since the last mail', mailed: stored('Old title') },
    {
      before: 'that has moved since the last mail',
      mailed: stored('New title', { lines: ['DTSTART:20270201T100000Z'] }),
    },
  ])('with the stored event $before', async ({ mailed }) => {
    kit.calendar.put(uid, stored('New title'));
    if (mailed !== null) await kit.invite(mailed, bob);
    await kit.settle();
    const [mail, ...more] = await requestAgain();
    expect(more).toEqual([]);
    expect(mail?.subject).toMatch(/^Current details: New title/);
    expect(mail?.text).toContain('Alice Martin sends you the current details of this event');
    expect(mail?.text).toMatch(/Accept: https:/);
    expect(mail?.text).not.toMatch(/has changed|What changed|invites you/);
    expect(mail?.calendar).toContain('METHOD:REQUEST');
    expect(mail?.calendar).toContain('DTSTART:20270202T100000Z');
    expect(await kit.reasons(uid)).toEqual(expect.arrayContaining(['recorded refresh', 'mailed refresh']));
  });

  it('so that the same event posted later is not mailed', async () => {
    kit.calendar.put(uid, stored('New title'));
    await requestAgain();
    await kit.invite(stored('New title'), bob);
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('not-mailed nothing-new');
  });

  it.each([
    {
      what: 'the cancellation if the event is cancelled',
      event: stored('Planning').replace('SUMMARY', 'STATUS:CANCELLED\r\nSUMMARY'),
    },
    {
      what: 'the mailed cancellation if the guest was removed',
      event: stored('Planning').replace(bob.asWritten, dave.asWritten),
    },
    { what: 'the mailed cancellation if the event was deleted', event: null },
  ])('with $what', async ({ event }) => {
    await kit.invite(stored('Planning'), bob);
    await kit.settle();
    await kit.invite(stored('Planning', { sequence: 1 }), bob, 'CANCEL');
    await kit.settle();
    if (event !== null) kit.calendar.put(uid, event);
    const [mail] = await requestAgain();
    expect(mail?.calendar).toContain('METHOD:CANCEL');
  });

  it('not at all for somebody who is not invited', async () => {
    kit.calendar.put(uid, stored('Planning').replace(bob.asWritten, dave.asWritten));
    expect(await requestAgain()).toEqual([]);
    expect(await kit.reasons(uid)).toContain('refused not-invited');
  });

  it('after the end of an outage, even of a long one', async () => {
    kit.calendar.put(uid, stored('New title'));
    kit.calendar.isDown = true;
    expect(await requestAgain()).toEqual([]);
    for (let tries = 0; tries < 20; tries += 1) {
      kit.clock.now += 60_000;
      await kit.settle();
    }
    kit.calendar.isDown = false;
    kit.clock.now += 60_000;
    await kit.settle();
    expect(await kit.mailsTo(bob)).toHaveLength(1);
  });
});

describe('D9: SCHEDULE-AGENT changes', () => {
  const AGENTS = {
    absent: null,
    SERVER: ';SCHEDULE-AGENT=SERVER',
    CLIENT: ';SCHEDULE-AGENT=CLIENT',
    NONE: ';SCHEDULE-AGENT=NONE',
  };
  type Agent = keyof typeof AGENTS;

  const eventFor = (agent: Agent, title = 'Planning'): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'SEQUENCE:0',
      'DTSTART:20270202T100000Z',
      `SUMMARY:${title}`,
      `ORGANIZER:mailto:${alice.asWritten}`,
      `ATTENDEE:mailto:${carol.asWritten}`,
      ...(agent === 'absent' ? [] : [`ATTENDEE${AGENTS[agent]}:mailto:${bob.asWritten}`]),
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  /** RFC 6638 §3.2.1.2: the guest before (row) and after (column) a change of the event. */
  const table: Readonly<Record<Agent, Readonly<Record<Agent, string | null>>>> = {
    absent: { absent: null, SERVER: 'REQUEST invited', CLIENT: null, NONE: null },
    SERVER: {
      absent: 'CANCEL uninvited',
      SERVER: 'REQUEST changed',
      CLIENT: 'CANCEL uninvited',
      NONE: 'CANCEL uninvited',
    },
    CLIENT: { absent: null, SERVER: 'REQUEST invited', CLIENT: null, NONE: null },
    NONE: { absent: null, SERVER: 'REQUEST invited', CLIENT: null, NONE: null },
  };
  const agents = Object.keys(AGENTS) as Agent[];
  const cells = agents.flatMap((before) => agents.map((after) => ({ before, after, expected: table[before][after] })));

  it.each(cells)('from $before to $after: $expected', ({ before, after, expected }) => {
    const due = compare(eventFor(before), eventFor(after, 'Plan'), { user: alice, now: 0 });
    const toBob = due.filter(({ recipient }) => recipient.key === bob.key);
    expect(toBob.map(({ method, reason }) => `${method} ${reason}`)).toEqual(expected === null ? [] : [expected]);
    for (const { calendar } of toBob) expect(calendar).not.toMatch(/SCHEDULE-|STATUS:CANCELLED/);
    expect(due.filter(({ recipient }) => recipient.key === carol.key)).toHaveLength(1);
  });

  it.each(cells)('from $before to $after, and the event is deleted', ({ before }) => {
    const due = compare(eventFor(before), null, { user: alice, now: 0 });
    const toBob = due.filter(({ recipient }) => recipient.key === bob.key).map(({ method }) => method);
    expect(toBob).toEqual(before === 'SERVER' ? ['CANCEL'] : []);
  });

  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  it.each(['CLIENT', 'NONE'] as const)('a CANCEL is mailed, although its ATTENDEE says %s already', async (agent) => {
    for (const [text, method] of [
      [eventFor('SERVER'), 'REQUEST'],
      [eventFor(agent, 'Plan'), 'REQUEST'],
      [eventFor(agent), 'CANCEL'],
      [eventFor('SERVER'), 'REQUEST'],
    ] as const) {
      await kit.invite(text, bob, method);
      await kit.settle();
    }
    const told = (await kit.entries(bob.key)).filter(({ verdict }) => verdict.endsWith('mailed'));
    expect(told.map(({ reason }) => reason)).toEqual(['invitation', 'schedule-agent', 'cancel', 'invitation']);
  });
});

describe('D3: a guest who is added later', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const eventAt = (sequence: number, ...invited: readonly CalendarAddress[]): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      `SEQUENCE:${sequence}`,
      `DTSTART:2027020${sequence + 1}T100000Z`,
      'SUMMARY:Planning',
      `ORGANIZER:mailto:${alice.asWritten}`,
      ...invited.map(({ asWritten }) => `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${asWritten}`),
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  /** Posts the callbacks for these recipients; returns the kind of each mail that follows. */
  async function post(calendar: string, ...recipients: readonly CalendarAddress[]): Promise<string[]> {
    const before = kit.mails.length;
    for (const recipient of recipients) await kit.invite(calendar, recipient);
    await kit.settle();
    kit.clock.now += 60_000;
    const mailed = new Map((await kit.entries(uid)).map(({ messageId, reason }) => [messageId, reason]));
    return kit.mails.slice(before).map(({ messageId }) => mailed.get(messageId) ?? '');
  }

  it('gets an invitation, whatever SEQUENCE is, if others were invited before', async () => {
    expect(await post(eventAt(0, bob), bob)).toEqual(['invitation']);
    expect(await post(eventAt(2, bob, carol), bob, carol)).toEqual(['update', 'invitation']);
    expect(await post(eventAt(3, bob, carol, dave), bob, carol, dave)).toEqual(['update', 'update', 'invitation']);
    expect((await kit.mailsTo(dave))[0]?.subject).toMatch(/^Invitation: /);
  });

  it('gets an invitation also if the gateway first mailed a changed event, and to others', async () => {
    expect(await post(eventAt(2, bob, carol), bob, carol)).toEqual(['update', 'update']);
    expect(await post(eventAt(3, bob, carol, dave), dave)).toEqual(['invitation']);
  });

  it('gets an invitation also if the first mail listed them, but they were not mailed', async () => {
    expect(await post(eventAt(0, bob, carol), bob)).toEqual(['invitation']);
    expect(await post(eventAt(2, bob, carol), carol)).toEqual(['invitation']);
  });

  it('gets an invitation also if the others were removed meanwhile', async () => {
    expect(await post(eventAt(0, bob), bob)).toEqual(['invitation']);
    await kit.invite(eventAt(1, bob), bob, 'CANCEL');
    expect((await post(eventAt(2, carol), carol)).at(-1)).toBe('invitation');
  });

  it('gets an invitation also if nobody was mailed yet, but the ledger has the event', async () => {
    const elsewhere = eventAt(2, bob, carol).replace('ATTENDEE;', 'ATTENDEE;SCHEDULE-AGENT=CLIENT;');
    expect(await post(elsewhere, bob)).toEqual([]);
    expect(await post(elsewhere, carol)).toEqual(['invitation']);
  });

  it('is told of a change if the ledger does not have the event: it was mailed by another system', async () => {
    expect(await post(eventAt(2, bob, carol), carol)).toEqual(['update']);
    expect(await post(eventAt(2, bob, carol), bob)).toEqual(['update']);
  });

  it('is not confused with a guest of another organizer’s event', async () => {
    await kit.spool.put(
      [],
      [{ kind: 'mailing', mailing: newMailing({ uid: 'other@example.com', ownerKey: alice.key }) }],
    );
    expect(await post(eventAt(2, bob), bob)).toEqual(['update']);
  });
});
