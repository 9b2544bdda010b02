// Queue `invitation`, one lane. In: schedule messages about one event to one recipient, in order; out: mails, records
// and ledger entries. Only this file decides how a message is delivered: by mail (`plan-mail.ts`), or into the
// organizer's copy if it is to one of our reply addresses (`to-own-address.ts`).
import type { Mailing } from '../ports/spool.ts';
import type { LaneHandler, Plan, PlannedTask } from '../queue/plan.ts';
import type { ScheduleMessageRecord } from '../records/schedule-message.ts';
import { calendarScope } from '../../core/itip/calendar-scope.ts';
import { type MailOptions, planMail } from './plan-mail.ts';
import { planOwnAddress } from './to-own-address.ts';

export function deliver(options: MailOptions): LaneHandler<'schedule-message'> {
  return async (messages) => {
    const planned: PlannedTask[] = [];
    const mailingsByOwner = new Map<string, readonly Mailing[]>();
    for (const [at, message] of messages.entries()) {
      const { from } = message.body;
      const mailings = mailingsByOwner.get(from.key) ?? (await mailingsOf(options, message.body));
      const plan = (await planOwnAddress(options, message)) ?? (await planMail(options, message, mailings));
      mailingsByOwner.set(from.key, [...mailings, ...mailingsIn(plan)]);
      planned.push({ id: message.task.id, plan });
      if (plan.disposition.kind !== 'retry') continue;
      // FIFO: the messages behind it are put back as well.
      const { disposition } = plan;
      planned.push(...messages.slice(at + 1).map(({ task }) => ({ id: task.id, plan: { disposition } })));
      break;
    }
    return { planned };
  };
}

async function mailingsOf(
  { ledger }: MailOptions,
  { from, to, calendar }: ScheduleMessageRecord,
): Promise<readonly Mailing[]> {
  return (await ledger.copyContext(from.key, calendarScope(calendar).uid, [to.key])).mailings;
}

function mailingsIn({ ledger = [] }: Plan): Mailing[] {
  return ledger.flatMap((write) => (write.kind === 'mailing' ? [write.mailing] : []));
}
