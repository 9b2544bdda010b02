import { describe, expect, it } from 'vitest';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { holdText, reasons } from '../../../src/core/reasons.ts';
import {
  type HeldAnswer,
  type HeldShown,
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
const pageOf = (changes: Partial<HeldShown>) => decisionPage({ ...held, ...changes }, reader);
const answerOf = (changes: Partial<HeldAnswer>) => {
  const [first] = held.answers;
  const [answer] = pageOf({ answers: first === undefined ? [] : [{ ...first, ...changes }] }).answers;
  return answer;
};

describe('the decision page', () => {
  it('offers to remember a sender who is somebody else than the attendee', () => {
    expect(pageOf({}).choices).toEqual(['alias', 'once', 'ignore']);
  });

  it.each([
    ['the attendee’s own address', { sender: 'Bob@Example.com' }],
    ['an attendee that nobody named', { attendee: null }],
    ['a sender that is no address', { sender: 'Bob' }],
  ])('never offers to remember %s', (_, changes) => {
    expect(pageOf(changes).choices).toEqual(['once', 'ignore']);
  });

  it('has a sentence of its own for every reason to hold, and one for all others', () => {
    const shown = Object.keys(reasons).filter((reason) => holdText(reason) !== null);
    expect(shown).toContain('not-invited');
    const sentences = [...shown, 'something-new'].map((reason) => answerOf({ reason })?.reason);
    expect(new Set(sentences).size).toBe(shown.length + 1);
  });

  it('says what the answer is, and when it came, in the display time zone', () => {
    expect(answerOf({ partstat: 'DECLINED' })?.answer).toBe('declined');
    expect(answerOf({ partstat: 'DELEGATED' })?.answer).toBe('delegation');
    expect(answerOf({ partstat: null })?.answer).toBe('other');
    expect(answerOf({})?.received).toMatch(/Oct 1, 2026.*1:00.PM GMT\+2/);
  });

  it('shows a proposal with the time proposed beside the time planned', () => {
    const answer = answerOf({ partstat: null, proposal: { start: event.end, end: null } });
    expect(answer).toMatchObject({ answer: 'proposal' });
    expect(answer?.proposed[0]).toContain('11:30');
    expect(answer?.event?.when[0]).toContain('10:00');
  });

  it('does without event and comment', () => {
    expect(answerOf({ event: null, comment: ' ' })).toMatchObject({ event: null, comment: null });
  });

  it('offers a no to a proposal, and to put a delegate on the list', () => {
    expect(decisionPage(proposed, reader)).toMatchObject({ attendee: 'Bob Bell', choices: ['decline', 'leave'] });
    const page = decisionPage(delegated, reader);
    expect(page).toMatchObject({ attendee: 'Bob Bell', delegate: 'dave@example.org', choices: ['add', 'leave'] });
    expect(page.answers).toEqual([expect.objectContaining({ answer: 'delegation', reason: null })]);
  });

  it('shows the address, not the name, of whom an unproven sender speaks for', () => {
    expect(pageOf({}).attendee).toBe('bob@example.com');
  });

  it('knows its choices', () => {
    expect(choices.every(isChoice)).toBe(true);
    expect(['both', ''].some(isChoice)).toBe(false);
  });
});
