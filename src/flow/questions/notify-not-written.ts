// Notifies the organizer that answers wait, because the CalDAV server refuses to store the event. In: the jobs of a
// lane and the error that their handler threw; out: the mail, once per event and day. The error itself is in the log,
// for the operator.
import { type CalendarStore, WriteRefused } from '../ports/calendar-store.ts';
import type { Ledger } from '../ports/spool.ts';
import { type Effects, mark } from '../queue/plan.ts';
import { dayOf } from './ask-owner.ts';
import { currentCalendar } from './current-event.ts';
import { mailNotice, type MailNoticeOptions } from '../outbound/mail-notice.ts';
import type { Job } from '../records/records.ts';

export interface NotifyNotWrittenOptions extends MailNoticeOptions {
  readonly store: CalendarStore;
  readonly ledger: Ledger;
  readonly now: () => number;
}

/** No mail is sent if the failure passes within this time, for example while a server is being set up. */
const PATIENCE_MS = 60_000;

export function notifyNotWritten(options: NotifyNotWrittenOptions) {
  return async (jobs: readonly Job[], error: unknown): Promise<Effects> => {
    const answers = jobs.filter((job): job is Job<'answer'> => job.body.kind === 'answer');
    const waiting = answers.filter(({ body }) => body.held === null || body.approved);
    const [first] = waiting;
    const at = options.now();
    if (!(error instanceof WriteRefused) || first === undefined) return {};
    if (waiting.every(({ task }) => at - task.createdAt < PATIENCE_MS)) return {};
    const { organizer: owner, occurrence } = first.body.answer;
    const { uid } = occurrence;
    const name = `not-written:${JSON.stringify([owner.key, uid])}:${dayOf(at)}`;
    if (await options.ledger.marked(name)) return {};
    const calendar = await currentCalendar(options, owner, uid);
    const notice = { kind: 'not-written', attendee: null, reason: error.reason, count: waiting.length } as const;
    const { mail } = mailNotice(options, { owner, uid, calendar, notices: [notice], origin: first.body.origin }, at);
    return { add: [mail], ledger: [mark(name, at)] };
  };
}
