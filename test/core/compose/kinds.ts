// Every kind of mail that the gateway composes, by name, for the golden files and the injection tests.
import type { InvitationMail, NoticeMail } from '../../../src/core/compose/types.ts';
import { address, alice, bob, calendar, carol, event, invitationMail, noticeMail, series } from './samples.ts';

const before = calendar(
  'REQUEST',
  event({ DTEND: 'DTEND;TZID=Europe/Paris:20261103T110000', LOCATION: 'LOCATION:Room 1' }),
);

const oneDate = {
  'RECURRENCE-ID': 'RECURRENCE-ID;TZID=Europe/Paris:20261201T100000',
  DTSTART: 'DTSTART;TZID=Europe/Paris:20261202T140000',
  DTEND: 'DTEND;TZID=Europe/Paris:20261202T150000',
};

/** The event that Bob's server posts when Bob has answered an invitation from another server. */
const replyLines = event({
  ATTENDEE: 'ATTENDEE;CN=Bob Dupont;PARTSTAT=ACCEPTED:mailto:bob@example.org',
  COMMENT: 'COMMENT:Happy to come\\, five minutes late.',
});

export const invitations: Readonly<Record<string, Partial<InvitationMail>>> = {
  invitation: {},
  'invitation-series': { calendar: calendar('REQUEST', event(series)) },
  'invitation-series-with-overrides': {
    calendar: calendar(
      'REQUEST',
      event(series),
      event({ ...oneDate, SUMMARY: 'SUMMARY:Planning\\, the long version' }),
    ),
  },
  'invitation-one-date': { calendar: calendar('REQUEST', event(oneDate)) },
  'invitation-whole-days': {
    calendar: calendar(
      'REQUEST',
      event({ DTSTART: 'DTSTART;VALUE=DATE:20261103', DTEND: 'DTEND;VALUE=DATE:20261106' }),
    ),
  },
  'invitation-without-itip': { itip: false, organizerAsMailed: null },
  update: { kind: 'update', previousCalendar: before, references: '<0192c0.invitation@calendar.example.com>' },
  'update-one-date': {
    kind: 'update',
    previousCalendar: calendar('REQUEST', event(series)),
    calendar: calendar('REQUEST', event(oneDate)),
  },
  refresh: { kind: 'refresh', references: '<0192c0.invitation@calendar.example.com>' },
  own: { kind: 'own', links: null, itip: false, organizerAsMailed: null, recipient: alice },
  cancel: { kind: 'cancel', links: null, calendar: calendar('CANCEL', event({ STATUS: 'STATUS:CANCELLED' })) },
  'cancel-one-date': {
    kind: 'cancel',
    links: null,
    calendar: calendar('CANCEL', event({ ...oneDate, STATUS: 'STATUS:CANCELLED' })),
  },
  decline: {
    kind: 'decline',
    links: null,
    calendar: calendar('DECLINECOUNTER', event({ DESCRIPTION: null, CONFERENCE: null })),
    references: '<0192c0.invitation@calendar.example.com>',
  },
  'cancel-attendee': { kind: 'cancel', links: null, calendar: calendar('CANCEL', event()) },
  reply: {
    kind: 'reply',
    calendar: calendar('REPLY', replyLines),
    sender: bob,
    recipient: alice,
    organizerAsMailed: null,
    links: null,
  },
  counter: {
    kind: 'reply',
    calendar: calendar('COUNTER', replyLines),
    sender: bob,
    recipient: alice,
    organizerAsMailed: null,
    links: null,
  },
};

const when = (hour: number) =>
  ({
    form: 'zoned',
    local: `20261103T${hour}0000`,
    zone: 'Europe/Paris',
    instant: Date.UTC(2026, 10, 3, hour - 1),
  }) as const;

const heldFromBob = {
  kind: 'held',
  attendee: bob,
  recurrenceId: null,
  sender: 'bob.private@example.net',
  partstat: 'DECLINED',
  comment: 'On a train.',
  reason: 'unauthenticated',
  decisionLink: 'https://calendar.example.com/decide/?token=ey.J0.b2',
} as const;

export const notices: Readonly<Record<string, Partial<NoticeMail>>> = {
  'notice-answer': {},
  'notice-answer-one-date': {
    calendar: calendar(null, event(series)),
    notices: [
      { kind: 'answer', attendee: carol, partstat: 'DECLINED', comment: null, recurrenceId: '20261201T090000Z' },
    ],
  },
  'notice-held': {
    notices: [heldFromBob],
  },
  'notice-held-unknown': {
    calendar: null,
    notices: [
      {
        kind: 'held',
        attendee: null,
        recurrenceId: null,
        sender: 'x@example.net',
        partstat: null,
        comment: null,
        reason: null,
        decisionLink: null,
      },
    ],
  },
  'notice-waiting': {
    calendar: null,
    notices: [
      {
        kind: 'waiting',
        attendee: null,
        count: 40,
        items: [
          {
            ...heldFromBob,
            calendar: calendar(null, event({})),
          },
          {
            kind: 'held',
            attendee: carol,
            recurrenceId: null,
            sender: 'x@example.net',
            partstat: 'ACCEPTED',
            comment: null,
            reason: 'unknown-event',
            decisionLink: 'https://calendar.example.com/decide/?token=ey.J0.b3',
            calendar: null,
          },
        ],
      },
    ],
  },
  'notice-not-written': { notices: [{ kind: 'not-written', attendee: null, reason: 'too-large', count: 2 }] },
  'notice-proposal': {
    notices: [
      {
        kind: 'proposal',
        attendee: carol,
        declineLink: 'https://calendar.example.com/decide/?token=ey.J0.b2',
        proposal: {
          kind: 'proposal',
          occurrence: { uid: 'planning@example.com', recurrenceId: null },
          attendee: carol,
          organizer: alice,
          start: when(14),
          end: when(15),
          comment: 'After lunch?',
          sequence: 0,
          stampedAt: null,
        },
      },
    ],
  },
  'notice-delegation': {
    notices: [
      {
        kind: 'delegation',
        attendee: bob,
        delegate: address('dave@example.net'),
        recurrenceId: null,
        decisionLink: 'https://calendar.example.com/decide/?token=ey.J0.b2',
      },
    ],
  },
  'notice-not-entered': {
    notices: [{ kind: 'not-entered', attendee: bob, reason: 'not-invited' }],
  },
  'notice-quota': {
    notices: [{ kind: 'quota', attendee: null, per: 'hour', limit: 5_000, until: Date.UTC(2026, 9, 20, 9) }],
  },
  'notice-undeliverable': {
    notices: [{ kind: 'undeliverable', attendee: carol, diagnostic: '550 5.1.1 No such user here' }],
  },
  'notice-digest': {
    notices: [
      { kind: 'answer', attendee: bob, partstat: 'ACCEPTED', comment: null, recurrenceId: null },
      { kind: 'answer', attendee: carol, partstat: 'TENTATIVE', comment: 'If I am back by then.', recurrenceId: null },
    ],
  },
};

export function namedInvitation(name: string, changes: Partial<InvitationMail> = {}): InvitationMail {
  return invitationMail({ ...invitations[name], ...changes });
}

export function namedNotice(name: string, changes: Partial<NoticeMail> = {}): NoticeMail {
  return noticeMail({ ...notices[name], ...changes });
}
