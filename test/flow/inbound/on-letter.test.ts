// A mail without a calendar part to a reply address.
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob } from '../flow-kit.ts';
import { type OneEvent, openOneEvent } from '../one-event.ts';

describe('a letter', () => {
  let kit: OneEvent;
  beforeEach(async () => {
    kit = await openOneEvent();
  });
  afterEach(() => kit.close());

  it('a letter is forwarded once, from our own address', async () => {
    const letter = Buffer.from(
      `From: Bob <${bob.asWritten}>\r\nTo: <${kit.replyTo()}>\r\nSubject: Parking?\r\nMessage-ID: <letter@remote.test>\r\n\r\nWhere do I park?\r\n`,
    );
    await kit.mail(letter, kit.replyTo());
    await kit.mail(letter, kit.replyTo());
    await kit.settle();
    const forwarded = kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten);
    expect(forwarded).toHaveLength(1);
    const mail = await simpleParser(Buffer.from(forwarded[0]?.raw ?? ''));
    expect(mail.text).toContain('Where do I park?');
    expect(mail.from?.value[0]?.address).toBe('calendar@example.com');
    expect(mail.replyTo?.value[0]?.address).toBe(bob.asWritten);
    // Our own mail is not forwarded again when it comes back.
    await kit.mail(Buffer.from(forwarded[0]?.raw ?? ''), kit.replyTo());
    await kit.settle();
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
  });
});
