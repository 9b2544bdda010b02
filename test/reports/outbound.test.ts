// Faults in outgoing mails (O). Each case is named after its row; the tables cover the whole kind.
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
