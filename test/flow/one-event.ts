// One event of alice with two invited guests: the starting point of most tests about answers. `answer` mails an answer as a
// guest's client does. The invitations leave a `verify` in the lane of the event, due five seconds later.
import { replyAddress } from '../../src/core/signing/reply-address.ts';
import { answerMail } from '../harness/answers.ts';
import { meeting } from '../harness/calendar-server.ts';
import { alice, bob, carol, openFlowKit, REPLY_DOMAIN } from './flow-kit.ts';

export const uid = 'planning@example.com';
/** Later than any answer. */
export const MODIFIED = 'LAST-MODIFIED:20270110T120500Z';

export function event(extra: readonly string[] = [], sequence = 0): string {
  const attendees = [{ email: bob.asWritten }, { email: carol.asWritten }];
  return meeting({ uid, organizer: alice.asWritten, attendees, extra, sequence });
}

interface AnswerFacts {
  readonly attendee?: typeof bob;
  readonly date?: number;
  readonly from?: string;
  readonly messageId?: string;
  readonly sequence?: number;
}

export async function openOneEvent() {
  const kit = await openFlowKit();
  kit.calendar.put(uid, event());
  await kit.invite(event(), bob);
  await kit.invite(event(), carol);
  await kit.settle();
  kit.mails.length = 0;

  const replyTo = (attendee = bob): string =>
    replyAddress(kit.ring, { organizer: alice, attendee }, REPLY_DOMAIN).address;
  return {
    ...kit,
    replyTo,
    answer(partstat: 'ACCEPTED' | 'DECLINED' | 'TENTATIVE', facts: AnswerFacts = {}) {
      const attendee = facts.attendee ?? bob;
      const organizer = replyTo(attendee);
      const date = kit.clock.now;
      const raw = answerMail({ organizer, uid, partstat, date, ...facts, attendee: attendee.asWritten });
      return kit.mail(raw, organizer, facts.from ?? attendee.asWritten);
    },
    /** Claims the lane of the event for a second. */
    async claim(now: number) {
      const limits = { lanes: 1, perLane: 100, leaseMs: 1_000, longestWaitMs: 3_600_000, now };
      const [batch] = await kit.spool.claim('event', limits);
      if (batch === undefined) throw new TypeError('no batch');
      return batch;
    },
  };
}

export type OneEvent = Awaited<ReturnType<typeof openOneEvent>>;
