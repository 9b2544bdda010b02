// The expected items of every mail and calendar of ../shared/corpora. They were checked by hand; do not regenerate them.

/** The place where the calendar was found, then the items. */
export const MAILS: Readonly<Record<string, readonly (string | null)[]>> = {
  'apache-james/alternative.cal.eml': [
    'text/calendar in multipart/alternative (part 1.2)',
    'unusable no-event: 08985ae5-8e62-4f3e-971d-27c8b40cf838: REPLY without ATTENDEE',
  ],
  'apache-james/calendar.eml': [
    'text/calendar in multipart/alternative (part 3)',
    'unusable no-event: DAYLIGHT has no END',
  ],
  'apache-james/calendar2.eml': [
    'text/calendar "attachment.txt" in multipart/alternative (part 3)',
    'unusable no-event: DAYLIGHT has no END',
  ],
  'apache-james/charset.eml': [
    'text/calendar "attachment1.txt" in multipart/alternative (part 3)',
    'unusable no-event: DAYLIGHT has no END',
  ],
  'apache-james/charset2.eml': [
    'text/calendar "attachment1.txt" in multipart/alternative (part 3)',
    'unusable no-event: DAYLIGHT has no END',
  ],
  'apache-james/eml__calendar.eml': [
    'text/calendar',
    'answer ACCEPTED of user1to@linagora.com to userto@localhost.com for f1514f44bf39311568d6407249cb76c48103fcd1fb398c3c501cb72b2d293f36e04b2aab16e43439a608f28671ab7c10e754cbc85ddee4a07fa8cf8f4f7af05bfb502b8f6 seq 2',
  ],
  'apache-james/ics_in_header.eml': [
    "a part's header",
    'answer ACCEPTED of alice@linagora.com to bob@linagora.com for f1514f44bf39311568d64072945fc3b2973debebb0d550e8c841f3f0604b2481e047feb2aab16e43439a608f28671ab7c10e754cbbe63441a01ba232a553df751eb0931728d67672 seq 0',
  ],
  'apache-james/invitationEmailFromOP.eml': [
    'text/calendar in multipart/alternative (part 1.2)',
    'unusable not-a-reply: METHOD is REQUEST.',
  ],
  'apache-james/related_in_alternative_multipart.eml': [
    'text/calendar in multipart/alternative (part 1.2)',
    'unusable not-a-reply: METHOD is CANCEL.',
  ],
  'ccs-calendarserver/dsn_failure_no_ics.eml': [
    null,
    'bounce failed thisdoesnotexist@example.com 5.1.1 <40900559-DAB1-4956-BA87-F88E00CF5104@example.com> "550-5.1.1 The email account that you tried to reach does not exist. Please 550-5.1.1 try double-checking the recipient\'s email address for typos 550-5.1.1 or unnecessary spaces. Learn more at 550 5.1.1 http://mail.example.com/support/bin/answer.py?answer=6596 20si599639wfi.11"',
  ],
  'ccs-calendarserver/dsn_failure_no_original.eml': [
    null,
    'bounce failed nonexistant@example.com 5.0.0 "host elderberry.example.com[17.128.115.181] said: 550 5.1.1 unknown or illegal alias: nonexistant@example.com (in reply to RCPT TO command)"',
  ],
  'ccs-calendarserver/dsn_failure_with_ics.eml': [
    null,
    'bounce failed nonexistant@example.com 5.0.0 <20080812191939.51369.1538816694.0@plugh.example.com> "host elderberry.example.com[17.128.115.181] said: 550 5.1.1 unknown or illegal alias: nonexistant@example.com (in reply to RCPT TO command)"',
  ],
  'ccs-calendarserver/good_reply.eml': [
    'text/calendar "iCal-20080812-131911.ics" in multipart/mixed (part 2.2)',
    'answer ACCEPTED of xyzzy@example.com to ical-living-on+d7cdf68d-8b73-4df1-ad3b-f08002fb285f@example.com for 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C seq 7',
  ],
  'ccs-calendarserver/good_reply_future.eml': [
    'text/calendar "iCal-20080812-131911.ics" in multipart/mixed (part 2.2)',
    'answer ACCEPTED of xyzzy@example.com to ical-living-on+d7cdf68d-8b73-4df1-ad3b-f08002fb285f@example.com for 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C seq 7',
  ],
  'ccs-calendarserver/good_reply_past.eml': [
    'text/calendar "iCal-20080812-131911.ics" in multipart/mixed (part 2.2)',
    'answer ACCEPTED of xyzzy@example.com to ical-living-on+d7cdf68d-8b73-4df1-ad3b-f08002fb285f@example.com for 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C seq 7',
  ],
  'ccs-calendarserver/reply_missing_attachment.eml': [null, 'letter'],
  'ccs-calendarserver/reply_missing_attendee.eml': [
    'text/calendar "iCal-20080812-131911.ics" in multipart/mixed (part 2.2)',
    'unusable no-event: 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C: REPLY without ATTENDEE',
  ],
  'ccs-calendarserver/reply_missing_organizer.eml': [
    'text/calendar "iCal-20080812-131911.ics" in multipart/mixed (part 2.2)',
    'unusable no-event: 1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C: REPLY without ATTENDEE',
  ],
  'derived/outlook.com-2026-reply-accepted-frBE.eml': [
    'text/calendar in multipart/alternative (part 3)',
    'answer ACCEPTED of guest0181@hotmail.example to nobody for aaaa1111-bbbb-2222-cccc-3333dddd4444 seq 0',
  ],
  'derived/sogo-5.12-reply-accepted.eml': [
    'text/calendar in multipart/mixed (part 2)',
    'answer ACCEPTED of sogo-tests2@example.org to sogo-tests1@example.org for 220BE-68879A80-1-206F9F00 seq none',
  ],
};

/** The items of a mail whose body is this calendar. */
export const CALENDARS: Readonly<Record<string, readonly string[]>> = {
  'apache-james/ics_with_error.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/meeting.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/meeting_2.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/meeting_without_dtstamp.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/meeting_without_method.ics': ['unusable not-a-reply: The calendar has no METHOD.'],
  'apache-james/meeting_without_sequence.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/meeting_without_uid.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'apache-james/no_event.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'derived/exchange-online-declined-notes-uid.ics': [
    'answer DECLINED of guest.one@example.com to nobody for 584ED245E02216FF002586B2006BCAE0-Lotus_Notes_Generated seq 0 "::DISCLAIMER::\\n________________________________\\nThe contents of this e-mail and any attachment(s) are confidential, ..."',
  ],
  'derived/google-2026-reply-tentative-x-response-comment.ics': [
    'answer TENTATIVE of guest.one@example.test to organizer@example.test for 040000008200E00074C5B7101A82E0080000000057E690055723DD01000000000000000010000000AA3D563406A91946998F2774AAD4D280 seq 1 "This is my reply for maybe"',
  ],
  'derived/groupwise-8.0.2-request.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'derived/icloud-server-request-rotating-organizer-1.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'derived/icloud-server-request-rotating-organizer-2.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'derived/lotus-notes-9.0.1-request.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect10.ics': ['unusable not-a-reply: METHOD is PUBLISH.'],
  'ical4j/calconnect2.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect3.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect4.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect5.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect6.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect7.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect8.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/calconnect9.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/classify.ics': ['unusable several-calendars: the calendar cannot be read: several VCALENDARs in one part'],
  'ical4j/groupwise.ics': ['unusable not-a-reply: The calendar has no METHOD.'],
  'ical4j/incoming.ics': ['unusable several-calendars: the calendar cannot be read: several VCALENDARs in one part'],
  'ical4j/multiple_calendars.ics': [
    'unusable several-calendars: the calendar cannot be read: several VCALENDARs in one part',
  ],
  'ical4j/outlook1.txt': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/php-flp.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/sogo-geo-escaped-semicolon.ics': ['unusable not-a-reply: The calendar has no METHOD.'],
  'ical4j/yahoo1.txt': ['unusable not-a-reply: METHOD is REQUEST.'],
  'ical4j/zidestoreical4jbomb.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'mutt-ics/1.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'mutt-ics/2.ics': ['unusable not-a-reply: METHOD is REQUEST.'],
  'mutt-ics/3.ics': [
    'answer DECLINED of pitiable.coworker@example.com to john@doe for 040000008200E00074C5B7101A82E0080000000050C13B98E61ED201000000000000000010000000CC45D2BE3422D34D9B21CBFABA861D35 seq 0 "Hello John,\\n\\nThank you to make schedule at this time. Unfortunately, I haven’t come to Michigan yet. Please tell other person, or if possible, please change the date.\\n\\nBest regards..."',
  ],
  'mutt-ics/4.ics': ['unusable not-a-reply: METHOD is PUBLISH.'],
  'mutt-ics/5.ics': ['unusable not-a-reply: METHOD is PUBLISH.'],
  'ruby-icalendar/tz_store_param_bug.ics': [
    'proposal of nobody to nobody for 1sqt3u5rn2fprt7g7u75obcgav@google.com 2025-10-08T17:30Z - 2025-10-08T18:30Z seq 0',
  ],
};

export const BOUNCES = {
  shares: {
    'abuse-report': 4,
    'bounce failed': 132,
    letter: 3,
    'bounce delayed': 6,
    'automatic-reply': 2,
    'bounce unknown': 1,
    withRecipient: 135,
  },
  noBounce: {
    'arf-12.eml': 'abuse-report',
    'arf-17.eml': 'abuse-report',
    'arf-21.eml': 'abuse-report',
    'arf-25.eml': 'abuse-report',
    'lhost-amazonses-11.eml': 'letter',
    'lhost-fml-03.eml': 'letter',
    'lhost-kddi-01.eml': 'letter',
    'lhost-postfix-75.eml': 'automatic-reply',
    'rfc3834-04.eml': 'automatic-reply',
  },
} as const;
