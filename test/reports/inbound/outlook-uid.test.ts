// Fault I6: an answer whose UID is Outlook's global object ID in hexadecimal digits.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { globalObjectId } from '../../core/message/write-tnef.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const OURS = 'planning-1@example.com';
const SECOND = '20270209T100000Z';
const hex = (id: Buffer): string => id.toString('hex');
const upper = (id: Buffer): string => hex(id).toUpperCase();
const outlook = { hex: 'aa3d563406a91946998f2774aad4d280' };
const DATE = [2027, 2, 9] as const;

function calendar(uid: string, method: string | null, lines: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    ...(method === null ? [] : [`METHOD:${method}`]),
    'VERSION:2.0',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    'DTSTAMP:20270110T120000Z',
    'SEQUENCE:0',
    `ORGANIZER:mailto:${alice.asWritten}`,
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

const guest = (partstat: Partstat): string => `ATTENDEE;PARTSTAT=${partstat}:mailto:${bob.asWritten}`;
const event = (uid: string): string =>
  calendar(uid, null, [`DTSTART:20270202T100000Z`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY', guest('NEEDS-ACTION')]);

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function invite(uid: string): Promise<void> {
  kit.calendar.put(uid, event(uid));
  await kit.invite(event(uid), bob);
  await kit.settle();
  kit.mails.length = 0;
}

async function send(uid: string, lines: readonly string[] = [guest('ACCEPTED')], method = 'REPLY'): Promise<void> {
  kit.clock.now += 60_000;
  const to = replyTo(kit, bob);
  await kit.mail(calendarMail(calendar(uid, method, lines), { from: bob, to, date: kit.clock.now }), to);
  await kit.settle();
}

const stored = (uid: string, at: string | null = null): Partstat | null =>
  partstatOf(parseEvent(kit.calendar.text(uid)), bob, at);

describe('I6: the UID of an answer is a global object ID', () => {
  const series = globalObjectId(outlook);
  it.each([
    ['as stored', upper(series), upper(series)],
    ['in another case', upper(series), hex(series)],
    ['in another case than the stored one', hex(series), upper(series)],
    ['in mixed case', upper(series), hex(series).replace('e', 'E')],
    ['with our UID inside', OURS, upper(globalObjectId({ uid: OURS }))],
    ['with our UID inside, in lower case', OURS, hex(globalObjectId({ uid: OURS }))],
    [
      'with our UID inside, and stored like that',
      upper(globalObjectId({ uid: OURS })),
      hex(globalObjectId({ uid: OURS })),
    ],
  ])('%s: the event is found', async (_, uid, stated) => {
    await invite(uid);
    await send(stated);
    expect(stored(uid)).toBe('ACCEPTED');
    expect(await kit.reasons(uid)).toContain('applied applied');
    expect((await kit.reasons(stated)).filter((each) => each.startsWith('held'))).toEqual([]);
  });

  it.each([
    ['without RECURRENCE-ID', [guest('ACCEPTED')]],
    ['with DTSTART', [`DTSTART:${SECOND}`, guest('ACCEPTED')]],
    ['with RECURRENCE-ID', [`RECURRENCE-ID:${SECOND}`, guest('ACCEPTED')]],
  ])('with the date of an occurrence, %s: the answer is for that occurrence', async (_, lines) => {
    for (const [uid, id] of [
      [OURS, globalObjectId({ uid: OURS }, DATE)],
      [upper(series), globalObjectId(outlook, DATE)],
    ] as const) {
      await invite(uid);
      await send(upper(id), lines);
      expect([stored(uid), stored(uid, SECOND)]).toEqual(['NEEDS-ACTION', 'ACCEPTED']);
    }
  });

  it('the UID as written is tried first', async () => {
    const wrapped = hex(globalObjectId({ uid: OURS }));
    await invite(OURS);
    await invite(wrapped);
    await send(wrapped);
    expect([stored(OURS), stored(wrapped)]).toEqual(['NEEDS-ACTION', 'ACCEPTED']);
  });

  it('of a COUNTER or REFRESH as well', async () => {
    await invite(OURS);
    await send(upper(globalObjectId({ uid: OURS })), ['DTSTART:20270202T140000Z', guest('TENTATIVE')], 'COUNTER');
    await send(upper(globalObjectId({ uid: OURS })), [guest('NEEDS-ACTION')], 'REFRESH');
    expect(await kit.reasons(OURS)).toEqual(expect.arrayContaining(['recorded proposal', 'recorded refresh']));
  });

  it('of an answer that the organizer must confirm', async () => {
    await invite(OURS);
    kit.evidence.of = () => ({ from: ['somebody@else.test'] });
    await send(upper(globalObjectId({ uid: OURS })));
    expect(await kit.reasons(OURS)).toContain('held unauthenticated');
  });

  it('is held if there is no such event', async () => {
    await invite(OURS);
    const unknown = hex(globalObjectId({ uid: 'unknown@example.com' }));
    await send(unknown);
    expect(await kit.reasons(unknown)).toContain('held unknown-event');
  });

  it('of an event that was never mailed', async () => {
    await kit.close();
    kit = await openFlowKit({ replyDomain: null, ownRecipients: [alice.key] });
    kit.evidence.of = (mail) => ({ from: [mail.envelope.mailFrom], dmarc: { result: 'pass', policy: 'reject' } });
    kit.calendar.put(OURS, event(OURS));
    const text = calendar(upper(globalObjectId({ uid: OURS })), 'REPLY', [guest('ACCEPTED')]);
    const to = alice.asWritten;
    await kit.mail(calendarMail(text, { from: bob, to, date: kit.clock.now }), to);
    await kit.settle();
    expect(stored(OURS)).toBe('ACCEPTED');
  });

  it('waits for an event that is being moved', async () => {
    await invite(OURS);
    const text = kit.calendar.text(OURS);
    kit.calendar.events.delete(OURS);
    await send(hex(globalObjectId({ uid: OURS })));
    expect(await kit.reasons(OURS)).toContain('retried unknown-event');
    kit.calendar.put(OURS, text);
    kit.clock.now += 60_000;
    await kit.settle();
    expect(stored(OURS)).toBe('ACCEPTED');
  });
});
