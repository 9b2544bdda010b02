import { describe, expect, it } from 'vitest';
import { readMeetingResponse, readOccurrence } from '../../../src/core/message/read-meeting-response.ts';
import type { TnefMessage } from '../../../src/core/message/tnef.ts';
import { globalObjectId } from './write-tnef.ts';

const tnef = (fields: Partial<TnefMessage>): TnefMessage => ({
  messageClass: 'IPM.Schedule.Meeting.Resp.Pos',
  globalObjectId: globalObjectId({ uid: 'u@example.com' }),
  cleanGlobalObjectId: null,
  start: null,
  originalStart: null,
  proposedStart: null,
  proposedEnd: null,
  isProposal: false,
  sequence: null,
  answeredAt: null,
  sender: null,
  body: null,
  ...fields,
});
const at = (day: number, hour: number): number => Date.UTC(2026, 10, day, hour);

describe('readMeetingResponse', () => {
  it.each(['a\u001fb', 'a\r\nb', 'u'.repeat(1001)])('refuses the invalid UID %j', (uid) => {
    const message = readMeetingResponse(tnef({ globalObjectId: globalObjectId({ uid }) }));
    expect(message).toEqual({ method: 'REPLY', items: [], unusable: ['winmail.dat has no valid meeting ID.'] });
  });

  it.each([
    ['IPM.Schedule.Meeting.Resp.Pos', 'ACCEPTED'],
    ['IPM.Schedule.Meeting.Resp.Neg', 'DECLINED'],
    ['IPM.Schedule.Meeting.Resp.Tent', 'TENTATIVE'],
    ['ipm.schedule.meeting.resp.pos.OurForm', 'ACCEPTED'],
  ])('%s', (messageClass, partstat) => {
    const message = readMeetingResponse(
      tnef({ messageClass, sender: 'Bob@Example.com', sequence: 3, answeredAt: 5, start: at(22, 9) }),
    );
    expect(message).toEqual({
      method: 'REPLY',
      unusable: [],
      items: [
        {
          kind: 'answer',
          component: 'VEVENT',
          occurrence: { uid: 'u@example.com', recurrenceId: null },
          range: null,
          start: { form: 'zoned', local: '20261122T090000', zone: 'UTC', instant: at(22, 9) },
          attendee: { key: 'bob@example.com', asWritten: 'Bob@Example.com' },
          organizer: null,
          partstat,
          comment: null,
          delegatedTo: [],
          sequence: 3,
          stampedAt: 5,
        },
      ],
    });
  });

  it.each([
    ['IPM.Schedule.Meeting.Request', 'REQUEST'],
    ['IPM.Schedule.Meeting.Canceled', 'CANCEL'],
  ])('returns no items for %s, and the method %s', (messageClass, method) => {
    expect(readMeetingResponse(tnef({ messageClass }))).toEqual({ method, items: [], unusable: [] });
  });

  it.each(['IPM.Note', '', 'IPM.Schedule.Meeting.Resp', 'IPM.Schedule.Meeting.Resp.Positive'])(
    'returns null for the class "%s"',
    (messageClass) => {
      expect(readMeetingResponse(tnef({ messageClass }))).toBeNull();
    },
  );

  it('returns a proposal together with the answer', () => {
    const message = readMeetingResponse(tnef({ isProposal: true, proposedStart: at(22, 13), proposedEnd: at(22, 14) }));
    expect(message?.items[1]).toMatchObject({
      kind: 'proposal',
      start: { form: 'zoned', local: '20261122T130000', zone: 'UTC', instant: at(22, 13) },
      end: { local: '20261122T140000' },
    });
    expect(readMeetingResponse(tnef({ isProposal: true }))?.items).toHaveLength(1);
  });

  it('reports a missing meeting ID, and ignores a negative sequence', () => {
    expect(readMeetingResponse(tnef({ globalObjectId: null }))).toMatchObject({ items: [], unusable: [/./] });
    expect(readMeetingResponse(tnef({ sequence: -1 }))?.items[0]).toMatchObject({ sequence: null });
  });
});

describe('readOccurrence', () => {
  const hex = 'aa3d563406a91946998f2774aad4d280';
  const series = `040000008200E00074C5B7101A82E008${'0'.repeat(40)}10000000${hex.toUpperCase()}`;

  it.each<[string, Partial<TnefMessage>, string, string | null]>([
    ['our UID', { globalObjectId: globalObjectId({ uid: 'u@example.com' }) }, 'u@example.com', null],
    ['a UID in UTF-8', { globalObjectId: globalObjectId({ uid: 'ü@example.com' }) }, 'ü@example.com', null],
    ['an Exchange UID', { globalObjectId: globalObjectId({ hex }) }, series, null],
    [
      'one occurrence, with the UID of the series',
      { globalObjectId: globalObjectId({ hex }, [2026, 11, 22]), start: at(22, 9) },
      series,
      '20261122T090000Z',
    ],
    ['only the clean ID', { globalObjectId: null, cleanGlobalObjectId: globalObjectId({ hex }) }, series, null],
    [
      'an occurrence at local midnight in Auckland',
      { globalObjectId: globalObjectId({ uid: 'u' }, [2026, 11, 22]), start: at(21, 11) },
      'u',
      '20261121T110000Z',
    ],
    [
      'an occurrence in the local evening in Honolulu',
      { globalObjectId: globalObjectId({ uid: 'u' }, [2026, 11, 22]), start: at(23, 9) },
      'u',
      '20261123T090000Z',
    ],
    [
      'a moved occurrence with its original start',
      { globalObjectId: globalObjectId({ uid: 'u' }, [2026, 11, 22]), start: at(25, 9), originalStart: at(22, 9) },
      'u',
      '20261122T090000Z',
    ],
    [
      'a moved occurrence without its original start',
      { globalObjectId: globalObjectId({ uid: 'u' }, [2026, 11, 22]), start: at(25, 9) },
      'u',
      '20261122',
    ],
  ])('%s', (_, fields, uid, recurrenceId) => expect(readOccurrence(tnef(fields))).toEqual({ uid, recurrenceId }));

  it.each([
    ['that is too short', globalObjectId({ hex }).subarray(0, 39)],
    ['of another class', Buffer.alloc(60, 1)],
    ['with an invalid month', globalObjectId({ hex }, [2026, 13, 1])],
    ['with an invalid day', globalObjectId({ hex }, [2026, 12, 32])],
    ['with a year before 1601', globalObjectId({ hex }, [1, 1, 1])],
  ])('refuses an ID %s', (_, id) => expect(readOccurrence(tnef({ globalObjectId: id }))).toBeNull());

  it('reads an ID whose size exceeds the data', () => {
    const id = globalObjectId({ uid: 'u@example.com' });
    id.writeUInt32LE(0xffffffff, 36);
    expect(readOccurrence(tnef({ globalObjectId: id }))?.uid).toBe('u@example.com');
  });
});
