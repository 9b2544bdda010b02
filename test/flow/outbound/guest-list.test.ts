// SHOW_GUEST_LIST=False: no mail, file or page names another guest, and a new guest causes no mail.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showRsvp } from '../../../src/flow/inbound/show-rsvp.ts';
import { eventFile } from '../../../src/core/pages/event-file.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol, dave, type FlowKit, openFlowKit } from '../flow-kit.ts';

const uid = 'planning@example.com';
const event = (guests: readonly { readonly asWritten: string }[], sequence = 0): string =>
  meeting({
    uid,
    organizer: alice.asWritten,
    attendees: guests.map(({ asWritten }) => ({ email: asWritten })),
    sequence,
  });

describe('with a hidden guest list', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit({ guestList: false });
  });
  afterEach(() => kit.close());

  it('no mail, page or file names another guest', async () => {
    await kit.invite(event([bob, carol]), bob);
    const later = event([bob, carol, dave], 1).replaceAll('20270301', '20270302');
    await kit.invite(later, bob);
    await kit.settle();
    expect(kit.mails).toHaveLength(2);
    for (const { raw } of kit.mails) {
      const text = Buffer.from(raw).toString();
      const parts = [text, ...(await kit.mailsTo(bob)).flatMap((mail) => [mail.text, mail.calendar])];
      for (const part of parts) expect(part).not.toMatch(/carol@|dave@/i);
    }
    kit.calendar.put(uid, later);
    const claims = { uid, recurrenceId: null, attendee: bob.asWritten, organizer: alice.asWritten, expiresAt: 0 };
    const shown = await showRsvp({ ...kit, store: kit.calendar }, claims);
    expect(shown).toMatchObject({ state: 'open', guestList: false });
    expect(eventFile(shown, claims)).not.toMatch(/carol@|dave@/i);
  });

  it('a new guest causes no mail to the others', async () => {
    await kit.invite(event([bob]), bob);
    await kit.invite(event([bob, carol]), bob);
    await kit.settle();
    expect(kit.mails).toHaveLength(1);
    expect(await kit.reasons(uid)).toContain('not-mailed nothing-new');
  });
});
