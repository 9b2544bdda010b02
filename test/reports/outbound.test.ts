// Faults in outgoing mails (O). Each case is named after its row; the tables cover the whole kind.
import ICAL from 'ical.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { componentsOf, parseEvent } from '../../src/core/ical/event-document.ts';
import { timeOf } from '../../src/core/ical/occurrence-id.ts';
import { alice, bob, carol, type FlowKit, openFlowKit } from '../flow/flow-kit.ts';

const uid = 'planning@example.com';

/** Returns an event of Alice with these lines, and without defaults for them. */
function event(...components: readonly (readonly string[])[]): string {
  const lines = components.flatMap((own) => [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    ...own,
    'SUMMARY:Planning',
    `ORGANIZER:mailto:${alice.asWritten}`,
    `ATTENDEE;PARTSTAT=ACCEPTED:mailto:${alice.asWritten}`,
    ...[bob, carol].map(({ asWritten }) => `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${asWritten}`),
    'END:VEVENT',
  ]);
  return `${['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//client//EN', ...lines, 'END:VCALENDAR'].join('\r\n')}\r\n`;
}

const STAMP = 'DTSTAMP:20270101T120000Z';
const at = (day: number): string[] => [`DTSTART:202702${day}T100000Z`, `DTEND:202702${day}T110000Z`];

describe('O1: DTSTAMP of a mail', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  /** DTSTAMP of each component of each mail to Bob. */
  async function stamps(): Promise<(number | null)[][]> {
    return (await kit.mailsTo(bob)).map(({ calendar }) =>
      componentsOf(parseEvent(calendar)).map((each) => timeOf(each.property('DTSTAMP'), [])?.instant ?? null),
    );
  }

  it.each([
    ['is as before (Apple raises LAST-MODIFIED only)', STAMP],
    ['is missing', 'LAST-MODIFIED:20270101T120000Z'],
    ['is invalid', 'DTSTAMP:yesterday'],
    ['is older than before', 'DTSTAMP:20260101T120000Z'],
    ['lies in the future', 'DTSTAMP:20300101T120000Z'],
    ['is given twice', `${STAMP}\r\n${STAMP}`],
  ])(
    'is set by the gateway in every component, and later than in the last mail, if the posted one %s',
    async (_, line) => {
      const series = ['SEQUENCE:0', 'RRULE:FREQ=WEEKLY'];
      const date = (hour: number) => ['RECURRENCE-ID:20270217T100000Z', `DTSTART:20270217T${hour}0000Z`];
      for (const [day, hour] of [
        [10, 11],
        [10, 12],
        [10, 13],
      ] as const) {
        await kit.invite(event([line, ...at(day), ...series], [line, ...date(hour)]), bob);
      }
      await kit.settle();
      const now = kit.clock.now;
      expect(await stamps()).toEqual([0, 1_000, 2_000].map((later) => [now + later, now + later]));
      kit.clock.now += 3_600_000;
      await kit.invite(event([line, ...at(11)]), bob, 'CANCEL');
      await kit.settle();
      expect((await stamps()).at(-1)).toEqual([kit.clock.now]);
      expect((await kit.mailsTo(bob)).at(-1)?.calendar.match(/DTSTAMP/g)).toHaveLength(1);
    },
  );

  it('does not depend on the mails to others', async () => {
    for (const guest of [carol, bob]) await kit.invite(event([STAMP, ...at(10)]), guest);
    await kit.settle();
    expect(await stamps()).toEqual([[kit.clock.now]]);
  });
});

describe('O2: what the posted event lacks', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const override = (...lines: string[]): string[] => [
    'RECURRENCE-ID:20270217T100000Z',
    'DTSTART:20270217T140000Z',
    ...lines,
  ];
  const series = (...lines: string[]): string[] => [...at(10), 'RRULE:FREQ=WEEKLY', ...lines];
  it.each<[string, string[][], number[]]>([
    ['DTSTAMP', [at(10)], [0]],
    ['DTSTAMP of an override', [series(STAMP, 'SEQUENCE:1'), override('SEQUENCE:1')], [1, 1]],
    ['a SEQUENCE as high as that of the series', [series(STAMP, 'SEQUENCE:3'), override(STAMP, 'SEQUENCE:1')], [3, 3]],
    ['SEQUENCE of an override', [series('SEQUENCE:3'), override()], [3, 3]],
    ['nothing', [series(STAMP, 'SEQUENCE:3'), override(STAMP, 'SEQUENCE:5')], [3, 5]],
  ])('is completed: %s', async (_, components, sequences) => {
    for (const method of ['REQUEST', 'CANCEL']) await kit.invite(event(...components), bob, method);
    await kit.settle();
    const [request = '', cancel = ''] = (await kit.mailsTo(bob)).map(({ calendar }) => calendar);
    expect(componentsOf(parseEvent(request)).map(({ sequence }) => sequence)).toEqual(sequences);
    for (const calendar of [request, cancel]) {
      for (const each of componentsOf(parseEvent(calendar))) {
        expect(each.properties('DTSTAMP').map(({ value }) => value)).toEqual([
          expect.stringMatching(/^20270110T12000\dZ$/),
        ]);
        expect(each.properties('SEQUENCE')).toHaveLength(1);
      }
    }
    const cancelled = componentsOf(parseEvent(cancel)).map(({ sequence }) => sequence);
    for (const [index, sequence] of sequences.entries()) expect(cancelled[index]).toBeGreaterThan(sequence);
  });
});

describe('O4: an event that is over', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  /** Posts and returns the reasons of the outcomes. The clock is at 10 January 2027, noon. */
  async function post(...messages: readonly (readonly [calendar: string, method?: string])[]): Promise<string[]> {
    for (const [calendar, method] of messages) {
      await kit.invite(calendar, bob, method);
      await kit.settle();
      kit.clock.now += 1_000;
    }
    return (await kit.entries(bob.key)).flatMap(({ verdict, reason }) => (verdict.endsWith('mailed') ? [reason] : []));
  }

  const started = ['DTSTART:20180115T100000Z', 'DTEND:20180115T110000Z'];
  const over: readonly (readonly [string, string])[] = [
    ['of 2018', event(started)],
    ['an hour ago', event(['DTSTART:20270110T100000Z', 'DURATION:PT1H'])],
    ['without an end', event(['DTSTART:20270110T110000Z'])],
    ['in a zone', event(['DTSTART;TZID=Europe/Paris:20270110T110000', 'DTEND;TZID=Europe/Paris:20270110T123000'])],
    ['a whole day', event(['DTSTART;VALUE=DATE:20270108'])],
    ['a series that ended in 2018', event([...started, 'RRULE:FREQ=WEEKLY;COUNT=20'])],
    ['a series until 2018', event([...started, 'RRULE:FREQ=WEEKLY;UNTIL=20181231T000000Z'])],
    ['listed dates', event([...started, 'RDATE:20180301T100000Z'])],
    [
      'an ended series with a moved date',
      event([...started, 'RRULE:FREQ=WEEKLY;COUNT=9'], ['RECURRENCE-ID:20180122T100000Z', 'DTSTART:20190122T100000Z']),
    ],
    ['one date', event(['RECURRENCE-ID:20180122T100000Z', 'DTSTART:20180122T100000Z'])],
  ];
  it.each(over)('is recorded, and nobody is mailed: %s', async (_, calendar) => {
    expect(await post([calendar], [calendar.replace('Planning', 'Plan')], [calendar, 'CANCEL'])).toEqual([
      'over',
      'over',
      'over',
    ]);
    expect(kit.mails).toEqual([]);
    expect((await kit.entries(uid))[0]).toMatchObject({ verdict: 'not-mailed', reason: 'over', attendee: bob.key });
  });

  const ahead: readonly (readonly [string, string])[] = [
    ['still under way', event(['DTSTART:20270110T100000Z', 'DTEND:20270110T130000Z'])],
    ['today, all day', event(['DTSTART;VALUE=DATE:20270110'])],
    ['a series without an end', event([...started, 'RRULE:FREQ=WEEKLY'])],
    ['a series with a date left', event([...started, 'RRULE:FREQ=YEARLY;COUNT=10'])],
    [
      'an ended series with a date moved to later',
      event([...started, 'RRULE:FREQ=WEEKLY;COUNT=9'], ['RECURRENCE-ID:20180122T100000Z', 'DTSTART:20270122T100000Z']),
    ],
    ['a to-do that is late', event(['DUE:20270105T100000Z']).replaceAll('VEVENT', 'VTODO')],
  ];
  it.each(ahead)('is not one that has a part to come: %s', async (_, calendar) => {
    expect(await post([calendar], [calendar, 'CANCEL'])).toEqual(['invitation', 'cancel']);
  });

  it('is mailed if it is moved there, because the guest expects it', async () => {
    expect(await post([event(at(10))], [event(started)], [event([...started, 'LOCATION:Room 8'])])).toEqual([
      'invitation',
      'update',
      'over',
    ]);
  });

  it('is cancelled as long as it was mailed with a part to come: SabreDAV cancels a series by its first date', async () => {
    const series = event([...started, 'RRULE:FREQ=WEEKLY']);
    expect(await post([series], [event(started), 'CANCEL'])).toEqual(['invitation', 'cancel']);
  });

  it('invites when it is moved to the future', async () => {
    expect(await post([event([...started, 'SEQUENCE:1'])], [event([...at(10), 'SEQUENCE:2'])])).toEqual([
      'over',
      'invitation',
    ]);
  });

  it('is mailed to a guest who requests it, and answered to its organizer', async () => {
    const theirs = event(started).replace(`ORGANIZER:mailto:${alice.asWritten}`, `ORGANIZER:mailto:${bob.asWritten}`);
    expect(await post([theirs, 'REPLY'])).toEqual(['reply']);
  });
});

describe('O18: who is told something that is no question', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  async function post(
    to: typeof bob,
    ...messages: readonly (readonly [calendar: string, method?: string])[]
  ): Promise<string[]> {
    for (const [calendar, method] of messages) {
      await kit.invite(calendar, to, method);
      await kit.settle();
      kit.clock.now += 1_000;
    }
    return (await kit.entries(to.key)).flatMap(({ verdict, reason }) => (verdict.endsWith('mailed') ? [reason] : []));
  }

  const sequence = (value: number, ...lines: string[]): string => event([...at(10), `SEQUENCE:${value}`, ...lines]);
  it.each([
    ['with a higher SEQUENCE', sequence(2)],
    ['with STATUS', sequence(1, 'STATUS:CANCELLED')],
    ['with another title and time', event([...at(11), 'SEQUENCE:3']).replace('Planning', 'Plan')],
    ['of one of its dates', event(['RECURRENCE-ID:20270210T100000Z', ...at(10), 'SEQUENCE:2'])],
  ])('a second CANCEL is one cancellation: %s', async (_, again) => {
    const cancel = [sequence(1), 'CANCEL'] as const;
    expect(await post(bob, [sequence(0)], cancel, [again, 'CANCEL'])).toEqual(['invitation', 'cancel', 'nothing-new']);
    expect(await post(bob, [sequence(4)], [sequence(5), 'CANCEL'])).toEqual([
      'invitation',
      'cancel',
      'nothing-new',
      'invitation',
      'cancel',
    ]);
  });

  it('a CANCEL of another date, and of the series after one of its dates, are cancellations', async () => {
    const one = (day: number): [string, string] => [
      event([`RECURRENCE-ID:202702${day}T100000Z`, ...at(day)]),
      'CANCEL',
    ];
    const series = event([...at(10), 'RRULE:FREQ=WEEKLY']);
    expect(await post(bob, [series], one(10), one(17), one(17), [series, 'CANCEL'])).toEqual([
      'invitation',
      'cancel',
      'cancel',
      'nothing-new',
      'cancel',
    ]);
  });

  it('a CANCEL of the series after one of two dates together is a cancellation', async () => {
    const dates = event([`RECURRENCE-ID:20270210T100000Z`, ...at(10)], [`RECURRENCE-ID:20270217T100000Z`, ...at(17)]);
    const one = event([`RECURRENCE-ID:20270217T100000Z`, ...at(17), 'SEQUENCE:4']);
    const series = event([...at(10), 'RRULE:FREQ=WEEKLY']);
    expect(await post(bob, [series], [dates, 'CANCEL'], [one, 'CANCEL'], [series, 'CANCEL'])).toEqual([
      'invitation',
      'cancel',
      'nothing-new',
      'cancel',
    ]);
  });

  it('a CANCEL without METHOD in its calendar is one', async () => {
    const todo = sequence(0).replaceAll('VEVENT', 'VTODO');
    expect(await post(bob, [todo], [todo, 'CANCEL'], [todo, 'CANCEL'])).toEqual([
      'invitation',
      'cancel',
      'nothing-new',
    ]);
  });

  it.each([
    ['the sender', sequence(0)],
    [
      'ORGANIZER by EMAIL',
      sequence(0).replace(
        `ORGANIZER:mailto:${alice.asWritten}`,
        `ORGANIZER;EMAIL=${alice.asWritten}:/principals/alice/`,
      ),
    ],
  ])('the organizer who is sent a REQUEST is not asked: %s', async (_, calendar) => {
    expect(await post(alice, [calendar], [calendar], [calendar.replace('Planning', 'Plan')])).toEqual([
      'own',
      'nothing-new',
      'own',
    ]);
    const [mail] = await kit.mailsTo(alice);
    expect(mail?.subject).toMatch(/^Your event: Planning/);
    expect(mail?.text).not.toMatch(/rsvp|invites|Will you/);
    expect(mail?.calendar).not.toMatch(/METHOD|RSVP=TRUE:mailto:alice/);
    expect(mail?.calendar).not.toContain('@reply.example.com');
  });
});

describe('O14: a CN that needs quotes', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const named = (name: string): string =>
    event(at(10))
      .replace(`ORGANIZER:mailto:${alice.asWritten}`, `ORGANIZER;CN=${name}:mailto:${alice.asWritten}`)
      .replace('ATTENDEE;PARTSTAT=NEEDS', `ATTENDEE;CN=${name};PARTSTAT=NEEDS`);
  it.each([
    ['Martin, Alice', 'Martin, Alice', 'CN="Martin, Alice"'],
    ['Martin; Alice', 'Martin; Alice', 'CN="Martin; Alice"'],
    ['Sales: Martin', 'Sales: Martin', 'CN="Sales: Martin"'],
    [
      'Martin, Alice; Sales: North, South',
      'Martin, Alice; Sales: North, South',
      'CN="Martin, Alice; Sales: North, South"',
    ],
    ['"Martin, Alice"', 'Martin, Alice', 'CN="Martin, Alice"'],
    ['"Alice "Al" Martin"', 'Alice "Al" Martin', 'CN="Alice ^\'Al^\' Martin"'],
    ['Alice Martin', 'Alice Martin', 'CN=Alice Martin'],
  ])('%s', async (written, name, expected) => {
    await kit.invite(named(written), bob);
    await kit.settle();
    const [mail] = await kit.mailsTo(bob);
    const lines = (mail?.calendar ?? '').split('\r\n').filter((line) => /^(?:ORGANIZER|ATTENDEE);CN=/.test(line));
    expect(lines).toEqual([
      expect.stringMatching(/^ORGANIZER;/),
      expect.stringContaining(`ATTENDEE;${expected};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`),
    ]);
    expect(lines[0]).toContain(`ORGANIZER;${expected};EMAIL=`);
    const read = new ICAL.Component(ICAL.parse(mail?.calendar ?? '') as unknown as unknown[]);
    const organizer = read.getFirstSubcomponent('vevent')?.getFirstProperty('organizer');
    expect(organizer?.getFirstParameter('cn')).toBe(name);
    expect(mail?.text).toContain(name);
  });
});
