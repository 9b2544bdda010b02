// The cases of other implementations' test suites that this gateway handles differently on purpose: the case, the rule of the
// decision table (src/core/itip/README.md), and our behaviour. All other cases pass. A listed case that passes makes its test
// fail, so that the table stays correct.

export interface SuiteDifference {
  readonly suite: 'sabre' | 'ccs';
  /** The row of the decision table; for messages that we send, `fingerprint` or `mailed messages`. */
  readonly row: string;
  readonly why: string;
  /** sabre: the case's name. ccs: `test#index`. */
  readonly cases: readonly string[];
}

export const SUITE_DIFFERENCES: readonly SuiteDifference[] = [
  {
    suite: 'sabre',
    row: 'writing',
    why: "A REQUEST or CANCEL is for the copies of attendees; it does not change the organizer's event.",
    cases: [
      'BrokerProcessMessageTest::testRequestNew',
      'BrokerProcessMessageTest::testRequestUpdate',
      'BrokerProcessMessageTest::testCancel',
    ],
  },
  {
    suite: 'sabre',
    row: 'uninvited',
    why: 'sabre adds an uninvited person who answers; we hold the answer, and the organizer decides.',
    cases: [
      'BrokerProcessReplyTest::testReplyPartyCrasher',
      'BrokerProcessReplyTest::testReplyPartyCrashCreateException',
    ],
  },
  {
    suite: 'sabre',
    row: 'writing',
    why: 'sabre also removes RSVP; we change only PARTSTAT.',
    cases: ['BrokerProcessReplyTest::testReplyAcceptUpdateRSVP'],
  },
  {
    suite: 'ccs',
    row: 'reading',
    why: 'A reply without PARTSTAT has no answer, so it is held. Calendar Server reads it as NEEDS-ACTION.',
    cases: ['test_update_attendee_partstat#2'],
  },
  {
    suite: 'ccs',
    row: 'master answer',
    why: 'An override with NEEDS-ACTION follows the series; Calendar Server requires an RRULE in the reply for that.',
    cases: [
      'test_processReply#4',
      'test_update_attendee_partstat#4',
      'test_update_attendee_partstat#7',
      'test_update_attendee_partstat#11',
    ],
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: 'Calendar Server copies X- parameters and properties of the reply into the event; we change only PARTSTAT.',
    cases: [0, 1, 2, 3, 4, 6, 7, 8, 9, 10].map((index) => `test_processReply_XDash#${index}`),
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: 'VPOLL is neither an event nor a task; a vote changes nothing.',
    cases: [10, 11, 12, 13, 14].map((index) => `test_processReply#${index}`),
  },
  {
    suite: 'sabre',
    row: 'mailed messages',
    why: 'A CANCEL of the whole event has STATUS:CANCELLED (RFC 5546 §3.2.5); sabre omits STATUS.',
    cases: [
      'BrokerDeleteEventTest::testOrganizerDeleteWithDtend',
      'BrokerDeleteEventTest::testOrganizerDeleteWithDuration',
      'BrokerUpdateEventTest::testInviteChangeFromSchedulingToNonSchedulingObject',
      'BrokerUpdateEventTest::testInviteRemoveAttendees',
      'BrokerUpdateEventTest::testInviteStatusCancelled',
    ],
  },
  {
    suite: 'sabre',
    row: 'finding the event',
    why: 'An object with two masters is refused, because an answer could belong to either.',
    cases: ['BrokerSignificantChangesTest::testSignificantChangesVeventOrderNoChange'],
  },
  {
    suite: 'ccs',
    row: 'fingerprint',
    why: 'A changed CN of a participant requires no message to the others.',
    cases: ['test_organizer_diff#2'],
  },
  {
    suite: 'ccs',
    row: 'mailed messages',
    why: 'A message needs a recipient who is in the event; without one there is no message.',
    cases: ['test_request#0'],
  },
  {
    suite: 'ccs',
    row: 'mailed messages',
    why: 'Calendar Server expands a series before it cancels an occurrence; we cancel only occurrences with an override.',
    cases: ['test_cancel#5'],
  },
  {
    suite: 'ccs',
    row: 'mailed messages',
    why: 'Calendar Server removes all X- properties and parameters except some; we remove only those known to be private.',
    cases: [1, 2, 3, 6, 7, 8, 9].map((index) => `test_prepareSchedulingMessage#${index}`),
  },
  {
    suite: 'ccs',
    row: 'mailed messages',
    why: 'A cancelled event needs no answer; the organizer would refuse it (`cancelled-event`).',
    cases: ['test_attendee_merge_cancelled#6'],
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: "A REQUEST is for the copies of attendees, which their server merges; it does not change the organizer's event.",
    cases: [
      ...[0, 1, 3].map((index) => `test_processRequest#${index}`),
      ...[0, 1, 3, 4].map((index) => `test_processRequest_mergeAttendeePartstat#${index}`),
      ...[0, 1, 2, 3].map((index) => `test_processRequest_overrideOfEXDATE#${index}`),
      ...[0, 1].map((index) => `test_processRequest_propertyLeakage#${index}`),
      'test_processRequest_scheduleAgentChange#0',
    ],
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: 'VPOLL is neither an event nor a task; nothing is sent and nothing is merged.',
    cases: [
      ...[0, 1].map((index) => `test_processPollStatus#${index}`),
      ...[1, 2, 3].map((index) => `test_attendee_merge_vpoll#${index}`),
    ],
  },
];

/** Returns the difference for a case, if there is one. */
export function differenceOf(suite: SuiteDifference['suite'], name: string): SuiteDifference | undefined {
  return SUITE_DIFFERENCES.find((each) => each.suite === suite && each.cases.includes(name));
}
