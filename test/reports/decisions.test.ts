// Faults seen in decisions and notices (D). Each case is named after its row; tables and properties cover the whole kind.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyDecision, setScheduleStatus } from '../../src/core/itip/apply.ts';
import { decide } from '../../src/core/itip/decide.ts';
import { eventText, parseEvent } from '../../src/core/ical/event-document.ts';
import { octetsOfText, textOfOctets } from '../../src/core/ical/octets.ts';
import { start, home } from '../adapters/caldav/fake-store.ts';
import { answerRsvp, showRsvp } from '../../src/flow/inbound/show-rsvp.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../flow/flow-kit.ts';

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
  attendee: bob,
  organizer: alice,
  partstat: 'ACCEPTED',
  comment: null,
  delegatedTo: [],
  revision: { sequence: 0, sentAt: 5 },
  door: 'smtp',
} as const;

/** Octets of a calendar without its folds. */
const unfolded = (octets: Buffer): string => octets.toString('latin1').replaceAll('\r\n ', '');

describe('D4: an answer keeps every other octet', () => {
  const odd = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 90 })
      .map((octets) => Buffer.from(octets).filter((octet) => octet >= 0x20 && octet !== 0x22 && octet !== 0x7f)),
    fc.constantFrom('Büro', 'Réunion', 'Ωmega', '会議室').map((text) => Buffer.from(text, 'latin1')),
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text.replace(/[\p{Cc}"]/gu, ''))),
  );

  it('whatever octets the event holds and wherever its lines are folded', () => {
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

  it('on the way from and to the CalDAV server', async () => {
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

describe('D5: a web answer to an event that was over', () => {
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

  /** The calendar is away while Bob answers, on 10 January 2027 at noon, and back two days later. */
  async function answerWhileAway(given: Case): Promise<string[]> {
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
  it.each(over)('is refused when the event is read: $why', async (given) => {
    expect(await answerWhileAway(given)).toEqual(['refused past']);
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
  it.each(open)('but one given in time counts, however late it is entered: $why', async (given) => {
    expect(await answerWhileAway(given)).toEqual(['applied applied']);
  });

  it('is only received as long as nobody can tell', async () => {
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
