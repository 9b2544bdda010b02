// A delivery report to a signed bounce address: a failure becomes work for the event's lane (mark the attendee, tell the
// organizer); anything else is recorded.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { Bounce } from '../../core/message/types.ts';
import { hideSigned } from '../../core/signing/hide-signed.ts';
import { messageIdOf } from '../outbound/outgoing-mail.ts';
import { type InterpretOptions, type Reading, record } from './mail-context.ts';
import { eventLane, newTask } from '../records/records.ts';

export async function takeBounces(options: InterpretOptions, mailId: string, reading: Reading): Promise<void> {
  const bounces = reading.incoming.items.filter((item): item is Bounce => item.kind === 'bounce');
  const failed = bounces.find(({ action }) => action === 'failed');
  if (failed === undefined) {
    const what = bounces[0]?.action ?? reading.incoming.items[0]?.kind ?? 'unknown';
    record(
      options,
      reading,
      null,
      'recorded',
      what === 'delayed' ? 'delayed' : 'not-a-failure',
      `Came to a bounce address and reports no failure (${what}).`,
    );
    return;
  }
  const mailing = await options.ledger.mailing(messageIdOf(mailId, options.hostname));
  const said = [failed.status, failed.diagnostic].filter(Boolean).join(' ');
  const diagnostic = hideSigned(said) || 'no reason was given';
  const attendee = mailing === null ? null : calendarAddress(mailing.recipientKey);
  const organizer = mailing === null ? null : calendarAddress(mailing.organizerKey);
  if (mailing === null || attendee === null || organizer === null) {
    record(
      options,
      reading,
      null,
      'bounced',
      'undeliverable',
      `A mail of ours that was no invitation did not arrive: ${diagnostic}`,
    );
    return;
  }
  const at = options.now();
  // One mail to one recipient fails once; whoever got it knows the address, and could tell the organizer so every minute.
  const mark = `bounce:${mailId}`;
  if (await options.ledger.marked(mark)) {
    record(options, reading, organizer, 'ignored', 'reported-before', 'This failure was reported before.', attendee);
    return;
  }
  reading.set.write({ kind: 'mark', mark, at });
  const body = {
    kind: 'undeliverable',
    origin: reading.origin,
    organizer,
    attendee,
    uid: mailing.uid,
    diagnostic,
  } as const;
  reading.set.add(newTask(options.makeId(at), 'event', eventLane(organizer.key, mailing.uid), body, { createdAt: at }));
}
