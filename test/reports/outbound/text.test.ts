// What mails say about an event: its end, its text, its links.
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import { endIfLater } from '../../../src/core/ical/occurrence-id.ts';
import { cancelFor } from '../../../src/core/itip/schedule-message.ts';
import { scheduleFingerprint } from '../../../src/core/itip/fingerprint.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';
import { bob, calendar, event } from '../../core/compose/samples.ts';
import { invitationTo } from './read-mail.ts';

describe('O10: an end that is not after the start counts as missing', () => {
  const start = 'Tuesday, November 3, 2026 at 10:00 AM (Central European Time)';

  it.each<[what: string, properties: Readonly<Record<string, string | null>>, when: string]>([
    ['a week before', { DTEND: 'DTEND;TZID=Europe/Paris:20261027T100000' }, start],
    ['years before', { DTEND: 'DTEND:20200101T000000Z' }, start],
    ['a minute before, in another zone', { DTEND: 'DTEND:20261103T085900Z' }, start],
    ['the start itself', { DTEND: 'DTEND;TZID=Europe/Paris:20261103T100000' }, start],
    ['a date before', { DTEND: 'DTEND;VALUE=DATE:20261101' }, start],
    [
      'without a zone',
      { DTEND: 'DTEND:20261103T090000', DTSTART: 'DTSTART:20261103T100000' },
      'Tuesday, November 3, 2026 at 10:00 AM (local time)',
    ],
    [
      'of a whole day',
      { DTSTART: 'DTSTART;VALUE=DATE:20261103', DTEND: 'DTEND;VALUE=DATE:20261103' },
      'Tuesday, November 3, 2026, all day',
    ],
    [
      'with a DURATION as well',
      { DTEND: 'DTEND:20200101T000000Z', DURATION: 'DURATION:PT1H' },
      'Tuesday, November 3, 2026, 10:00 – 11:00 AM (Central European Time)',
    ],
    ['of a series', { DTEND: 'DTEND:20200101T000000Z', RRULE: 'RRULE:FREQ=DAILY;COUNT=3' }, start],
  ])('in the mail and its calendar: %s', async (_what, properties, when) => {
    const mail = await invitationTo(properties);
    expect(mail.line('When')).toBe(when);
    expect(mail.ics).not.toMatch(/^DTEND/m);
  });

  it('keeps an end that is later', async () => {
    for (const end of ['DTEND:20261103T090100Z', 'DTEND;TZID=Nowhere:20261103T095900', 'DTEND;VALUE=DATE:20261104']) {
      expect((await invitationTo({ DTEND: end })).ics).toContain(end);
    }
  });

  it('in fingerprints, comparisons and messages', () => {
    const [odd, none] = [{ DTEND: 'DTEND:20200101T000000Z' }, { DTEND: null }].map((each) =>
      calendar(null, event(each)),
    );
    expect(scheduleFingerprint(odd ?? '', null)).toBe(scheduleFingerprint(none ?? '', null));
    const { master } = parseEvent(odd ?? '');
    expect(master?.end).toBeNull();
    const stamp = { now: 0, sequence: 0, cancelled: true };
    expect(cancelFor(parseEvent(odd ?? ''), [bob], [null], stamp)).not.toContain('DTEND');
  });

  it('in a proposal, as COUNTER or in a REPLY of iOS', () => {
    const end = (lines: readonly string[], method: string): unknown =>
      readMessage(calendar(method, lines), null).items.map((item) => (item.kind === 'proposal' ? item.end : 'answer'));
    const attendee = 'ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org';
    expect(end(event({ ATTENDEE: attendee, DTEND: 'DTEND:20200101T000000Z' }), 'COUNTER')).toEqual([null]);
    const proposed = 'TO-ALL-PROPOSED-NEW-TIME="DTSTART:20261122T100000Z;DTEND:20261122T090000Z"';
    expect(end(event({ ATTENDEE: attendee.replace(';', `;${proposed};`) }), 'REPLY')).toEqual(['answer', null]);
  });

  it('compares instants, else local times', () => {
    const time = (value: string, tzid: string | null = null) => readTime(value, { tzid }, []);
    const isLater = (from: ReturnType<typeof time>, to: ReturnType<typeof time>): boolean =>
      from !== null && endIfLater(from, to) !== null;
    expect(isLater(time('20261103T100000', 'Asia/Tokyo'), time('20261103T090000', 'Europe/Paris'))).toBe(true);
    expect(isLater(time('20261103T090000', 'Europe/Paris'), time('20261103T100000', 'Asia/Tokyo'))).toBe(false);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261103T060000Z'))).toBe(true);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261101T060000Z'))).toBe(false);
    expect(isLater(time('20261103T100000', 'Nowhere'), time('20261103T095900', 'Nowhere'))).toBe(false);
  });
});
