// Writes the items of an Incoming as text, for the tables of expected items. In: an Incoming; out: one line per item.
import type { CalendarTime } from '../../../src/core/ical/types.ts';
import type { Incoming, IncomingItem } from '../../../src/core/message/types.ts';

/** Omits `forwarded` and `source`, which the caller compares. */
export function summarise({ items }: Incoming): string[] {
  return items.map(summariseItem);
}

function summariseItem(item: IncomingItem): string {
  switch (item.kind) {
    case 'answer': {
      const { occurrence, attendee, organizer, partstat, sequence, comment, range, component, delegatedTo } = item;
      return join([
        component === 'VTODO' ? 'answer-todo' : 'answer',
        partstat,
        `of ${attendee?.key ?? 'nobody'}`,
        `to ${organizer?.key ?? 'nobody'}`,
        `for ${occurrence.uid}`,
        occurrence.recurrenceId && `at ${occurrence.recurrenceId}`,
        range,
        delegatedTo.length > 0 && `delegated to ${delegatedTo.map(({ key }) => key).join(' ')}`,
        `seq ${sequence ?? 'none'}`,
        comment !== null && JSON.stringify(comment),
      ]);
    }
    case 'proposal':
      return join([
        `proposal of ${item.attendee?.key ?? 'nobody'}`,
        `to ${item.organizer?.key ?? 'nobody'}`,
        `for ${item.occurrence.uid}`,
        `${summariseTime(item.start)} - ${summariseTime(item.end)}`,
        `seq ${item.sequence ?? 'none'}`,
        item.comment !== null && JSON.stringify(item.comment),
      ]);
    case 'refresh':
      return `refresh of ${item.attendee?.key ?? 'nobody'} for ${item.occurrence.uid}`;
    case 'bounce':
      return join([
        `bounce ${item.action}`,
        item.recipient ?? 'nobody',
        item.status,
        item.originalMessageId,
        item.diagnostic !== null && JSON.stringify(item.diagnostic),
      ]);
    case 'unusable':
      return `unusable ${item.reason}: ${item.detail}`;
    default:
      return item.kind;
  }
}

function summariseTime(time: CalendarTime | null): string {
  if (time === null) return 'nothing';
  return time.instant === null ? time.local : new Date(time.instant).toISOString().replace(':00.000Z', 'Z');
}

function join(words: readonly (string | null | false)[]): string {
  return words.filter((word) => word !== null && word !== false && word !== '').join(' ');
}
