// Messages without news are not mailed: a CalDAV server posts a callback for every attendee after every answer that we
// write, and clients store an event again with their own changes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveWebAnswer } from '../../../src/flow/inbound/receive.ts';
import { formatInstant } from '../../../src/core/ical/local-time.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { address, alice, type FlowKit, openFlowKit } from '../flow-kit.ts';

const COUNT = fullCount(50, 20);
const DAY_MS = 86_400_000;
const uid = 'planning@example.com';
const guests = Array.from({ length: COUNT }, (_, at) => address(`guest${at}@remote.test`));
const series = meeting({
  uid,
  organizer: alice.asWritten,
  attendees: guests.map(({ asWritten }) => ({ email: asWritten })),
  extra: [`RRULE:FREQ=DAILY;COUNT=${COUNT}`],
});

describe('no mail is sent', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit({ notify: 'held' });
    kit.calendar.put(uid, series);
    await postToAll(series);
    expect(kit.mails).toHaveLength(COUNT);
    kit.mails.length = 0;
  });
  afterEach(() => kit.close());

  /** Posts one callback per attendee, as SabreDAV does after every PUT. */
  async function postToAll(text: string): Promise<void> {
    await Promise.all(guests.map((guest) => kit.invite(text, guest)));
    await kit.settle();
  }

  it(`after ${COUNT} answers to single occurrences, each followed by callbacks for ${COUNT} attendees`, async () => {
    for (const [at, guest] of guests.entries()) {
      const recurrenceId = formatInstant(Date.UTC(2027, 2, 1, 10) + at * DAY_MS);
      const claims = { uid, recurrenceId, attendee: guest.asWritten, organizer: alice.asWritten, expiresAt: 0 };
      const given = {
        partstat: at % 2 === 0 ? 'DECLINED' : 'ACCEPTED',
        comment: null,
        sequence: 0,
        wholeSeries: false,
      } as const;
      await receiveWebAnswer(kit, claims, given);
      await kit.settle();
      await postToAll(kit.calendar.text(uid));
      kit.clock.now += 10_000;
    }
    expect(kit.calendar.text(uid).match(/RECURRENCE-ID/g)).toHaveLength(COUNT);
    expect(kit.mails).toEqual([]);
  }, 300_000);

  it('after a client stores an event again', async () => {
    const [, begin = '', rest = ''] = /^([\s\S]*?BEGIN:VEVENT\r\n)([\s\S]*)$/.exec(series) ?? [];
    const alarm = 'BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n';
    const lines = rest.split('\r\n');
    const end = lines.indexOf('END:VEVENT');
    const saved: Readonly<Record<string, string>> = {
      'with new stamps': series
        .replace('DTSTAMP:20270101', 'DTSTAMP:20270105')
        .replace('SUMMARY', 'CREATED:20270101T000000Z\r\nLAST-MODIFIED:20270105T000000Z\r\nSUMMARY'),
      'by Thunderbird': series.replace(
        'END:VEVENT',
        'X-MOZ-GENERATION:3\r\nX-MOZ-LASTACK:20270105T000000Z\r\nEND:VEVENT',
      ),
      'with an alarm': series.replace('END:VEVENT', `${alarm}END:VEVENT`),
      'in another order': begin + [...lines.slice(0, end).toReversed(), ...lines.slice(end)].join('\r\n'),
      'with other line ends': series.replaceAll('\r\n', '\n'),
      'folded differently': series.replace(/^(ATTENDEE;PARTSTAT)(.*)$/gm, '$1\r\n $2'),
      'with SCHEDULE-STATUS': series.replaceAll('ATTENDEE;', 'ATTENDEE;SCHEDULE-STATUS="1.2";'),
      'with answers': series.replaceAll('NEEDS-ACTION', 'ACCEPTED').replaceAll('RSVP=TRUE', 'RSVP=FALSE'),
      'with DURATION instead of DTEND': series.replace('DTEND:20270301T110000Z', 'DURATION:PT1H'),
      'by another program': series.replace(/PRODID:.*/, 'PRODID:-//example.com//another//EN'),
    };
    for (const [how, text] of Object.entries(saved)) {
      await postToAll(text);
      expect(kit.mails.length, how).toBe(0);
    }
  }, 120_000);
});
