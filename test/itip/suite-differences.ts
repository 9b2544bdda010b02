// Cases of other implementations' suites on which this gateway differs on purpose: the case, the row of the decision table
// (DESIGN §5) that decides, and what we do instead. Every other case passes; a case listed here that begins to pass
// fails its test, so that the table stays true.

export interface SuiteDifference {
  readonly suite: 'sabre' | 'ccs';
  /** The row of DESIGN §5 that decides. */
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
];

/** The case's difference, if it has one. */
export function differenceOf(suite: SuiteDifference['suite'], name: string): SuiteDifference | undefined {
  return SUITE_DIFFERENCES.find((each) => each.suite === suite && each.cases.includes(name));
}
