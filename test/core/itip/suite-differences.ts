// Cases of other implementations' suites on which this gateway differs on purpose: the case, the row
// of the decision table (src/core/itip/README.md) that decides, and what we do instead. Every other case passes; a case listed here that begins to pass
// fails its test, so that the table stays true.

export interface SuiteDifference {
  readonly suite: 'sabre' | 'ccs';
  /** The row of the decision table that decides; of what leaves us, "No storms" or "Mail out". */
  readonly row: string;
  readonly why: string;
  /** sabre: the case's name. ccs: `test#index`. */
  readonly cases: readonly string[];
}

export const SUITE_DIFFERENCES: readonly SuiteDifference[] = [
  {
    suite: 'sabre',
    row: 'writing',
    why: "A REQUEST or CANCEL is for the copies of attendees; to the organizer's event it does nothing.",
    cases: [
      'BrokerProcessMessageTest::testRequestNew',
      'BrokerProcessMessageTest::testRequestUpdate',
      'BrokerProcessMessageTest::testCancel',
    ],
  },
  {
    suite: 'sabre',
    row: 'uninvited',
    why: 'sabre adds whoever answers; we hold, and the organizer decides.',
    cases: [
      'BrokerProcessReplyTest::testReplyPartyCrasher',
      'BrokerProcessReplyTest::testReplyPartyCrashCreateException',
    ],
  },
  {
    suite: 'sabre',
    row: 'writing',
    why: 'sabre removes RSVP with the answer; we change PARTSTAT and nothing else.',
    cases: ['BrokerProcessReplyTest::testReplyAcceptUpdateRSVP'],
  },
  {
    suite: 'ccs',
    row: 'master answer',
    why: 'An override that awaits an answer follows the series; Calendar Server asks for an RRULE in the reply first.',
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
    why: 'Calendar Server copies X- parameters and properties of the reply into the event; we change PARTSTAT and nothing else.',
    cases: [0, 1, 2, 3, 4, 6, 7, 8, 9, 10].map((index) => `test_processReply_XDash#${index}`),
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: 'VPOLL is no event or task: a vote changes nothing.',
    cases: [10, 11, 12, 13, 14].map((index) => `test_processReply#${index}`),
  },
  {
    suite: 'sabre',
    row: 'Mail out',
    why: 'A CANCEL of the whole event says STATUS:CANCELLED (RFC 5546 §3.2.5); sabre leaves STATUS out.',
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
    why: 'Two masters in one object: refused, nobody could say which of them an answer is to.',
    cases: ['BrokerSignificantChangesTest::testSignificantChangesVeventOrderNoChange'],
  },
  {
    suite: 'ccs',
    row: 'No storms',
    why: 'Another CN of a participant is nothing that the others must be told.',
    cases: ['test_organizer_diff#2'],
  },
  {
    suite: 'ccs',
    row: 'Mail out',
    why: 'A message is for somebody who is in the event: for nobody there is none.',
    cases: ['test_request#0'],
  },
  {
    suite: 'ccs',
    row: 'Mail out',
    why: 'Calendar Server expands a series before it cancels an occurrence; we are asked about those that the event names.',
    cases: ['test_cancel#5'],
  },
  {
    suite: 'ccs',
    row: 'Mail out',
    why: 'Calendar Server drops every X- property and parameter but those it is told to keep; we those known to be private.',
    cases: [1, 2, 3, 6, 7, 8, 9].map((index) => `test_prepareSchedulingMessage#${index}`),
  },
  {
    suite: 'ccs',
    row: 'Mail out',
    why: 'What has been cancelled needs no answer: the organizer would refuse it (`cancelled-event`).',
    cases: ['test_attendee_merge_cancelled#6'],
  },
  {
    suite: 'ccs',
    row: 'writing',
    why: "A REQUEST is for the copies of attendees, which their server merges; to the organizer's event it does nothing.",
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
    why: 'VPOLL is no event or task: nothing is sent and nothing is merged.',
    cases: [
      ...[0, 1].map((index) => `test_processPollStatus#${index}`),
      ...[1, 2, 3].map((index) => `test_attendee_merge_vpoll#${index}`),
    ],
  },
];

/** The case's difference, if it has one. */
export function differenceOf(suite: SuiteDifference['suite'], name: string): SuiteDifference | undefined {
  return SUITE_DIFFERENCES.find((each) => each.suite === suite && each.cases.includes(name));
}
