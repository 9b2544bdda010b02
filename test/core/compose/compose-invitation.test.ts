import { type ParsedMail, simpleParser } from 'mailparser';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeInvitation, subjectLine, tidyText } from '../../../src/core/compose/compose-invitation.ts';
import { mailedCopy } from '../../../src/core/compose/mailed-copy.ts';
import type { InvitationMail, Templates } from '../../../src/core/compose/types.ts';
import { namedInvitation } from './kinds.ts';
import { calendar, event, invitationMail, links, loadTemplates } from './samples.ts';

describe('composeInvitation', () => {
  let templates: Templates;
  beforeAll(async () => {
    templates = await loadTemplates();
  });

  async function compose(mail: InvitationMail): Promise<{ raw: string; mail: ParsedMail; html: string; text: string }> {
    const { raw } = composeInvitation(mail, templates);
    const parsed = await simpleParser(Buffer.from(raw), { skipHtmlToText: true, skipTextToHtml: true });
    return {
      raw: Buffer.from(raw).toString('latin1'),
      mail: parsed,
      html: String(parsed.html),
      text: parsed.text ?? '',
    };
  }

  it('has our own address with the organizer’s name in From, and the organizer in Reply-To', async () => {
    const { mail } = await compose(invitationMail());
    expect(mail.from?.value).toEqual([{ name: 'Alice Martin via Calendar', address: 'calendar@example.com' }]);
    expect(mail.replyTo?.value).toEqual([{ name: 'Alice Martin', address: 'alice@example.com' }]);
    expect(mail.to).toMatchObject({ value: [{ name: 'Bob Dupont', address: 'bob@example.org' }] });
    expect(mail.subject).toBe('Invitation: Planning the spring issue (Tue, Nov 3, 2026, 10:00 AM)');
  });

  it('contains the mailed copy twice if it has a METHOD, else once', async () => {
    const withMethod = invitationMail();
    const both = (await compose(withMethod)).mail.attachments;
    expect(both.map((part) => part.contentType)).toEqual(['text/calendar', 'application/ics']);
    for (const part of both) expect(part.content.toString()).toBe(mailedCopy(withMethod));
    const without = await compose(namedInvitation('invitation-without-itip'));
    expect(without.mail.attachments.map((part) => part.contentType)).toEqual(['application/ics']);
    expect(without.mail.attachments[0]?.content.toString()).not.toContain('METHOD');
    expect(without.raw).not.toMatch(/method=/i);
    expect(without.html).not.toContain('answer in your calendar');
  });

  it('has a button and a line of text for each answer', async () => {
    const { html, text } = await compose(invitationMail());
    for (const link of Object.values(links)) {
      expect(html).toContain(`href="${link.replaceAll('&', '&amp;')}"`);
      expect(text).toContain(link);
    }
  });

  it('offers no answers if there are no links', async () => {
    const { html, text } = await compose(namedInvitation('cancel'));
    expect(html + text).not.toContain('/rsvp/');
  });

  it.each([
    ['invitation', 'Alice Martin invites you: Planning the spring issue'],
    ['invitation-one-date', 'Alice Martin invites you to one date of a series: Planning the spring issue'],
    ['update', 'Alice Martin has changed this event: Planning the spring issue'],
    ['update-one-date', 'Alice Martin has changed one date of this series: Planning the spring issue'],
    ['cancel', 'Alice Martin has cancelled this event: Planning the spring issue'],
    ['cancel-one-date', 'Alice Martin has cancelled one date of this series: Planning the spring issue'],
    ['cancel-attendee', 'Alice Martin has cancelled your invitation: Planning the spring issue'],
    ['reply', 'Bob Dupont is coming: Planning the spring issue'],
    ['counter', 'Bob Dupont proposes another time: Planning the spring issue'],
  ])('begins a mail of kind %s with %j', async (name, first) => {
    expect((await compose(namedInvitation(name))).text.split('\n')[0]).toBe(first);
  });

  it('shows the old and the new value of a change', async () => {
    const { text, html } = await compose(namedInvitation('update'));
    expect(text).toContain('Where: Room 3, Main Street 12 (was: Room 1)');
    expect(html).toMatch(/line-through[^>]*>Room 1</);
  });

  it('shows the organizer’s comment to the guests, and a guest’s comment to the organizer', async () => {
    const text = calendar('REQUEST', event({ COMMENT: 'COMMENT:Bring a pen' }));
    expect((await compose(invitationMail({ calendar: text }))).text).toContain('> Bring a pen');
    expect((await compose(namedInvitation('reply'))).text).toContain('> Happy to come, five minutes late.');
  });

  it('has the guest’s name in From for a REPLY', async () => {
    const { mail } = await compose(namedInvitation('reply'));
    expect(mail.from?.value[0]?.name).toBe('Bob Dupont via Calendar');
    expect(mail.replyTo?.value[0]).toEqual({ name: 'Bob Dupont', address: 'bob@example.org' });
    expect(mail.to).toMatchObject({ value: [{ address: 'alice@example.com' }] });
  });

  it('accepts an organizer without a name, and an event without ORGANIZER or without a time', async () => {
    const nameless = await compose(
      invitationMail({ calendar: calendar('REQUEST', event({ ORGANIZER: 'ORGANIZER:mailto:alice@example.com' })) }),
    );
    expect(nameless.mail.from?.value[0]?.name).toBe('alice at example.com via Calendar');
    expect(nameless.text.split('\n')[0]).toBe('alice@example.com invites you: Planning the spring issue');
    const anonymous = await compose(invitationMail({ calendar: calendar('REQUEST', event({ ORGANIZER: null })) }));
    expect(anonymous.mail.from?.value[0]).toEqual({ name: '', address: 'calendar@example.com' });
    expect(anonymous.text.split('\n')[0]).toBe('You are invited: Planning the spring issue');
    const timeless = await compose(
      invitationMail({ calendar: calendar('REQUEST', event({ DTSTART: null, DTEND: null })) }),
    );
    expect(timeless.mail.subject).toBe('Invitation: Planning the spring issue');
    expect(timeless.text).toContain('When: time not stated');
  });

  it('returns the same bytes when it is called again', () => {
    const [one, two] = [composeInvitation(invitationMail(), templates), composeInvitation(invitationMail(), templates)];
    expect(Buffer.from(one.raw).equals(Buffer.from(two.raw))).toBe(true);
  });

  it('refuses a calendar without an event', () => {
    expect(() => composeInvitation(invitationMail({ calendar: 'no' }), templates)).toThrow(
      expect.objectContaining({ code: 'calendar-unparseable' }),
    );
  });
});

describe('tidyText', () => {
  it('removes extra blank lines and trailing spaces, except that of the signature separator', () => {
    expect(tidyText('\n\na  \n\n\n\nb\n-- \nc\t\n')).toBe('a\n\nb\n-- \nc\n');
  });
});

describe('subjectLine', () => {
  it('returns one line of at most 200 characters', () => {
    expect(subjectLine(`a\r\nb${'x'.repeat(10_000)}`)).toMatch(/^a bx{196}…$/);
  });
});
