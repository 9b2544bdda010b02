// Decides whether another system invited a recipient before the gateway first mails them about an event. In: the
// REQUEST and the ledger; out: true if it did. It refuses nothing.
import { componentsOf, type EventDocument, parseEvent } from '../../core/ical/event-document.ts';
import type { Ledger } from '../ports/spool.ts';
import type { ScheduleMessageRecord } from '../records/schedule-message.ts';

/**
 * A SEQUENCE above 0 means that the event has changed since its guests were invited. If the ledger has nothing about
 * the event, the SEQUENCE of this REQUEST decides. If the gateway has mailed the event, the first mailed calendar
 * decides, for the guests that it lists; guests who were added later were not invited before.
 */
export async function wasInvitedBefore(
  ledger: Ledger,
  { from, to, calendar }: Pick<ScheduleMessageRecord, 'from' | 'to' | 'calendar'>,
): Promise<boolean> {
  const document = parseEvent(calendar);
  if (!wasChanged(document)) return false;
  const first = await ledger.firstMailing(from.key, document.uid);
  if (first === null) return (await ledger.entries(document.uid, 1)).length === 0;
  if (first.calendar === '') return false;
  const mailedFirst = parseEvent(first.calendar);
  return wasChanged(mailedFirst) && componentsOf(mailedFirst).some((each) => each.invites(to));
}

function wasChanged({ master, overrides }: EventDocument): boolean {
  return (master ?? overrides[0])?.sequence !== 0;
}
