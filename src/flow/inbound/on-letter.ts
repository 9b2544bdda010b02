// A mail without an answer: forwarded to the organizer (or the postmaster) once, from our own address, never in a circle.
import { composeForward } from '../../core/compose/compose-forward.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { type InterpretOptions, type PersonRoute, type Reading, record, recordFor } from './mail-context.ts';

export async function takeLetter(options: InterpretOptions, route: PersonRoute, reading: Reading): Promise<void> {
  // In own-domain mode the organizer has the mail already: ours is a copy.
  if (route.kind === 'own') return;
  const { messageId } = reading.incoming.mail;
  if (messageId !== null) {
    const mark = `letter:${route.id}:${messageId}`;
    if (await options.ledger.marked(mark)) {
      recordFor(options, route, reading, 'ignored', 'forwarded-before', 'This letter was forwarded before.');
      return;
    }
    reading.set.write({ kind: 'mark', mark, at: options.now() });
  }
  forward(options, reading, route.organizer, 'letter');
}

export function forward(
  options: InterpretOptions,
  reading: Reading,
  to: CalendarAddress | null,
  what: 'letter' | 'postmaster',
): void {
  const { incoming, task, origin, set } = reading;
  const at = options.now();
  if (incoming.mail.loopMark !== null) {
    record(options, reading, to, 'ignored', 'loop', 'It is one of our own mails coming back.');
    return;
  }
  if (to === null) {
    record(
      options,
      reading,
      null,
      'recorded',
      'no-postmaster',
      'Mail for the postmaster; set POSTMASTER_EMAIL to have it forwarded.',
    );
    return;
  }
  const writer = incoming.mail.from[0];
  const stamp = options.post.stamp(at, null, to);
  const { raw } = composeForward({
    raw: reading.mail.raw,
    from: stamp.from,
    fromName: writer?.name || writer?.address || '',
    replyTo: writer?.address ?? '',
    to: to.asWritten,
    messageId: stamp.messageId,
    date: at,
    loopMark: task.id,
  });
  set.add(
    options.post.task(
      stamp,
      raw,
      { origin, rcptTo: to.asWritten, what: 'forward', organizer: to, attendee: null, uid: null },
      at,
    ),
  );
  record(options, reading, to, 'forwarded', what, 'It carries no answer: it was forwarded as a letter.');
}
