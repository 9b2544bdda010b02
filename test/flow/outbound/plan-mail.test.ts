// Which schedule messages are mailed, as which kind of mail, and with which ORGANIZER.
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../../src/flow/outbound/deliver.ts';
import { changesOf } from '../../../src/flow/queue/plan.ts';
import { readBatch } from '../../../src/flow/queue/read-batch.ts';
import type { Job } from '../../../src/flow/records/records.ts';
import { parseKeyRing } from '../../../src/core/signing/keys.ts';
import { isFromAttendee, type Method, METHODS } from '../../../src/core/itip/methods.ts';
import { replyAddress } from '../../../src/core/signing/reply-address.ts';
import { readRsvpToken } from '../../../src/core/signing/token.ts';
import { meeting } from '../../harness/calendar-server.ts';
import { alice, bob, carol, type FlowKit, openFlowKit, REPLY_DOMAIN } from '../flow-kit.ts';

const uid = 'planning@example.com';
const event = (extra: readonly string[] = [], sequence = 0): string =>
  meeting({
    uid,
    organizer: alice.asWritten,
    attendees: [{ email: bob.asWritten }, { email: carol.asWritten }],
    extra,
    sequence,
  });

/** The event of another organizer, bob, with alice as a guest. */
const theirs = (): string =>
  meeting({ uid, organizer: bob.asWritten, attendees: [{ email: alice.asWritten, partstat: 'TENTATIVE' }] });

describe('schedule messages', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  async function read(at: number) {
    const mail = kit.mails.at(at);
    const parsed = await simpleParser(Buffer.from(mail?.raw ?? ''), { skipImageLinks: true });
    const part = parsed.attachments.find(({ contentType }) => contentType === 'text/calendar');
    return {
      ...mail,
      subject: parsed.subject ?? '',
      references: parsed.references,
      calendar: (part?.content.toString() ?? '').replace(/\r\n[ \t]/g, ''),
      html: String(parsed.html),
      text: parsed.text ?? '',
    };
  }

  /** Posts the callback and returns the reason of its outcome. */
  async function reasonFor(calendar: string, method = 'REQUEST', to = bob): Promise<string | undefined> {
    await kit.invite(calendar, to, method);
    await kit.settle();
    return (await kit.entries(to.key)).findLast(({ door }) => door === 'callback')?.reason;
  }

  it('are mailed as invitation, update and cancellation, and then as an invitation again', async () => {
    expect(await reasonFor(event())).toBe('invitation');
    expect(await reasonFor(event([], 1).replaceAll('20270301', '20270302'))).toBe('update');
    expect(await reasonFor(event(['STATUS:CANCELLED'], 2), 'CANCEL')).toBe('cancel');
    expect(await reasonFor(event([], 3))).toBe('invitation');
    const [first, second] = [await read(0), await read(1)];
    expect(second.references).toBe(first.messageId);
    expect(second.mailFrom).not.toBe(first.mailFrom);
    expect(new Set(kit.mails.map(({ messageId }) => messageId)).size).toBe(4);
  });

  it('are mailed as an update if SEQUENCE is above 0 and the ledger has no mailing', async () => {
    expect(await reasonFor(event([], 2))).toBe('update');
  });

  it('are not mailed again if nothing relevant has changed', async () => {
    expect(await reasonFor(event())).toBe('invitation');
    const reSaves = [
      event().replace('DTSTAMP:20270101T000000Z', 'DTSTAMP:20270105T000000Z'),
      event().replace(/NEEDS-ACTION(.*carol)/, 'ACCEPTED$1'),
      event(['LAST-MODIFIED:20270105T000000Z', 'CREATED:20270101T000000Z']),
      event().replace('ATTENDEE;PARTSTAT', 'ATTENDEE;SCHEDULE-STATUS="1.1";PARTSTAT'),
    ];
    for (const saved of reSaves) expect(await reasonFor(saved)).toBe('nothing-new');
    expect(kit.mails).toHaveLength(1);
  });

  it.each(['NONE', 'CLIENT'])('are not mailed with SCHEDULE-AGENT=%s', async (agent) => {
    expect(await reasonFor(event().replace(/ATTENDEE(.*bob)/, `ATTENDEE;SCHEDULE-AGENT=${agent}$1`))).toBe(
      'schedule-agent',
    );
    expect(kit.mails).toHaveLength(0);
  });

  describe('to an address that bounced', () => {
    const bounced = '5.1.1 no such user';
    beforeEach(async () => {
      kit.relay.verdict = () => ({ kind: 'refused', status: 550, response: bounced });
      await reasonFor(event());
      kit.relay.verdict = () => ({ kind: 'accepted', response: 'ok' });
      kit.mails.length = 0;
    });
    const moved = (sequence: number): string => event([], sequence).replaceAll('20270301', `2027030${sequence + 1}`);

    it('are not mailed, and the ledger says why', async () => {
      expect(await reasonFor(moved(1))).toBe('suppressed');
      expect((await kit.entries(uid)).findLast(({ reason }) => reason === 'suppressed')).toMatchObject({
        verdict: 'not-mailed',
        attendee: bob.key,
        detail: expect.stringContaining(bounced),
      });
      expect(await reasonFor(moved(1), 'REQUEST', carol)).toBe('invitation');
      expect(await kit.mailsTo(bob)).toEqual([]);
    });

    it.each(METHODS)('with METHOD:%s are mailed only if an attendee sends them', async (method) => {
      const expected = isFromAttendee(method) ? 'reply' : 'suppressed';
      const put = { kind: 'suppress', ownerKey: alice.key, recipientKey: bob.key, reason: bounced, at: 1 } as const;
      await kit.spool.put([], [put]);
      expect(await reasonFor(isFromAttendee(method) ? theirs() : moved(1), method)).toBe(expected);
    });

    it('are mailed again after a new invitation to the same event', async () => {
      expect(await reasonFor(event([], 1), 'CANCEL')).toBe('suppressed');
      expect(await kit.mailsTo(bob)).toEqual([]);
      expect(await reasonFor(event([], 2))).toBe('invitation');
      expect(await reasonFor(moved(3))).toBe('update');
      expect(await kit.mailsTo(bob)).toHaveLength(2);
    });

    it('are mailed again after an invitation to another event', async () => {
      expect(await reasonFor(event().replaceAll(uid, 'another@example.com'))).toBe('invitation');
      expect(await reasonFor(moved(1))).toBe('update');
    });

    it('are mailed if they are a REPLY to an organizer', async () => {
      const put = {
        kind: 'suppress',
        ownerKey: alice.key,
        recipientKey: carol.key,
        reason: bounced,
        at: 1,
      } as const;
      await kit.spool.put([], [put]);
      const reply = meeting({
        uid,
        organizer: carol.asWritten,
        attendees: [{ email: alice.asWritten, partstat: 'ACCEPTED' }],
      });
      expect(await reasonFor(reply, 'REPLY', carol)).toBe('reply');
    });
  });

  it('keep the ORGANIZER of the first mail when the key changes; new events use the new key', async () => {
    await reasonFor(event());
    const old = /ORGANIZER[^:]*:mailto:(\S+)/.exec((await read(0)).calendar)?.[1];
    const ring = parseKeyRing(
      `k2:${Buffer.alloc(32, 2).toString('base64')},k1:${Buffer.alloc(32, 1).toString('base64')}`,
    );
    const rotated = deliver({ ...kit, ring, itip: true });
    async function inviteWithNewKey(calendar: string): Promise<string | undefined> {
      await kit.invite(calendar, bob);
      for (const batch of await kit.spool.claim('invitation', {
        lanes: 1,
        perLane: 9,
        leaseMs: 9_000,
        longestWaitMs: 3_600_000,
        now: kit.clock.now,
      })) {
        const plan = await rotated(readBatch(batch, 0).jobs as Job<'schedule-message'>[]);
        await kit.spool.commit(batch.lease, changesOf(plan, kit));
      }
      await kit.settle(['outgoing']);
      return /ORGANIZER[^:]*:mailto:(\S+)/.exec((await read(-1)).calendar)?.[1];
    }
    expect(old).toMatch(/^r1k1-/);
    expect(await inviteWithNewKey(event([], 1).replaceAll('20270301', '20270302'))).toBe(old);
    expect(await inviteWithNewKey(event().replaceAll(uid, 'another@example.com'))).toMatch(/^r1k2-/);
  });

  it('have a separate reply address and separate links for each attendee', async () => {
    await reasonFor(event());
    await reasonFor(event(), 'REQUEST', carol);
    const [toBob, toCarol] = [await read(0), await read(1)];
    const organizerOf = (calendar: string) => /ORGANIZER[^:]*:mailto:(\S+)/.exec(calendar)?.[1] ?? '';
    expect(organizerOf(toBob.calendar)).not.toBe(organizerOf(toCarol.calendar));
    expect(toCarol.html + toCarol.calendar).not.toContain(organizerOf(toBob.calendar));
    const token = /token=([^&"]+)/.exec(toBob.html)?.[1] ?? '';
    expect(toCarol.html).not.toContain(token);
    expect(await readRsvpToken(kit.ring, decodeURIComponent(token), kit.clock.now)).toMatchObject({
      kind: 'valid',
      claims: { uid, attendee: bob.asWritten, organizer: alice.asWritten, expiresAt: Date.UTC(2027, 2, 8, 11) },
    });
  });

  it.each([
    ['PUBLISH', 'invitation', 'nothing-new', 'nothing-new', 'alice@example.com sends a message about this event'],
    ['REQUEST', 'invitation', 'nothing-new', 'nothing-new', 'alice@example.com invites you'],
    ['REPLY', 'reply', 'nothing-new', 'reply', 'alice@example.com may come'],
    ['ADD', 'invitation', 'nothing-new', 'nothing-new', 'alice@example.com invites you'],
    ['CANCEL', 'cancel', 'nothing-new', 'nothing-new', 'alice@example.com has cancelled your invitation'],
    ['REFRESH', 'reply', 'nothing-new', 'reply', 'alice@example.com sends a message about this event'],
    ['COUNTER', 'reply', 'nothing-new', 'reply', 'alice@example.com proposes another time'],
    // It is no revision of the event, so it is not compared.
    ['DECLINECOUNTER', 'decline', 'decline', 'decline', 'alice@example.com declines your proposal'],
  ] satisfies [Method, ...string[]][])(
    'with METHOD:%s are mailed as %j, the same again as %j, with another answer as %j',
    async (method, first, same, answered, intro) => {
      const isOurs = !isFromAttendee(method);
      const posted = isOurs ? event() : theirs();
      expect(await reasonFor(posted, method)).toBe(first);
      expect(await reasonFor(posted, method)).toBe(same);
      const { calendar, text } = await read(0);
      expect(text.split(':')[0]).toBe(intro);
      // Answers to bob go to alice only if alice is the organizer.
      const { id, address } = replyAddress(kit.ring, { organizer: alice, attendee: bob }, REPLY_DOMAIN);
      expect(/ORGANIZER[^:]*:mailto:(\S+)/.exec(calendar)?.[1]).toBe(isOurs ? address : bob.asWritten);
      const pair = await kit.ledger.replyPair(id);
      expect(pair).toEqual(isOurs ? { id, organizer: alice, attendee: bob } : null);
      const { mailings } = await kit.ledger.copyContext(alice.key, uid, null);
      const organizers = mailings.map(({ organizerAsMailed }) => organizerAsMailed);
      expect(new Set(organizers)).toEqual(new Set(first === 'decline' ? [] : [isOurs ? address : bob.asWritten]));
      expect(await reasonFor(posted.replace('NEEDS-ACTION', 'ACCEPTED').replace('TENTATIVE', 'ACCEPTED'), method)).toBe(
        answered,
      );
    },
  );

  it('with an ADD are mailed as an update without a comparison, because an ADD has only the added instances', async () => {
    await reasonFor(event(['RRULE:FREQ=WEEKLY;COUNT=3']));
    expect(await reasonFor(event([], 1).replaceAll('20270301', '20270410'), 'ADD')).toBe('update');
    expect((await read(1)).text).not.toContain('was:');
  });

  it('with a REPLY are mailed to an organizer elsewhere once per new answer', async () => {
    const reply = (partstat: string, stamp: string): string =>
      [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'METHOD:REPLY',
        'BEGIN:VEVENT',
        'UID:theirs@remote.test',
        `DTSTAMP:${stamp}`,
        'DTSTART:20270301T100000Z',
        'SUMMARY:Theirs',
        `ORGANIZER:mailto:${bob.asWritten}`,
        `ATTENDEE;PARTSTAT=${partstat}:mailto:${alice.asWritten}`,
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n');
    const post = async (calendar: string) => {
      await kit.invite(calendar.replace('METHOD:REPLY\r\n', ''), bob, 'REPLY');
      await kit.settle();
      return (await kit.entries('theirs@remote.test')).at(-1)?.reason;
    };
    expect(await post(reply('ACCEPTED', '20270101T000000Z'))).toBe('reply');
    expect(await post(reply('ACCEPTED', '20270102T000000Z'))).toBe('nothing-new');
    expect(await post(reply('DECLINED', '20270103T000000Z'))).toBe('reply');
    const { calendar, rcptTo } = await read(0);
    expect(rcptTo).toBe(bob.asWritten);
    expect(calendar).toMatch(/METHOD:REPLY[\s\S]*ORGANIZER:mailto:bob@remote\.test/);
  });

  it('are sent again after a REFRESH; a COUNTER is reported to the organizer', async () => {
    await reasonFor(event());
    kit.calendar.put(uid, event());
    const reply = /ORGANIZER[^:]*:mailto:(\S+)/.exec((await read(0)).calendar)?.[1] ?? '';
    await kit.mail(calendarMail('REFRESH', reply), reply);
    await kit.settle();
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === bob.asWritten)).toHaveLength(2);
    await kit.mail(calendarMail('COUNTER', reply), reply);
    await kit.settle();
    expect(await kit.reasons(uid)).toContain('recorded proposal');
    expect(kit.mails.filter(({ rcptTo }) => rcptTo === alice.asWritten)).toHaveLength(1);
    expect(kit.calendar.text(uid)).toBe(event());
  });
});

function calendarMail(method: string, to: string): Buffer {
  return Buffer.from(
    [
      `From: <${bob.asWritten}>`,
      `To: <${to}>`,
      `Message-ID: <${method}@remote.test>`,
      `Content-Type: text/calendar; method=${method}; charset=utf-8`,
      '',
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      `METHOD:${method}`,
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'DTSTAMP:20270110T100000Z',
      'DTSTART:20270301T140000Z',
      'DTEND:20270301T150000Z',
      `ORGANIZER:mailto:${to}`,
      `ATTENDEE:mailto:${bob.asWritten}`,
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
}
