import { type ParsedMail, simpleParser } from 'mailparser';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeNotice } from '../../../src/core/compose/compose-notice.ts';
import type { NoticeMail, Templates } from '../../../src/core/compose/types.ts';
import { namedNotice } from './kinds.ts';
import { bob, calendar, event, loadTemplates, noticeMail } from './samples.ts';

describe('composeNotice', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });

  async function compose(mail: NoticeMail): Promise<ParsedMail & { text: string }> {
    const parsed = await simpleParser(Buffer.from(composeNotice(mail, templates).raw), {
      skipHtmlToText: true,
      skipTextToHtml: true,
    });
    return { ...parsed, text: parsed.text ?? '' };
  }

  it('shows the answer of a guest and the number of answers so far', async () => {
    const mail = await compose(noticeMail());
    expect(mail.subject).toBe('Bob Dupont is coming: Planning the spring issue');
    expect(mail.from?.value).toEqual([{ name: 'Calendar', address: 'calendar@example.com' }]);
    expect(mail.to).toMatchObject({ value: [{ address: 'alice@example.com' }] });
    expect(mail.text).toContain('Bob Dupont has accepted.\n\n> See you there!\n');
    expect(mail.text).toContain('So far: 1 maybe, 1 without an answer');
    expect(mail.attachments).toEqual([]);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it.each([
    ['ACCEPTED', 'Bob Dupont has accepted.'],
    ['DECLINED', 'Bob Dupont has declined.'],
    ['TENTATIVE', 'Bob Dupont may come.'],
    ['DELEGATED', 'Bob Dupont is sending someone else.'],
    ['NEEDS-ACTION', 'Bob Dupont has withdrawn the answer.'],
  ] as const)('%s: %s', async (partstat, first) => {
    const mail = await compose(
      noticeMail({ notices: [{ kind: 'answer', attendee: bob, partstat, comment: null, recurrenceId: null }] }),
    );
    expect(mail.text.split('\n')[0]).toBe(first);
  });

  it.each([
    [
      'notice-answer-one-date',
      'Carol Weiß has declined the date Tuesday, December 1, 2026 at 10:00 AM (Central European Time).',
    ],
    ['notice-held', 'bob.private@example.net sent an answer for Bob Dupont. It says: declined.'],
    ['notice-held', 'We could not confirm that the mail is from the guest.'],
    ['notice-held', 'Decide: https://calendar.example.com/decide/?token=ey.J0.b2'],
    ['notice-held-unknown', 'x@example.net sent an answer.'],
    ['notice-held-unknown', 'The answer could not be recorded automatically.'],
    ['notice-waiting', '40 answers are waiting for your decision.'],
    ['notice-waiting', 'Here are the first 2; the others follow in another mail.'],
    ['notice-waiting', 'bob.private@example.net sent an answer for Bob Dupont. It says: declined.'],
    ['notice-waiting', 'Title: Planning the spring issue'],
    ['notice-waiting', 'Decide: https://calendar.example.com/decide/?token=ey.J0.b3'],
    ['notice-not-entered', 'Your decision about Bob Dupont could not be carried out.'],
    ['notice-not-entered', 'This person is not on the guest list.'],
    ['notice-proposal', 'Proposed time: Tuesday, November 3, 2026, 2:00 – 3:00 PM (Central European Time)'],
    ['notice-proposal', 'Planned time: Tuesday, November 3, 2026, 10:00 – 11:30 AM (Central European Time)'],
    ['notice-proposal', 'Decline the proposal: https://calendar.example.com/decide/?token=ey.J0.b2'],
    ['notice-undeliverable', 'Your invitation could not be delivered to Carol Weiß (carol@example.net).'],
    ['notice-undeliverable', 'What the mail server said: 550 5.1.1 No such user here'],
  ])('writes into %s the line %j, in both parts', async (name, line) => {
    const mail = await compose(namedNotice(name));
    expect(mail.text).toContain(line);
    const visible = String(mail.html).replaceAll('&amp;', '&');
    expect(visible).toContain(line.split(': ').at(-1));
  });

  it('writes several notices into one mail', async () => {
    const mail = await compose(namedNotice('notice-digest'));
    expect(mail.subject).toBe('2 answers: Planning the spring issue');
    expect(mail.text.indexOf('Bob Dupont has accepted.')).toBeLessThan(mail.text.indexOf('Carol Weiß may come.'));
  });

  it('accepts an event that is unknown, cannot be parsed or does not have the guest', async () => {
    for (const text of [null, 'broken', calendar(null, event({ ATTENDEE: null, SUMMARY: null }))]) {
      const mail = await compose(noticeMail({ calendar: text }));
      expect(mail.subject).toBe('bob@example.org is coming: (no title)');
    }
    const answer = {
      kind: 'answer',
      attendee: bob,
      partstat: 'ACCEPTED',
      comment: null,
      recurrenceId: '20261201',
    } as const;
    expect((await compose(noticeMail({ calendar: null, notices: [answer] }))).text).toContain(
      'Tuesday, December 1, 2026, all day',
    );
  });
});
