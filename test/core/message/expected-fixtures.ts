// The expected items of each mail of fixtures/mail. They were checked by hand; do not regenerate them.
export interface Expected {
  readonly source: string | null;
  readonly items: readonly string[];
  readonly forwarded?: true;
}

export const FIXTURES: Readonly<Record<string, Expected>> = {
  'android-octet-stream': {
    source: 'application/octet-stream "invite.ics" in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'apple-ical3-accepted': {
    source: 'text/calendar "iCal-20261102-091500.ics" in multipart/mixed (part 2.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C seq 7'],
  },
  'apple-ios-accepted': {
    source: 'text/calendar "invite.ics" in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@icloud.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'apple-ios-proposed-time': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: [
      'answer TENTATIVE of bob@icloud.test to alice@example.com for planning-1@example.com seq 0',
      'proposal of bob@icloud.test to alice@example.com for planning-1@example.com 2026-11-22T13:00Z - nothing seq 0',
    ],
  },
  'apple-macos-accepted': {
    source: 'text/calendar "iCal-20261102-091500.ics" in multipart/mixed (part 2.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'apple-macos-declined-comment': {
    source: 'text/calendar "iCal-20261102-091500.ics" in multipart/mixed (part 2.2)',
    items: [
      'answer DECLINED of bob@example.com to alice@example.com for planning-1@example.com seq 1 "I am away, sorry."',
    ],
  },
  'domino-accepted': {
    source: 'text/calendar "c144000.ics" in multipart/alternative (part 1.2)',
    items: [
      'answer ACCEPTED of bob@example.com to alice_organizer/exampleorg@domino01.example.com for CA0CBE8538C6B44D002586870056DA18-Lotus_Notes_Generated seq 0',
    ],
  },
  'domino-counter': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: [
      'proposal of bob@example.com to alice@example.com for planning-1@example.com 2026-11-22T10:00Z - 2026-11-22T11:00Z seq 0 "One hour later?"',
    ],
  },
  'evolution-accepted': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 1.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'exchange-2013-squiggle': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'answer TENTATIVE of bob@example.com to nobody for planning-1@example.com seq 0 "I may have to leave early."',
    ],
  },
  'exchange-bounce-failed': {
    source: null,
    items: [
      'bounce failed bob@example.net 5.7.1 <invite-1@example.com> "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized"',
      'bounce relayed carol@example.net 2.0.0 <invite-1@example.com>',
    ],
  },
  'exchange-online-accepted': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: ['answer ACCEPTED of bob@example.com to nobody for planning-1@example.com seq 0'],
  },
  'exchange-online-counter': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'proposal of nobody to nobody for planning-1@example.com 2026-11-22T09:00Z - 2026-11-22T10:00Z seq 0 "An hour later would suit me."',
    ],
  },
  'exchange-online-declined-disclaimer': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'answer DECLINED of bob@example.com to nobody for CA0CBE8538C6B44D002586870056DA18-Lotus_Notes_Generated seq 0 "::DISCLAIMER::\\n________________________________\\nThe contents of this e-mail are confidential."',
    ],
  },
  'exchange-online-occurrence': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'answer DECLINED of bob@example.com to nobody for weekly-1@example.com at 20261122T090000Z seq 3 "On leave that week."',
    ],
  },
  'exchange-out-of-office': { source: null, items: ['automatic-reply'] },
  'exchange-room-accepted': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'answer ACCEPTED of room4@example.com to nobody for planning-1@example.com seq 0 "Your request was accepted."',
    ],
  },
  'exim-bounce-delayed': { source: null, items: ['bounce delayed bob@example.net'] },
  'exim-bounce-prose': {
    source: null,
    items: [
      'bounce failed bob@example.net 5.1.1 <invite-1@example.com> "host mail.example.net [192.0.2.1]: 550 5.1.1 No such user here"',
    ],
  },
  'fastmail-declined': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['answer DECLINED of bob@fastmail.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'feedback-loop-abuse': { source: null, items: ['abuse-report'] },
  'forwarded-answer-base64': {
    source: 'text/calendar in multipart/alternative (part 2), in an attached message, in an attached message',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
    forwarded: true,
  },
  'forwarded-answer': {
    source: 'text/calendar in multipart/alternative (part 2), in an attached message',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
    forwarded: true,
  },
  'forwarded-invitation': { source: null, items: ['letter'] },
  'gmail-accepted': {
    source: 'text/calendar in multipart/alternative (part 1.3)',
    items: ['answer ACCEPTED of bob@gmail.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'gmail-declined-occurrence': {
    source: 'text/calendar in multipart/alternative (part 1.3)',
    items: [
      'answer DECLINED of bob@gmail.test to alice@example.com for weekly-1@example.com at 20261122T090000Z seq 2',
    ],
  },
  'gmail-tentative-comment': {
    source: 'text/calendar in multipart/alternative (part 1.3)',
    items: [
      'answer TENTATIVE of bob@gmail.test to alice@example.com for 040000008200E00074C5B7101A82E0080000000057E690055723DD01000000000000000010000000AA3D563406A91946998F2774AAD4D280 seq 1 "This is my reply for maybe"',
    ],
  },
  'gmail-vacation': { source: null, items: ['automatic-reply'] },
  'google-counter-as-reply': {
    source: 'text/calendar in multipart/alternative (part 1.3)',
    items: [
      'proposal of bob@gmail.test to alice@example.com for planning-1@example.com 2026-11-22T10:00Z - 2026-11-22T11:00Z seq 0 "An hour later?"',
    ],
  },
  'google-workspace-accepted': {
    source: 'text/calendar in multipart/alternative (part 1.3)',
    items: ['answer ACCEPTED of bob@corp.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'groupwise-accepted': {
    source: 'text/calendar "Planning.ics" in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@example.net to alice@example.com for 20261101T100000Z_D26000DF178 seq none'],
  },
  'icloud-principal-attendee': {
    source: 'text/calendar "invite.ics" in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of nobody to alice@example.com for planning-1@example.com seq 0 "Looking forward"'],
  },
  'james-calendar-in-header': {
    source: "a part's header",
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'kmail-tentative': {
    source: 'text/calendar "\'cal.ics\'" in multipart/mixed (part 1)',
    items: ['answer TENTATIVE of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'letter-html': { source: null, items: ['letter'] },
  'letter-plain': { source: null, items: ['letter'] },
  'mutt-lf-only': {
    source: 'text/calendar in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'nextcloud-accepted': {
    source: 'text/calendar "event.ics" in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@cloud.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'open-xchange-accepted': {
    source: 'text/calendar "reply.ics" in multipart/alternative (part 1.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'other-cancel': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['unusable not-a-reply: METHOD is CANCEL.'],
  },
  'other-publish': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['unusable not-a-reply: METHOD is PUBLISH.'],
  },
  'other-request': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['unusable not-a-reply: METHOD is REQUEST.'],
  },
  'outlook-2003-accepted': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'outlook-com-accepted': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: ['answer ACCEPTED of bob@outlook.test to nobody for planning-1@example.com seq 0'],
  },
  'outlook-enveloped-data': { source: null, items: ['letter'] },
  'outlook-signed-data': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "See you there"'],
  },
  'notes-signed-data-in-pieces': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "See you there"'],
  },
  'outlook-desktop-accepted': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 3)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'outlook-desktop-counter': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 3)',
    items: [
      'proposal of bob@example.com to alice@example.com for planning-1@example.com 2026-11-22T09:00Z - 2026-11-22T10:00Z seq 0 "An hour later would suit me."',
    ],
  },
  'outlook-desktop-declined-comment': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 3)',
    items: [
      'answer DECLINED of bob@example.com to alice@example.com for planning-1@example.com seq 2 "Sorry, I am on the train then.\\nCould we talk on Monday?"',
    ],
  },
  'outlook-desktop-tentative-occurrence': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 3)',
    items: [
      'answer TENTATIVE of bob@example.com to alice@example.com for weekly-1@example.com at 20261122T090000Z seq 1',
    ],
  },
  'outlook-mac-accepted': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'outlook-mobile-tentative': {
    source: 'text/calendar in multipart/alternative (part 3)',
    items: [
      'answer TENTATIVE of bob@example.com to nobody for planning-1@example.com seq 0 "Running late, start without me."',
    ],
  },
  'outlook-new-accepted': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: [
      'answer ACCEPTED of bob@example.com to nobody for planning-1@example.com seq 0 "Gerne, ich bringe Kaffee für alle mit."',
    ],
  },
  'outlook-out-of-office-german': { source: null, items: ['automatic-reply'] },
  'outlook-read-receipt': { source: null, items: ['automatic-reply'] },
  'outlook-winmail-accepted': {
    source: 'winmail.dat',
    items: ['answer ACCEPTED of bob@example.com to nobody for planning-1@example.com seq 2'],
  },
  'outlook-winmail-broken-off': {
    source: 'winmail.dat',
    items: ['answer ACCEPTED of nobody to nobody for planning-1@example.com seq none'],
  },
  'outlook-winmail-declined-hex': {
    source: 'winmail.dat',
    items: [
      'answer DECLINED of bob@example.com to nobody for 040000008200E00074C5B7101A82E008000000009057E690055723DD000000000000000010000000AA3D563406A91946998F2774AAD4D280 seq 0 "Sorry, not this week."',
    ],
  },
  'outlook-winmail-exchange-name': {
    source: 'winmail.dat',
    items: ['answer ACCEPTED of nobody to nobody for planning-1@example.com seq 0'],
  },
  'outlook-winmail-moved-occurrence': {
    source: 'winmail.dat',
    items: ['answer ACCEPTED of bob@example.com to nobody for weekly-1@example.com at 20261122T090000Z seq 0'],
  },
  'outlook-winmail-note': { source: null, items: ['letter'] },
  'outlook-winmail-proposal': {
    source: 'winmail.dat',
    items: [
      'answer TENTATIVE of bob@example.com to nobody for planning-1@example.com seq 0 "Better after lunch."',
      'proposal of bob@example.com to nobody for planning-1@example.com 2026-11-22T13:00Z - 2026-11-22T14:00Z seq 0 "Better after lunch."',
    ],
  },
  'outlook-winmail-request': { source: 'winmail.dat', items: ['unusable not-a-reply: METHOD is REQUEST.'] },
  'outlook-winmail-tentative-occurrence': {
    source: 'winmail.dat',
    items: [
      'answer TENTATIVE of bob@example.com to nobody for weekly-1@example.com at 20261122T090000Z seq 1 "I may be late."',
    ],
  },
  'postfix-bounce-delayed': {
    source: null,
    items: [
      'bounce delayed bob@example.net 4.4.1 <invite-1@example.com> "connect to mail.example.net[192.0.2.1]:25: Connection timed out"',
    ],
  },
  'postfix-bounce-failed': {
    source: null,
    items: [
      'bounce failed bob@example.net 5.1.1 <invite-1@example.com> "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in virtual mailbox table"',
    ],
  },
  'proton-accepted': {
    source: 'text/calendar "invite.ics" in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@proton.test to alice@example.com for planning-1@example.com seq 0'],
  },
  'qmail-bounce-prose': {
    source: null,
    items: [
      'bounce failed bob@example.net 5.1.1 <invite-1@example.com> "Sorry, no mailbox here by that name. (#5.1.1)"',
    ],
  },
  'roundcube-accepted': {
    source: 'text/calendar "event.ics" in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'samsung-utf16-label': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schön"'],
  },
  'shape-address-without-scheme': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-all-day-occurrence': {
    source: 'text/calendar',
    items: ['answer DECLINED of bob@example.com to alice@example.com for daily-1@example.com at 20261129 seq 0'],
  },
  'shape-byte-order-mark': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-calendar-broken-off': {
    source: 'text/calendar in multipart/mixed (part 1)',
    items: ['unusable no-event: VEVENT has no END: the text was cut off'],
  },
  'shape-calendar-empty': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['unusable no-event: The REPLY has no event.'],
  },
  'shape-charset-gb2312': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "联通"'],
  },
  'shape-charset-latin1': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schöne Grüße"'],
  },
  'shape-charset-missing-latin1': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schöne Grüße"'],
  },
  'shape-charset-unknown': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schön"'],
  },
  'shape-charset-utf16-unmarked': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schön"'],
  },
  'shape-charset-utf16': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Schön"'],
  },
  'shape-content-type-commas': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-content-type-without-semicolons': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-copies-in-several-encodings': {
    source: 'text/calendar in multipart/alternative (part 1.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Grüße"'],
  },
  'shape-delegated': {
    source: 'text/calendar',
    items: [
      'answer DELEGATED of bob@example.com to alice@example.com for planning-1@example.com delegated to carol@example.com seq 0',
    ],
  },
  'shape-from-list': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-headers-missing': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-ics-as-pdf': {
    source: 'application/pdf in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-method-disagrees': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-method-in-body-only': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-method-in-header-only': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-method-missing': {
    source: 'text/calendar "event.ics" in multipart/mixed (part 2)',
    items: ['unusable not-a-reply: The calendar has no METHOD.'],
  },
  'shape-method-twice': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-nested-twelve-deep': {
    source: 'text/calendar in multipart/mixed (part 1.1.1.1.1.1.1.1.1.1.1.1)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-range': {
    source: 'text/calendar',
    items: [
      'answer DECLINED of bob@example.com to alice@example.com for weekly-1@example.com at 20261129T090000Z THISANDFUTURE seq 0',
    ],
  },
  'shape-raw-newlines': {
    source: 'text/calendar',
    items: [
      'answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "first line\\nsecond line"',
    ],
  },
  'shape-refresh': { source: 'text/calendar', items: ['refresh of bob@example.com for planning-1@example.com'] },
  'shape-related': {
    source: 'text/calendar in multipart/related (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-report': {
    source: 'text/calendar in multipart/report (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-several-calendars': {
    source: 'text/calendar in multipart/mixed (part 1)',
    items: [
      'unusable several-calendars: The mail has 2 calendars with different content: text/calendar in multipart/mixed (part 1); text/calendar in multipart/mixed (part 2).',
    ],
  },
  'shape-several-events': {
    source: 'text/calendar',
    items: [
      'answer ACCEPTED of bob@example.com to alice@example.com for weekly-1@example.com seq 0',
      'answer DECLINED of bob@example.com to alice@example.com for weekly-1@example.com at 20261129T090000Z seq 0',
    ],
  },
  'shape-several-from': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-signed': {
    source: 'text/calendar in multipart/alternative (part 1.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-tab-folds': {
    source: 'text/calendar',
    items: [
      'answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "A long comment that folds and folds again. A long comment that folds and folds again. A long comment that folds and folds again. A long comment that folds and folds again."',
    ],
  },
  'shape-text-plain': {
    source: 'text/plain',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'shape-todo': {
    source: 'text/calendar',
    items: ['answer-todo IN-PROCESS of bob@example.com to alice@example.com for task-1@example.com seq 0'],
  },
  'shape-version-missing': {
    source: 'text/calendar',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'sogo-accepted': {
    source: 'text/calendar in multipart/mixed (part 2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq none'],
  },
  'thunderbird-accepted': {
    source: 'text/calendar in multipart/alternative (part 1.2)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'thunderbird-declined-single-part': {
    source: 'text/calendar',
    items: [
      'answer DECLINED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Keine Zeit – schöne Grüße"',
    ],
  },
  'vacation-quotes-invitation': { source: null, items: ['automatic-reply'] },
  'yahoo-accepted': {
    source: 'text/calendar in multipart/alternative (part 2)',
    items: ['answer ACCEPTED of bob@yahoo.test to alice@example.com for planning-1@example.com seq 0 "Ça va"'],
  },
  'zimbra-accepted': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 3)',
    items: ['answer ACCEPTED of bob@example.com to alice@example.com for planning-1@example.com seq 0'],
  },
  'zimbra-declined-comment': {
    source: 'text/calendar "meeting.ics" in multipart/alternative (part 2)',
    items: [
      'answer DECLINED of bob@example.com to alice@example.com for planning-1@example.com seq 0 "Sorry, I have another appointment."',
    ],
  },
};
