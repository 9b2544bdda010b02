// How `imip-gateway inspect` prints a mail.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeMail } from '../../../src/app/cli/describe-mail.ts';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import type { Incoming, IncomingItem } from '../../../src/core/message/types.ts';
import { FIXTURES } from '../../core/message/expected-fixtures.ts';

const folder = fileURLToPath(new URL('../../../fixtures/mail/', import.meta.url));
const inspect = async (name: string): Promise<string> =>
  describeMail(await interpretMail(readFileSync(`${folder}${name}.eml`)));

describe('describeMail', () => {
  it('prints an answer with one fact per line', async () => {
    expect(await inspect('gmail-tentative-comment')).toBe(
      [
        'From:          Bob Guest <bob@gmail.test>',
        'Sender:        Google Calendar <calendar-notification@google.com>',
        'Reply-To:      Bob Guest <bob@gmail.test>',
        'To:            alice@example.com',
        'Subject:       Tentatively Accepted: Planning',
        'Date:          2026-11-02T09:15:00Z',
        'Message-ID:    <calendar-1a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9@google.com>',
        'Calendar:      text/calendar in multipart/alternative (part 1.3)',
        '',
        'Item:          answer',
        'UID:           040000008200E00074C5B7101A82E0080000000057E690055723DD01000000000000000010000000AA3D563406A91946998F2774AAD4D280',
        'RECURRENCE-ID: none: the whole event',
        'ATTENDEE:      bob@gmail.test',
        'ORGANIZER:     alice@example.com',
        'DTSTAMP:       2026-11-02T09:15:00Z',
        'PARTSTAT:      TENTATIVE',
        'SEQUENCE:      1',
        'Comment:       This is my reply for maybe',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['outlook-desktop-tentative-occurrence', /RECURRENCE-ID: 20261122T090000Z/],
    ['shape-several-from', /From fields: {3}2/],
    ['shape-range', /Range: {9}THISANDFUTURE/],
    ['shape-delegated', /Delegated to: {2}carol@example\.com/],
    ['shape-refresh', /refresh: a request for the current event/],
    ['shape-todo', /answer to a VTODO/],
    ['sogo-accepted', /SEQUENCE: {6}missing/],
    ['exchange-online-counter', /ATTENDEE: {6}not named/],
    ['exchange-online-counter', /Start: {9}20261122T100000 Europe\/Berlin/],
    ['forwarded-answer', /Forwarded: {5}yes/],
    ['other-request', /unusable \(not-a-reply\)\nWhy: {11}METHOD is REQUEST\./],
    ['postfix-bounce-failed', /delivery report: failed\nRecipient: {5}bob@example\.net\nStatus: {8}5\.1\.1/],
    ['letter-plain', /Calendar: {6}none\n\nItem: {10}letter/],
    ['gmail-vacation', /automatic reply/],
    ['feedback-loop-abuse', /abuse report/],
    ['shape-headers-missing', /Date: {10}missing or unreadable/],
  ])('%s: %s', async (name, line) => expect(await inspect(name)).toMatch(line));

  it.each(Object.keys(FIXTURES))('%s: every line has a label and a value', async (name) => {
    expect(await inspect(name)).toMatch(/^(?:[A-Z][\w -]*: +\S.*\n|\n)+$/);
  });

  it('prints no control characters and cuts long lines', async () => {
    const mail = (await interpretMail(Buffer.from(`Subject: a\x1b[31m\u202ebc${'x'.repeat(1000)}\r\n\r\n`))).mail;
    const text = describeMail({ mail, items: [{ kind: 'letter' }], forwarded: false, source: null });
    // oxlint-disable-next-line no-control-regex -- these must not be printed
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(420);
  });

  it('prints times that no Date can hold', () => {
    const far = { form: 'zoned', local: '99991231T235959', zone: null, instant: null } as const;
    const item: IncomingItem = {
      kind: 'proposal',
      occurrence: { uid: 'u', recurrenceId: null },
      attendee: null,
      organizer: null,
      start: far,
      end: null,
      comment: null,
      sequence: null,
      stampedAt: 9e15,
    };
    const mail = {
      from: [],
      replyTo: [],
      to: [],
      date: 1e20,
      subject: '',
      fromFields: 0,
      sender: null,
      messageId: null,
      hops: 0,
      loopMark: null,
      text: '',
    };
    const incoming: Incoming = { mail, items: [item], forwarded: false, source: 'x' };
    expect(describeMail(incoming)).toMatch(
      /DTSTAMP: {7}9000000000000000\nStart: {9}99991231T235959\nEnd: {11}not given/,
    );
  });
});
