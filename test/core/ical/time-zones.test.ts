import { describe, expect, it, vi } from 'vitest';
import { ianaZone, localAt, readTime, resolveLocal } from '../../../src/core/ical/time-zones.ts';
import { longText } from '../../harness/long-text.ts';

const at = (iso: string) => Date.parse(iso);

/** A VTIMEZONE as Outlook writes it, with rules from 1601 on. */
const CUSTOM = [
  'BEGIN:VTIMEZONE',
  'TZID:Customized Time Zone',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
].join('\r\n');

const named = (tzid: string, text = CUSTOM) => text.replace('Customized Time Zone', tzid);

describe('resolveLocal by name', () => {
  it.each([
    ['20260115T120000', 'Europe/Berlin', '2026-01-15T11:00:00Z'],
    ['20260715T120000', 'Europe/Berlin', '2026-07-15T10:00:00Z'],
    // The DST gap of March 29, 2026: 02:30 does not exist and uses the offset before the gap (+01:00).
    ['20260329T015959', 'Europe/Berlin', '2026-03-29T00:59:59Z'],
    ['20260329T020000', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
    ['20260329T023000', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
    ['20260329T030000', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
    // The repeated hour of October 25, 2026: the first 02:30 is in DST.
    ['20261025T023000', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['20261025T030000', 'Europe/Berlin', '2026-10-25T02:00:00Z'],
    ['20260308T023000', 'America/New_York', '2026-03-08T07:30:00Z'],
    ['20261101T013000', 'America/New_York', '2026-11-01T05:30:00Z'],
    ['20260405T013000', 'Australia/Lord_Howe', '2026-04-04T14:30:00Z'],
    ['20111230T120000', 'Pacific/Apia', '2011-12-30T22:00:00Z'],
    ['20260115T120000', 'Asia/Kathmandu', '2026-01-15T06:15:00Z'],
    ['20260115T120000', 'UTC', '2026-01-15T12:00:00Z'],
    ['20260715T120000', 'W. Europe Standard Time', '2026-07-15T10:00:00Z'],
    ['20260715T120000', '(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna', '2026-07-15T10:00:00Z'],
    ['16010101T000000', 'UTC', '1601-01-01T00:00:00Z'],
  ])('%s in %s is %s', (local, tzid, expected) => {
    expect(resolveLocal(local, tzid, [])).toBe(at(expected));
  });

  it.each([
    ['20260230T120000', 'Europe/Berlin'],
    ['20260115T250000', 'Europe/Berlin'],
    ['tomorrow', 'Europe/Berlin'],
    ['20260115T120000', 'Nowhere/Atall'],
    ['20260115T120000', ''],
    ['20260115T120000', 'BST'],
    ['20260115T120000', `/${'x'.repeat(1000)}`],
  ])('%s in %s is unknown', (local, tzid) => {
    expect(resolveLocal(local, tzid, [])).toBeNull();
  });
});

describe('ianaZone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['"America/New_York"', 'America/New_York'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['US/Pacific', 'US/Pacific'],
    ['US-Eastern', 'US/Eastern'],
    ['Eastern Standard Time', 'America/New_York'],
    ['(GMT-0500) Eastern Standard Time', 'America/New_York'],
    ['Eastern', 'America/New_York'],
    ['W. Europe', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['tzone://Microsoft/Utc', 'UTC'],
    ['(UTC) Coordinated Universal Time', 'Etc/UTC'],
    ['(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius', 'Europe/Kiev'],
    ['Pacific Time (US & Canada),Tijuana', 'America/Los_Angeles'],
    ['/mozilla.org/20050126_1/Europe/Berlin', 'Europe/Berlin'],
    ['/mozilla.org/20070129_1/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['/freeassociation.sourceforge.net/Tzfile/Europe/Berlin', 'Europe/Berlin'],
    ['/freeassociation.sourceforge.net/Europe/Berlin', 'Europe/Berlin'],
    ['/citadel.org/20210210_1/UTC', 'UTC'],
    ['Customized Time Zone', null],
    ['tzone://Microsoft/Custom', null],
    ['IST', null],
    ['Europe/', null],
    ['', null],
  ])('%s is %s', (tzid, zone) => {
    expect(ianaZone(tzid)).toBe(zone);
  });
});

describe('resolveLocal with the calendar’s VTIMEZONE', () => {
  it.each([
    ['20260115T120000', '2026-01-15T11:00:00Z'],
    ['20260715T120000', '2026-07-15T10:00:00Z'],
    ['20260329T023000', '2026-03-29T01:30:00Z'],
    ['20261025T023000', '2026-10-25T00:30:00Z'],
    ['20261025T030000', '2026-10-25T02:00:00Z'],
  ])('%s is %s', (local, expected) => {
    expect(resolveLocal(local, 'Customized Time Zone', ['BEGIN:VTIMEZONE\r\nEND:VTIMEZONE', CUSTOM])).toBe(
      at(expected),
    );
  });

  it('prefers X-LIC-LOCATION to the rules', () => {
    const text = named('My Zone').replace('BEGIN:STANDARD', 'X-LIC-LOCATION:Asia/Tokyo\r\nBEGIN:STANDARD');
    expect(resolveLocal('20260715T120000', 'My Zone', [text])).toBe(at('2026-07-15T03:00:00Z'));
  });

  it('prefers an IANA name to different rules', () => {
    expect(resolveLocal('20260715T120000', 'Asia/Tokyo', [named('Asia/Tokyo')])).toBe(at('2026-07-15T03:00:00Z'));
  });

  it('prefers the rules to an abbreviation that many zones share', () => {
    expect(resolveLocal('20260715T120000', 'EST', [named('EST')])).toBe(at('2026-07-15T10:00:00Z'));
    expect(resolveLocal('20260715T120000', 'EST', [])).toBe(at('2026-07-15T17:00:00Z'));
  });

  it('uses the last onset of rules that have ended, and the first offset before any onset', () => {
    const ended = CUSTOM.replaceAll('BYMONTH=10', 'BYMONTH=10;UNTIL=20061029T010000Z')
      .replaceAll('BYMONTH=3', 'BYMONTH=3;UNTIL=20060326T010000Z')
      .replace('16010101T03', '20001029T03')
      .replace('16010101T02', '20000326T02');
    expect(resolveLocal('20260715T120000', 'Customized Time Zone', [ended])).toBe(at('2026-07-15T11:00:00Z'));
    expect(resolveLocal('20060715T120000', 'Customized Time Zone', [ended])).toBe(at('2006-07-15T10:00:00Z'));
    expect(resolveLocal('19900115T120000', 'Customized Time Zone', [ended])).toBe(at('1990-01-15T11:00:00Z'));
  });

  it('reads RDATEs, folded lines and BYMONTHDAY', () => {
    const text = [
      'BEGIN:VTIMEZONE',
      'TZID;X-RICAL="a:b":Ra',
      ' nge',
      'BEGIN:STANDARD',
      'DTSTART:20200101T000000',
      'RDATE:20210101T000000,20220101T000000',
      'TZOFFSETFROM:+0300',
      'TZOFFSETTO:+0100',
      'END:STANDARD',
      'BEGIN:DAYLIGHT',
      'DTSTART:20200601T000000',
      'RRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=MO;COUNT=2',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0300',
      'END:DAYLIGHT',
      'END:VTIMEZONE',
    ].join('\n');
    const resolve = (local: string) => resolveLocal(local, 'Range', [text]);
    expect(resolve('20210301T120000')).toBe(at('2021-03-01T11:00:00Z'));
    expect(resolve('20210613T120000')).toBe(at('2021-06-13T11:00:00Z'));
    expect(resolve('20210614T120000')).toBe(at('2021-06-14T09:00:00Z'));
    expect(resolve('20220701T120000')).toBe(at('2022-07-01T11:00:00Z'));
  });

  it('looks at few days for hostile rules', ({ onTestFinished }) => {
    const hostile = [
      'FREQ=SECONDLY',
      'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=YEARLY;INTERVAL=99999999',
      'FREQ=YEARLY;COUNT=1e308',
    ]
      .map(
        (rrule) =>
          `BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\nRRULE:${rrule}\nEND:STANDARD\n`,
      )
      .join('')
      .repeat(500);
    const text = `BEGIN:VTIMEZONE\nTZID:Bomb\n${hostile}END:VTIMEZONE`;
    const years = vi.spyOn(Date.prototype, 'getUTCFullYear');
    onTestFinished(() => years.mockRestore());
    expect(resolveLocal('20260715T120000', 'Bomb', [text])).toBe(at('2026-07-15T10:00:00Z'));
    expect(years.mock.calls.length).toBeLessThan(20_000);
  });

  const simple = (name: string, lines = '') =>
    `BEGIN:VTIMEZONE\nTZID:${name}\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n${lines}END:STANDARD\nEND:VTIMEZONE\n`;

  it('takes linear time for a zone with many lines', () => {
    const text = simple('Long', longText('X:\n'));
    expect(resolveLocal('20260715T120000', 'Long', [text])).toBe(at('2026-07-15T10:00:00Z'));
  });

  it('reads each of many zones once', () => {
    const zones = Array.from({ length: 1_000 }, (_, n) => simple(`Zone ${n}`));
    let reads = 0;
    const many = new Proxy(zones, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads += 1;
        return Reflect.get(target, name, receiver);
      },
    });
    for (let n = 0; n < 1_000; n++) expect(resolveLocal('20260715T120000', 'Nowhere', many)).toBeNull();
    expect(resolveLocal('20260715T120000', 'Zone 999', many)).toBe(at('2026-07-15T10:00:00Z'));
    expect(reads).toBe(1_000);
  });

  it('uses the first of two zones with the same TZID', () => {
    const zone = (offset: string) =>
      `BEGIN:VTIMEZONE\nTZID:Twice\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:${offset}\nTZOFFSETTO:${offset}\nEND:STANDARD\nEND:VTIMEZONE\n`;
    expect(resolveLocal('20260715T120000', 'Twice', [zone('+0300'), zone('+0500')])).toBe(at('2026-07-15T09:00:00Z'));
  });
});

describe('localAt', () => {
  it.each([
    ['2026-07-15T10:00:00Z', 'Europe/Berlin', '20260715T120000'],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '20261025T023000'],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', '20261025T023000'],
    ['1969-12-31T23:59:59Z', 'UTC', '19691231T235959'],
  ])('%s in %s is %s', (instant, zone, expected) => {
    expect(localAt(at(instant), zone, [])).toBe(expected);
  });

  it('uses a zone that only the calendar defines', () => {
    expect(localAt(at('2026-07-15T10:00:00Z'), 'Customized Time Zone', [CUSTOM])).toBe('20260715T120000');
    expect(localAt(at('2026-07-15T10:00:00Z'), 'Nowhere', [CUSTOM])).toBeNull();
  });
});

describe('readTime', () => {
  it.each([
    ['20260715', {}, { form: 'date', local: '20260715', zone: null, instant: null }],
    [
      '20260715',
      { tzid: 'Europe/Berlin', valueType: 'DATE' },
      { form: 'date', local: '20260715', zone: null, instant: null },
    ],
    ['20260715T120000', {}, { form: 'floating', local: '20260715T120000', zone: null, instant: null }],
    [
      '20260715T120000Z',
      { tzid: 'Europe/Berlin' },
      { form: 'zoned', local: '20260715T120000', zone: 'UTC', instant: at('2026-07-15T12:00:00Z') },
    ],
    [
      '20260715T120000',
      { tzid: 'Europe/Berlin' },
      { form: 'zoned', local: '20260715T120000', zone: 'Europe/Berlin', instant: at('2026-07-15T10:00:00Z') },
    ],
    [
      '20260715T120000',
      { tzid: 'Romance Standard Time' },
      { form: 'zoned', local: '20260715T120000', zone: 'Europe/Paris', instant: at('2026-07-15T10:00:00Z') },
    ],
    [
      '20260715T120000',
      { tzid: 'Nowhere' },
      { form: 'zoned', local: '20260715T120000', zone: 'Nowhere', instant: null },
    ],
    ['2026-07-15', {}, null],
    ['20260732', {}, null],
    ['', {}, null],
  ])('%s with %j', (value, params, expected) => {
    expect(readTime(value, params, [])).toEqual(expected);
  });
});
