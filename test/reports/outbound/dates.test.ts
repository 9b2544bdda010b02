// The dates that mails and pages about a series show.
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeInvitation } from '../../../src/core/compose/compose-invitation.ts';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import type { InvitationMail } from '../../../src/core/compose/types.ts';
import { showRsvp } from '../../../src/flow/inbound/show-rsvp.ts';
import { bob, calendar, event, invitationMail, loadTemplates, noticeMail } from '../../core/compose/samples.ts';
import { alice, bob as guest, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';

const templates = await loadTemplates();

/** Every Tuesday at 10:00 in Paris, since 2024. All mails are of 20 October 2026. */
const weekly = {
  DTSTART: 'DTSTART;TZID=Europe/Paris:20240102T100000',
  DTEND: 'DTEND;TZID=Europe/Paris:20240102T110000',
  RRULE: 'RRULE:FREQ=WEEKLY;BYDAY=TU',
};
const now = Date.UTC(2026, 9, 20, 12);

const override = (id: string, changes: Readonly<Record<string, string | null>> = {}): string[] =>
  event({
    'RECURRENCE-ID': `RECURRENCE-ID;TZID=Europe/Paris:${id}T100000`,
    DTSTART: `DTSTART;TZID=Europe/Paris:${id}T100000`,
    DTEND: `DTEND;TZID=Europe/Paris:${id}T110000`,
    ...changes,
  });
const movedTo = (day: string): Record<string, string> => ({
  DTSTART: `DTSTART;TZID=Europe/Paris:${day}T140000`,
  DTEND: `DTEND;TZID=Europe/Paris:${day}T150000`,
});

interface Shown {
  readonly subject: string;
  readonly intro: string;
  readonly when: string;
  readonly leaf: string;
  readonly text: string;
}

async function read(raw: Uint8Array): Promise<Shown> {
  const mail = await simpleParser(Buffer.from(raw), { skipTextToHtml: true });
  const text = mail.text ?? '';
  const leaf = /class="leaf".*?<tr>.*?>([^<]+)<\/td>.*?>(\d+)<\/td>/s.exec(String(mail.html));
  return {
    subject: mail.subject ?? '',
    intro: text.split('\n')[0] ?? '',
    when: /^When: (.*)$/m.exec(text)?.[1] ?? '',
    leaf: `${leaf?.[1]} ${leaf?.[2]}`,
    text,
  };
}

const invited = (changes: Partial<InvitationMail>): Promise<Shown> =>
  read(composeInvitation(invitationMail({ date: now, ...changes }), templates).raw);
const updated = (before: string, after: string, changes: Partial<InvitationMail> = {}): Promise<Shown> =>
  invited({ kind: 'update', previousCalendar: before, calendar: after, ...changes });

describe('O6: a mail shows the date that it is about', () => {
  const series = event(weekly);
  const dayOff = { EXDATE: 'EXDATE;TZID=Europe/Paris:20261027T100000' };
  const days = { DTSTART: 'DTSTART;VALUE=DATE:20240102', DTEND: 'DTEND;VALUE=DATE:20240103' };
  const floating = { DTSTART: 'DTSTART:20240102T100000', DTEND: 'DTEND:20240102T110000' };
  const utc = { DTSTART: 'DTSTART:20240102T090000Z', DTEND: 'DTEND:20240102T100000Z' };
  const dates = {
    ...weekly,
    RRULE: null,
    RDATE: 'RDATE;TZID=Europe/Paris:20261117T100000,20261103T100000,20240305T100000',
  };

  it.each<[what: string, components: string[][], date: string]>([
    ['a series', [series], 'Oct 27'],
    ['in UTC', [event({ ...weekly, ...utc })], 'Oct 27'],
    ['of whole days, one of them today', [event({ ...weekly, ...days })], 'Oct 20'],
    ['in local time', [event({ ...weekly, ...floating })], 'Oct 27'],
    ['that takes place now', [event({ ...weekly, DTEND: 'DTEND;TZID=Europe/Paris:20240102T160000' })], 'Oct 20'],
    ['with a DURATION', [event({ ...weekly, DTEND: null, DURATION: 'DURATION:PT1H' })], 'Oct 27'],
    ['with a COUNT', [event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;COUNT=200' })], 'Oct 27'],
    ['with an UNTIL', [event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;UNTIL=20301231T000000Z' })], 'Oct 27'],
    ['of listed dates', [event(dates)], 'Nov 3'],
    ['whose next date is excluded', [event({ ...weekly, ...dayOff })], 'Nov 3'],
    ['whose next date is cancelled', [series, override('20261027', { STATUS: 'STATUS:CANCELLED' })], 'Nov 3'],
    ['whose next date was moved later', [series, override('20261027', movedTo('20261030'))], 'Oct 30'],
    ['whose second date was moved earlier', [series, override('20261103', movedTo('20261023'))], 'Oct 23'],
    ['with a past date that was moved to the future', [series, override('20240109', movedTo('20261022'))], 'Oct 22'],
    ['that has not begun', [event({ ...weekly, ...movedTo('20261208') })], 'Dec 8'],
    ['that is over', [event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;COUNT=3' })], 'Jan 2'],
  ])('an invitation to a series: %s', async (_what, components, date) => {
    const shown = await invited({ calendar: calendar('REQUEST', ...components) });
    expect(shown.subject).toMatch(new RegExp(`, ${date}, 20`));
    expect(shown.leaf).toBe(date);
    const [month, day] = date.split(' ');
    expect(shown.when).toMatch(new RegExp(`^\\w+, ${month}\\w* ${day}, 20`));
  });

  it('a count of occurrences is shown as an end date if the first date is not shown', async () => {
    const shown = await invited({
      calendar: calendar('REQUEST', event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;COUNT=200' })),
    });
    expect(shown.text).toContain('Repeats: every week, until October 26, 2027');
    expect(shown.text).not.toContain('2024');
  });

  it('past dates are not listed', async () => {
    const exdate = 'EXDATE;TZID=Europe/Paris:20240116T100000,20261103T100000';
    const shown = await invited({ calendar: calendar('REQUEST', event({ ...weekly, EXDATE: exdate })) });
    expect(shown.text).toContain('Repeats: every week on Tuesday, except November 3, 2026');
  });

  it.each<[what: string, before: string[][], after: string[][], date: string, one: boolean]>([
    ['one date moves', [series], [series, override('20261110', movedTo('20261112'))], 'Nov 12', true],
    [
      'a moved date moves again',
      [series, override('20261110', movedTo('20261112'))],
      [series, override('20261110', movedTo('20261113'))],
      'Nov 13',
      true,
    ],
    [
      'a moved date moves back',
      [series, override('20261110', movedTo('20261112'))],
      [series, override('20261110')],
      'Nov 10',
      true,
    ],
    [
      'one date has another place',
      [series],
      [series, override('20261110', { LOCATION: 'LOCATION:Garden' })],
      'Nov 10',
      true,
    ],
    [
      'a past date has other details',
      [series],
      [series, override('20261013', { LOCATION: 'LOCATION:Garden' })],
      'Oct 13',
      true,
    ],
    ['one date is excluded', [series], [event({ ...weekly, ...dayOff })], 'Oct 27', true],
    ['one date is cancelled', [series], [series, override('20261110', { STATUS: 'STATUS:CANCELLED' })], 'Nov 10', true],
    [
      'a moved date is excluded',
      [series, override('20261110', movedTo('20261112'))],
      [event({ ...weekly, EXDATE: 'EXDATE;TZID=Europe/Paris:20261110T100000' })],
      'Nov 12',
      true,
    ],
    [
      'one date is added',
      [series],
      [event({ ...weekly, RDATE: 'RDATE;TZID=Europe/Paris:20261112T100000' })],
      'Nov 12',
      true,
    ],
    ['one date takes place after all', [event({ ...weekly, ...dayOff })], [series], 'Oct 27', true],
    [
      'two dates move, of which one is past',
      [series],
      [series, override('20261013', movedTo('20261014')), override('20261110', movedTo('20261112'))],
      'Nov 12',
      false,
    ],
    ['the series has another title', [series], [event({ ...weekly, SUMMARY: 'SUMMARY:Talk' })], 'Oct 27', false],
    [
      'the series and one date have changed',
      [series],
      [
        event({ ...weekly, SUMMARY: 'SUMMARY:Talk' }),
        override('20261110', { ...movedTo('20261112'), SUMMARY: 'SUMMARY:Talk' }),
      ],
      'Oct 27',
      false,
    ],
    ['the rule has changed', [series], [event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;BYDAY=WE' })], 'Oct 21', false],
  ])('an update: %s', async (_what, before, after, date, one) => {
    const shown = await updated(calendar('REQUEST', ...before), calendar('REQUEST', ...after));
    expect(shown.subject).toMatch(new RegExp(`, ${date}, 2026`));
    expect(shown.leaf).toBe(date);
    const [month, day] = date.split(' ');
    expect(shown.when).toMatch(new RegExp(`^\\w+, ${month}\\w* ${day}, 2026`));
    expect(shown.intro.includes('one date of this series')).toBe(one);
    expect(shown.text).toContain('What changed:');
  });

  it('a change that the recipient does not see selects no date', async () => {
    const more = 'ATTENDEE;CN=Dave:mailto:dave@example.net';
    const [before, after] = [[series], [series, [...override('20261110'), more]]].map((each) =>
      calendar('REQUEST', ...each),
    );
    expect((await updated(before ?? '', after ?? '')).leaf).toBe('Nov 10');
    expect((await updated(before ?? '', after ?? '', { guestList: false })).leaf).toBe('Oct 27');
  });

  it('a cancellation shows the next date of the series, or its own date', async () => {
    const cancel = (...components: string[][]): Promise<Shown> =>
      invited({ kind: 'cancel', links: null, calendar: calendar('CANCEL', ...components) });
    expect((await cancel(series)).leaf).toBe('Oct 27');
    expect((await cancel(override('20261110'))).leaf).toBe('Nov 10');
  });

  it('an invitation to single dates shows the next one and names all', async () => {
    const shown = await invited({
      calendar: calendar('REQUEST', override('20261117'), override('20261013'), override('20261103')),
    });
    expect(shown.leaf).toBe('Nov 3');
    expect(shown.text).toContain('Repeats: on November 3, 2026 and November 17, 2026');
    const own = override('20261103').filter((line) => !line.includes('bob@'));
    expect((await invited({ calendar: calendar('REQUEST', own, override('20261117')), recipient: bob })).leaf).toBe(
      'Nov 17',
    );
  });

  it('a notice shows the next date, or the one that all its answers are about', async () => {
    const answer = (recurrenceId: string | null) =>
      ({ kind: 'answer', attendee: bob, partstat: 'ACCEPTED', comment: null, recurrenceId }) as const;
    const notice = (...ids: (string | null)[]): Promise<Shown> =>
      read(
        composeNotice(
          noticeMail({
            date: now,
            calendar: calendar(null, series, override('20261110', movedTo('20261112'))),
            notices: ids.map(answer),
          }),
          templates,
        ).raw,
      );
    expect((await notice(null)).when).toMatch(/^Tuesday, October 27, 2026/);
    expect(await notice('20261110T090000Z')).toMatchObject({
      subject: 'Bob Dupont is coming: Planning the spring issue (Thu, Nov 12, 2026, 2:00 PM)',
      when: expect.stringMatching(/^Thursday, November 12, 2026/),
    });
    expect((await notice('20261103T090000Z', '20261110T090000Z')).when).toMatch(/^Tuesday, October 27, 2026/);
  });

  // Without a budget, the second of them would be expanded for years.
  it.each([
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=SECONDLY;COUNT=999999999',
  ])('stops at a rule without occurrences: %s', async (rule) => {
    const shown = await invited({ calendar: calendar('REQUEST', event({ ...weekly, RRULE: `RRULE:${rule}` })) });
    expect(shown.leaf).toBe('Jan 2');
  });
});

describe('O6: from the callback to the mail, and on the pages', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const uid = 'weekly@example.com';
  const text = (...more: string[]): string =>
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'DTSTAMP:20250101T000000Z',
      'DTSTART:20250107T100000Z',
      'DTEND:20250107T110000Z',
      'RRULE:FREQ=WEEKLY',
      'SUMMARY:Standup',
      `ORGANIZER:mailto:${alice.asWritten}`,
      `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${guest.asWritten}`,
      'END:VEVENT',
      ...more,
      'END:VCALENDAR',
      '',
    ].join('\r\n');

  it('shows the next date as of now', async () => {
    await kit.invite(text(), guest);
    await kit.settle();
    expect((await kit.mailsTo(guest))[0]?.subject).toBe('Invitation: Standup (Tue, Jan 12, 2027, 10:00 AM)');
    kit.calendar.put(uid, text());
    const claims = {
      uid,
      recurrenceId: null,
      attendee: guest.asWritten,
      organizer: alice.asWritten,
      expiresAt: kit.clock.now + 1,
    };
    expect((await showRsvp({ ...kit, store: kit.calendar }, claims)).event?.start?.local).toBe('20270112T100000');
    kit.calendar.isDown = true;
    kit.clock.now += 7 * 86_400_000;
    expect((await showRsvp({ ...kit, store: kit.calendar }, claims)).event?.start?.local).toBe('20270119T100000');
  });
});

describe('O7: exceptions of a series', () => {
  const series = event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;COUNT=200' });
  const lines = (text: string): string[] =>
    (/^Exceptions:\n((?: {2}- .*\n?)*)/m.exec(text)?.[1] ?? '').split('\n').flatMap((line) => line.slice(4) || []);

  it.each<[what: string, overrides: string[][], expected: string[]]>([
    ['none', [], []],
    [
      'only an answer',
      [override('20261110').map((line) => line.replace('PARTSTAT=TENTATIVE', 'PARTSTAT=ACCEPTED'))],
      [],
    ],
    [
      'another time',
      [override('20261110', movedTo('20261112'))],
      ['November 10, 2026: Thursday, November 12, 2026, 2:00 – 3:00 PM (Central European Time)'],
    ],
    [
      'another length',
      [override('20261110', { DTEND: 'DTEND;TZID=Europe/Paris:20261110T120000' })],
      ['November 10, 2026: Tuesday, November 10, 2026, 10:00 AM – 12:00 PM (Central European Time)'],
    ],
    [
      'another title, place and text',
      [
        override('20261110', {
          SUMMARY: 'SUMMARY:Talk',
          LOCATION: 'LOCATION:Garden',
          DESCRIPTION: 'DESCRIPTION:Other',
        }),
      ],
      ['November 10, 2026: Title: Talk; Where: Garden; other details'],
    ],
    ['in the past', [override('20240109', { LOCATION: 'LOCATION:Garden' })], []],
    ['cancelled, which "except" names', [override('20261110', { STATUS: 'STATUS:CANCELLED' })], []],
    [
      'several',
      [override('20261117', { LOCATION: null }), override('20261110', { LOCATION: 'LOCATION:Garden' })],
      ['November 10, 2026: Where: Garden', 'November 17, 2026: Where: none'],
    ],
  ])('an invitation states them: %s', async (_what, overrides, expected) => {
    const { text } = await invited({ calendar: calendar('REQUEST', series, ...overrides) });
    expect(lines(text)).toEqual(expected);
  });

  it('at most ten are listed', async () => {
    const overrides = Array.from({ length: 13 }, (_, at) => {
      const day = new Date(Date.UTC(2026, 10, 3) + at * 7 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
      return override(day, { LOCATION: 'LOCATION:Garden' });
    });
    const shown = lines((await invited({ calendar: calendar('REQUEST', series, ...overrides) })).text);
    expect(shown).toHaveLength(11);
    expect(shown.at(-1)).toBe('and 3 more exceptions');
  });

  it('a guest who was added to one date is hidden if guests do not see each other', async () => {
    const more = [...override('20261110'), 'ATTENDEE;CN=Dave:mailto:dave@example.net'];
    const shown = async (guestList: boolean): Promise<string[]> =>
      lines((await invited({ guestList, calendar: calendar('REQUEST', series, more) })).text);
    expect(await shown(true)).toEqual(['November 10, 2026: Guests: added: dave@example.net']);
    expect(await shown(false)).toEqual([]);
  });

  it.each<[what: string, after: string[], date: string, stated: string]>([
    [
      'the series moves',
      event({
        ...weekly,
        DTSTART: 'DTSTART;TZID=Europe/Paris:20240102T110000',
        DTEND: 'DTEND;TZID=Europe/Paris:20240102T120000',
      }),
      '20261110T110000',
      'When: Tuesday',
    ],
    [
      'the rule changes',
      event({ ...weekly, RRULE: 'RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=300' }),
      '20261110T100000',
      'Repeats: ',
    ],
    ['the title changes', event({ ...weekly, SUMMARY: 'SUMMARY:Talk' }), '20261110T100000', 'Title: Talk'],
  ])('a change of the series and of one date states both: %s', async (_what, after, id, stated) => {
    const title = after.find((line) => line.startsWith('SUMMARY')) ?? null;
    const exception = override('20261110', {
      'RECURRENCE-ID': `RECURRENCE-ID;TZID=Europe/Paris:${id}`,
      SUMMARY: title,
      ...movedTo('20261112'),
    });
    const { text } = await updated(calendar('REQUEST', event(weekly)), calendar('REQUEST', after, exception));
    const changes = /What changed:\n((?: {2}.*\n)+)/.exec(text)?.[1] ?? '';
    expect(changes).toContain(`  ${stated}`);
    expect(changes).toContain('When (November 10, 2026): Thursday, November 12, 2026, 2:00 – 3:00 PM');
    expect(lines(text)).toHaveLength(1);
  });
});
