import { describe, expect, it } from 'vitest';
import { otherUids, recurrenceIdWithin } from '../../../src/core/ical/global-object-id.ts';
import { readTime } from '../../../src/core/ical/time-zones.ts';
import { globalObjectId } from '../message/write-tnef.ts';

const OURS = 'planning-1@example.com';
const hex = (id: Buffer): string => id.toString('hex');
const clean = hex(globalObjectId({ hex: 'ab12' }));
const wrapped = hex(globalObjectId({ uid: OURS }));
const DATE = [2027, 2, 9] as const;

describe('otherUids', () => {
  it.each([
    ['a plain UID', OURS, []],
    ['other hexadecimal digits', 'ab12'.repeat(20), []],
    ['an ID that was cut off', clean.slice(0, 60), []],
    ['an odd number of digits', clean.slice(0, -1), []],
    ['an invalid date', hex(globalObjectId({ hex: 'ab12' }, [2027, 13, 1])), []],
    ['lower case', clean, [clean.toUpperCase()]],
    ['upper case', clean.toUpperCase(), [clean]],
    ['mixed case', clean.replace('e', 'E'), [clean.toUpperCase(), clean]],
    ['a date', hex(globalObjectId({ hex: 'ab12' }, DATE)), [clean.toUpperCase(), clean]],
    ['our UID', wrapped, [OURS, wrapped.toUpperCase()]],
    ['our UID in upper case', wrapped.toUpperCase(), [OURS, wrapped]],
    ['our UID and a date', hex(globalObjectId({ uid: OURS }, DATE)), [OURS, wrapped.toUpperCase(), wrapped]],
    ['a marker in lower case', wrapped.replace(hex(Buffer.from('vCal-Uid')), hex(Buffer.from('vcal-uid'))), OURS],
    ['an empty UID', hex(globalObjectId({ uid: '' })), [hex(globalObjectId({ uid: '' })).toUpperCase()]],
    ['a UID with control characters', hex(globalObjectId({ uid: 'a\u001fb' })), []],
  ])('of %s', (_, uid, expected) => {
    const found = otherUids(uid);
    if (typeof expected === 'string') expect(found[0]).toBe(expected);
    else expect(found).toEqual(expected);
  });
});

describe('recurrenceIdWithin', () => {
  const dated = hex(globalObjectId({ uid: OURS }, DATE));
  it.each([
    ['the stated one', dated, '20270216T100000Z', null, '20270216T100000Z'],
    ['the date', dated, null, null, '20270209'],
    ['the start, if it is on that date somewhere', dated, null, '20270209T233000Z', '20270209T233000Z'],
    ['the date, if the start is on another', dated, null, '20270202T100000Z', '20270209'],
    ['the date, if the start has no zone', dated, null, '20270209T100000', '20270209'],
    ['none without a date', wrapped, null, '20270209T100000Z', null],
    ['none of a plain UID', OURS, null, '20270209T100000Z', null],
  ])('returns %s', (_, uid, recurrenceId, start, expected) => {
    expect(recurrenceIdWithin({ uid, recurrenceId }, start === null ? null : readTime(start, {}, []))).toBe(expected);
  });
});
