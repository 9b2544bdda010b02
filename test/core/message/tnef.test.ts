import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTnef } from '../../../src/core/message/tnef.ts';
import { fullCount } from '../../harness/full-counts.ts';
import {
  APPOINTMENT,
  fileTime,
  MEETING,
  type TnefProperty,
  u16,
  u32,
  utf16,
  writeProperties,
  writeTnef,
} from './write-tnef.ts';

const CLASS = 0x00078008;
const PROPERTIES = 0x00069003;
const CODEPAGE = 0x00069007;
const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'latin1');
const withProperties = (...properties: TnefProperty[]) =>
  readTnef(writeTnef([[PROPERTIES, writeProperties(properties)]]));

describe('readTnef', () => {
  it.each([
    ['no octets', Buffer.alloc(0)],
    ['five octets', Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1])],
    ['another signature', Buffer.alloc(100, 1)],
  ])('refuses %s', (_, octets) => expect(readTnef(octets)).toBeNull());

  it('returns null for every property of an empty stream', () => {
    expect(readTnef(writeTnef([]))).toEqual({
      messageClass: '',
      globalObjectId: null,
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
    });
  });

  it.each([
    ['IPM.Microsoft Schedule.MtgRespP', 'IPM.Schedule.Meeting.Resp.Pos'],
    ['IPM.Microsoft Schedule.MtgRespN', 'IPM.Schedule.Meeting.Resp.Neg'],
    ['IPM.Microsoft Schedule.MtgRespA', 'IPM.Schedule.Meeting.Resp.Tent'],
    ['IPM.Schedule.Meeting.Resp.Pos', 'IPM.Schedule.Meeting.Resp.Pos'],
    ['IPM.Note', 'IPM.Note'],
  ])('reads the class %s', (written, expected) => {
    expect(readTnef(writeTnef([[CLASS, text(written)]]))?.messageClass).toBe(expected);
    expect(withProperties({ type: 0x1f, id: 0x001a, values: [utf16(written)] })?.messageClass).toBe(expected);
  });

  it('reads named properties among properties of other types and with several values', () => {
    const time = Date.UTC(2026, 10, 22, 9);
    const tnef = withProperties(
      { type: 0x02, id: 0x1001, values: [u16(7)] },
      { type: 0x05, id: 0x1002, values: [Buffer.alloc(8)] },
      { type: 0x48, id: 0x1003, values: [Buffer.alloc(16)] },
      { type: 0x1003, id: 0x1004, values: [u32(1), u32(2), u32(3)] },
      { type: 0x101f, id: 0x1005, values: [utf16('one'), utf16('three')] },
      { type: 0x1002, id: 0x1006, values: [u16(1), u16(2), u16(3)] },
      { type: 0x0d, id: 0x1007, values: [Buffer.alloc(17)] },
      { type: 0x1e, id: { guid: MEETING, name: 'a name' }, values: [text('x')] },
      { type: 0x102, id: { guid: MEETING, lid: 0x3 }, values: [Buffer.from([1, 2, 3])] },
      { type: 0x102, id: { guid: MEETING, lid: 0x23 }, values: [Buffer.from([4])] },
      { type: 0x40, id: { guid: APPOINTMENT, lid: 0x820d }, values: [fileTime(time)] },
      { type: 0x0b, id: { guid: APPOINTMENT, lid: 0x8257 }, values: [u16(1)] },
      { type: 0x03, id: { guid: APPOINTMENT, lid: 0x8201 }, values: [u32(12)] },
    );
    expect(tnef).toMatchObject({
      globalObjectId: Buffer.from([1, 2, 3]),
      cleanGlobalObjectId: Buffer.from([4]),
      start: time,
      isProposal: true,
      sequence: 12,
    });
  });

  it('prefers the represented sender, then the actual one, then the From attribute, and ignores directory names', () => {
    const representing = { type: 0x1f, id: 0x5d02, values: [utf16('boss@example.com')] };
    const sending = { type: 0x1f, id: 0x5d01, values: [utf16('assistant@example.com')] };
    const directory = { type: 0x1f, id: 0x0065, values: [utf16('/O=EXAMPLE/CN=BOSS')] };
    expect(withProperties(sending, representing)?.sender).toBe('boss@example.com');
    expect(withProperties(sending, directory)?.sender).toBe('assistant@example.com');
    expect(withProperties(directory)?.sender).toBeNull();
    const name = text('Böb');
    const address = text('SMTP:bob@example.com');
    const triple = Buffer.concat([u16(4), u16(0), u16(name.length), u16(address.length), name, address]);
    expect(readTnef(writeTnef([[0x8000, triple]]))).toMatchObject({ sender: 'bob@example.com' });
  });

  it.each([
    [1252, Buffer.from([0xe9]), 'é'],
    [1251, Buffer.from([0xcf]), 'П'],
    [932, Buffer.from([0x93, 0x8c]), '東'],
    [65001, Buffer.from('é'), 'é'],
    [99999, Buffer.from([0xe9]), 'é'],
  ])('reads text in code page %d', (codepage, octets, expected) => {
    const stream = writeTnef([
      [CODEPAGE, u32(codepage)],
      [0x0002800c, octets],
    ]);
    expect(readTnef(stream)?.body).toBe(expected);
  });

  it('ignores the attributes of attachments', () => {
    const stream = writeTnef([[CLASS, text('IPM.Note')]]);
    stream[6] = 2;
    expect(readTnef(stream)?.messageClass).toBe('');
  });

  it.each([
    ['a property count', u32(0xffffffff)],
    ['a value count', Buffer.concat([u32(1), u16(0x1003), u16(0x1000), u32(0xffffffff)])],
    ['a value length', Buffer.concat([u32(1), u16(0x1f), u16(0x1000), u32(1), u32(0xffffffff)])],
    ['a name length', Buffer.concat([u32(1), u16(0x1f), u16(0x8000), Buffer.alloc(16), u32(1), u32(0xfffffff0)])],
    ['a count of empty values', Buffer.concat([u32(1), u16(0x101f), u16(0x1000), u32(0xffffffff), Buffer.alloc(4000)])],
  ])('stops at %s beyond the end of the data', (_, data) => {
    expect(readTnef(writeTnef([[PROPERTIES, data]]))?.globalObjectId).toBeNull();
  });

  it('never throws for any data after the signature', () => {
    const whole = writeTnef([
      [CLASS, text('IPM.Schedule.Meeting.Resp.Pos')],
      [PROPERTIES, writeProperties([{ type: 0x1f, id: { guid: MEETING, lid: 3 }, values: [utf16('x')] }])],
    ]);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), fc.uint8Array({ maxLength: 200 }), (octets, end, tail) => {
        const stream = Buffer.from(whole);
        for (const [at, octet] of octets) stream[at] = octet;
        stream.writeUInt32LE(0x223e9f78);
        expect(readTnef(Buffer.concat([stream.subarray(0, Math.max(end, 6)), tail]))).not.toBeNull();
      }),
      { numRuns: fullCount(2_000, 500) },
    );
  });
});
