// The order of answers: which of a batch is the newest, batches, clocks that were ahead, and a ledger that lags behind the
// calendar.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerMail } from '../../harness/answers.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import type { AppliedAnswer, Answer } from '../../../src/core/itip/types.ts';
import { Histories, newestAnswers } from '../../../src/flow/copies/judge-answer.ts';
import type { Job } from '../../../src/flow/records/records.ts';
import { recordTask } from '../../../src/flow/records/records.ts';
import { bob, carol } from '../flow-kit.ts';
import { event, MODIFIED, type OneEvent, openOneEvent, uid } from '../one-event.ts';
import { answer, mailing, NOW } from './run-batch.ts';

describe('the order of answers', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('an answer replaces an earlier one of its batch, even one with a higher SEQUENCE', async () => {
    await kit.answer('ACCEPTED', { sequence: 99, date: kit.clock.now - 60_000 });
    await kit.answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.writes).toBe(1);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is applied although the last one was recorded while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 48 * 3_600_000;
    await kit.answer('ACCEPTED');
    await kit.settle();
    kit.clock.now = real + 60_000;
    await kit.answer('DECLINED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer replaces an earlier one of its batch that arrived while our clock was ahead', async () => {
    const real = kit.clock.now;
    kit.clock.now = real + 5_000;
    await kit.answer('ACCEPTED');
    await kit.settle(['incoming']);
    kit.clock.now = real;
    await kit.answer('DECLINED');
    await kit.settle(['incoming']);
    const batch = await kit.claim(real + 5_000);
    kit.clock.now = real + 3_000;
    await kit.handlers.event(batch);
    expect(kit.calendar.text(uid)).toBe(event().replace(/NEEDS-ACTION(.*bob)/, 'DECLINED$1'));
  });

  it('an answer is applied although the process died before it recorded the previous one', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await kit.answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    await kit.answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle(['incoming']);
    const batch = await kit.claim(kit.clock.now);
    await kit.handlers.event(batch);
    // The process dies between the PUT and the commit; the next answer was sent before the PUT.
    await kit.answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    kit.clock.now += 2_000;
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer is applied although the response to the previous PUT was lost', async () => {
    kit.calendar.put(uid, event([MODIFIED]));
    await kit.answer('ACCEPTED', { date: kit.clock.now - 3_000 });
    await kit.settle();
    kit.calendar.onWrite = () => {
      kit.calendar.onWrite = null;
      return 'lost';
    };
    await kit.answer('DECLINED', { date: kit.clock.now - 2_000 });
    await kit.settle();
    await kit.answer('TENTATIVE', { date: kit.clock.now - 1_000 });
    await kit.settle();
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=TENTATIVE');
    expect((await kit.reasons(uid)).filter((reason) => reason.startsWith('held'))).toEqual([]);
  });

  it('an answer for Bob at the reply address of Carol is held as another attendee’s', async () => {
    const raw = answerMail({
      attendee: bob.asWritten,
      organizer: kit.replyTo(carol),
      uid,
      partstat: 'ACCEPTED',
      date: kit.clock.now,
    });
    await kit.mail(raw, kit.replyTo(carol), bob.asWritten);
    await kit.settle();
    const [entry] = (await kit.entries(carol.key)).filter(({ verdict }) => verdict === 'held');
    expect(entry).toMatchObject({
      reason: 'another-attendee',
      detail: expect.stringContaining('for another attendee'),
    });
    expect(kit.calendar.text(uid)).toBe(event());
  });
});

describe('the newest answers of a batch', () => {
  const context = { place: null, applied: [], mailings: [] };
  const document = parseEvent(event(['RRULE:FREQ=WEEKLY'], 1));
  const sent = (sequence: number | null, ago: number, over: Partial<Answer> = {}): Answer => ({
    ...answer(bob).answer,
    revision: { sequence, sentAt: NOW - ago },
    ...over,
  });

  /** The positions of the newest, in order of arrival. */
  function newest(answers: readonly Answer[]): number[] {
    const jobs = answers.map((each, at): Job<'answer'> => {
      const body = { ...answer(bob), answer: each };
      return { task: { ...recordTask(body, { id: String(at), createdAt: NOW }), attempts: 0, lastError: null }, body };
    });
    return [...newestAnswers(jobs, document, new Histories(context), NOW)].map(Number).toSorted();
  }

  const occurrence = { uid, recurrenceId: '20270308T100000Z' };
  it.each([
    { what: 'the later sent', answers: [sent(0, 2_000), sent(0, 1_000)], expected: [1] },
    { what: 'the later sent, which arrived first', answers: [sent(0, 1_000), sent(0, 2_000)], expected: [0] },
    { what: 'the later arrival of two sent at once', answers: [sent(0, 1_000), sent(0, 1_000)], expected: [1] },
    { what: 'the one with the higher SEQUENCE', answers: [sent(1, 2_000), sent(0, 1_000)], expected: [0] },
    { what: 'the later one with the higher SEQUENCE', answers: [sent(0, 1_000), sent(1, 2_000)], expected: [1] },
    { what: 'the later arrival if one is from the future', answers: [sent(0, -5_000), sent(0, 1_000)], expected: [1] },
    { what: 'the one that is sent just now', answers: [sent(0, 0), sent(0, 1_000)], expected: [0] },
    { what: 'one of each attendee', answers: [sent(0, 1_000), sent(0, 2_000, { attendee: carol })], expected: [0, 1] },
    { what: 'one of each occurrence', answers: [sent(0, 1_000), sent(0, 2_000, { occurrence })], expected: [0, 1] },
    {
      what: 'one of each range',
      answers: [sent(0, 1_000, { occurrence }), sent(0, 2_000, { occurrence, range: 'THISANDFUTURE' })],
      expected: [0, 1],
    },
    {
      what: 'each that states no PARTSTAT, and the newest that does',
      answers: [sent(0, 3_000), sent(0, 2_000, { partstat: null }), sent(0, 1_000, { partstat: null }), sent(0, 2_500)],
      expected: [1, 2, 3],
    },
  ])('are $what', ({ answers, expected }) => {
    expect(newest(answers)).toEqual(expected);
  });
});

describe('the history of an attendee', () => {
  const applied = (
    attendeeKey: string,
    recurrenceId: string | null,
    partstat: 'ACCEPTED' | 'DECLINED',
  ): AppliedAnswer => ({
    attendeeKey,
    recurrenceId,
    partstat,
    sequence: 0,
    sentAt: 1,
    content: partstat,
    eventSequence: null,
    schedule: null,
  });
  const [one, two, other] = [
    applied(bob.key, null, 'ACCEPTED'),
    applied(bob.key, '20270308', 'ACCEPTED'),
    applied(carol.key, null, 'ACCEPTED'),
  ];

  it('has what was applied and mailed, and what waits in the batch', () => {
    const mailings = [mailing({ id: 'a' }), mailing({ id: 'b', recipientKey: carol.key }), mailing({ id: 'c' })];
    const waiting = [answer(bob), answer(carol), { ...answer(bob), answer: { ...answer(bob).answer, partstat: null } }];
    const jobs = waiting.map(
      (body): Job<'answer'> => ({
        task: { ...recordTask(body, { id: '1', createdAt: NOW }), attempts: 0, lastError: null },
        body,
      }),
    );
    const histories = new Histories({ place: null, applied: [one, other, two], mailings }, jobs);
    expect(histories.of(bob.key)).toEqual({
      applied: [one, two],
      mailed: [mailings[0], mailings[2]],
      waiting: ['ACCEPTED'],
    });
    expect(histories.of('eve@remote.test')).toEqual({ applied: [], mailed: [], waiting: [] });
  });

  it('has one applied answer for each occurrence', () => {
    const histories = new Histories({ place: null, applied: [one, two, other], mailings: [] });
    const [changed, first] = [applied(bob.key, null, 'DECLINED'), applied('eve@remote.test', null, 'DECLINED')];
    histories.add(changed);
    histories.add(first);
    expect(histories.of(bob.key).applied).toEqual([two, changed]);
    expect(histories.of('eve@remote.test').applied).toEqual([first]);
    histories.remove(two);
    histories.remove({ attendeeKey: 'frank@remote.test', recurrenceId: null });
    expect(histories.of(bob.key).applied).toEqual([changed]);
    expect(histories.of(carol.key).applied).toEqual([other]);
  });
});
