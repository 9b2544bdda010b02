// Whether a recipient whom the gateway has never mailed about an event was invited before. In: the REQUEST and the ledger; out:
// true if another system mailed the event before the gateway did. It refuses nothing.
import { componentsOf, type EventDocument, parseEvent } from '../../core/ical/event-document.ts';
import type { Ledger } from '../ports/spool.ts';
import type { ScheduleMessageRecord } from '../records/schedule-message.ts';

/**
 * SEQUENCE decides about an event that is not in the ledger: above 0, somebody has changed it since its guests were invited.
 * The guests of the first REQUESTs that the gateway mailed are one group. Others are added later, whatever SEQUENCE is.
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
