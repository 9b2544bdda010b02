import { describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { isHoldReason, reasons } from '../../../src/core/reasons.ts';
import {
  type HeldAnswer,
  type HeldView,
  choices,
  decisionPage,
  isChoice,
} from '../../../src/core/pages/decision-page.ts';
import type { PageReader } from '../../../src/core/pages/event-facts.ts';
import { delegated, event, held, proposed } from '../../doors/web/start-http.ts';

const reader: PageReader = {
  templates: compileTemplates(await readTemplates(null)),
  language: 'en',
  timezone: 'Europe/Paris',
};
const pageOf = (changes: Partial<HeldView>) => decisionPage({ ...held, ...changes }, reader);
const answerOf = (changes: Partial<HeldAnswer>) => {
  const [first] = held.answers;
  const [answer] = pageOf({ answers: first === undefined ? [] : [{ ...first, ...changes }] }).answers;
  return answer;
};

describe('the decision page', () => {
  it('offers `alias` if the sender’s address is not the attendee’s', () => {
    expect(pageOf({}).choices).toEqual(['alias', 'once', 'ignore']);
  });

  it.each([
    ['is the attendee’s own address', { sender: 'Bob@Example.com' }],
    ['names no attendee', { attendee: null }],
    ['is not an address', { sender: 'Bob' }],
  ])('does not offer `alias` for a sender that %s', (_, changes) => {
    expect(pageOf(changes).choices).toEqual(['once', 'ignore']);
  });

  it('has a sentence for each HoldReason, and one for all other reasons', () => {
    const shown = Object.keys(reasons).filter(isHoldReason);
    expect(shown).toContain('not-invited');
    const sentences = [...shown, null].map((reason) => answerOf({ reason })?.reason);
    expect(new Set(sentences).size).toBe(shown.length + 1);
  });

  it('shows the answer and its time of arrival in the display time zone', () => {
    expect(answerOf({ partstat: 'DECLINED' })?.answer).toBe('declined');
    expect(answerOf({ partstat: 'DELEGATED' })?.answer).toBe('delegation');
    expect(answerOf({ partstat: null })?.answer).toBe('other');
    expect(answerOf({})?.received).toMatch(/Oct 1, 2026.*1:00.PM GMT\+2/);
  });

  it('shows the proposed and the planned time of a proposal', () => {
    const answer = answerOf({ partstat: null, proposal: { start: event.end, end: null } });
    expect(answer).toMatchObject({ answer: 'proposal' });
    expect(answer?.proposed[0]).toContain('11:30');
    expect(answer?.event?.when[0]).toContain('10:00');
  });

  it('accepts an answer without event and comment', () => {
    expect(answerOf({ event: null, comment: ' ' })).toMatchObject({ event: null, comment: null });
  });

  it('offers to decline a proposal, and to add a delegate', () => {
    expect(decisionPage(proposed, reader)).toMatchObject({ attendee: 'Bob Bell', choices: ['decline', 'leave'] });
    const page = decisionPage(delegated, reader);
    expect(page).toMatchObject({ attendee: 'Bob Bell', delegate: 'dave@example.org', choices: ['add', 'leave'] });
    expect(page.answers).toEqual([expect.objectContaining({ answer: 'delegation', reason: null })]);
  });

  it('shows the address and not the name of the attendee if the sender is not proven', () => {
    expect(pageOf({}).attendee).toBe('bob@example.com');
  });

  it('recognises its choices', () => {
    expect(choices.every(isChoice)).toBe(true);
    expect(['both', ''].some(isChoice)).toBe(false);
  });
});
