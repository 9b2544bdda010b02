// Queue `invitation`, one lane: schedule messages to one recipient about one event, in order. This is the one place that
// decides how a message reaches its recipient; every recipient is reached by mail (`plan-mail.ts`).
import type { Changes, Mailing } from '../ports/spool.ts';
import { changesOf, type Plan, type PlannedTask } from '../queue/plan.ts';
import type { ScheduleMessageRecord } from '../records/schedule-message.ts';
import type { Job } from '../records/records.ts';
import { calendarScope } from '../../core/itip/calendar-scope.ts';
import { type MailOptions, planMail } from './plan-mail.ts';

export type DeliverOptions = MailOptions;

export function deliver(options: DeliverOptions): (messages: readonly Job<'schedule-message'>[]) => Promise<Changes> {
  return async (messages) => {
    const planned: PlannedTask[] = [];
    const told = new Map<string, readonly Mailing[]>();
    for (const [at, message] of messages.entries()) {
      const { from } = message.body;
      const mailings = told.get(from.key) ?? (await mailingsOf(options, message.body));
      const plan = await planMail(options, message, mailings);
      told.set(from.key, [...mailings, ...mailingsIn(plan)]);
      planned.push({ id: message.task.id, plan });
      if (plan.disposition.kind !== 'retry') continue;
      // First in, first out: the messages behind it wait as well.
      const { disposition } = plan;
      planned.push(...messages.slice(at + 1).map(({ task }) => ({ id: task.id, plan: { disposition } })));
      break;
    }
    return changesOf(planned);
  };
}

async function mailingsOf(
  { ledger }: DeliverOptions,
  { from, to, calendar }: ScheduleMessageRecord,
): Promise<readonly Mailing[]> {
  return (await ledger.copyContext(from.key, calendarScope(calendar).uid, [to.key])).mailings;
}

function mailingsIn({ ledger = [] }: Plan): Mailing[] {
  return ledger.flatMap((write) => (write.kind === 'mailing' ? [write.mailing] : []));
}
