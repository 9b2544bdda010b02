// "This attendee says so": who says it decides whether it goes to the event's lane as something that counts, or as
// something that waits for the organizer.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { judgeSender } from '../../core/message/judge-sender.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ClaimedItem } from '../../core/itip/types.ts';
import { toEventBody } from './claim-to-body.ts';
import { type InterpretOptions, type PersonRoute, type Reading, recordFor } from './mail-context.ts';
import { eventLane, newTask } from '../records/records.ts';

export async function takeClaim(
  options: InterpretOptions,
  route: PersonRoute,
  reading: Reading,
  claim: ClaimedItem,
): Promise<void> {
  const { incoming, mail, origin, set } = reading;
  const evidence = await reading.evidence();
  const replyAddressAttendee = route.kind === 'reply' ? route.attendee : null;
  const organizer = route.kind === 'own' ? ownOrganizer(options, route.organizer, claim.organizer) : route.organizer;
  const claimed = replyAddressAttendee ?? claim.attendee;
  const { forwarded } = incoming;
  const { policy } = options;
  const judge = (aliases: readonly string[]) =>
    judgeSender({ claim, replyAddressAttendee, evidence, aliases, forwarded, policy });
  let aliases: readonly string[] = [];
  let judgement = judge(aliases);
  // Aliases only let through what would be held.
  if (judgement.verdict === 'hold' && claimed !== null) {
    aliases = await options.ledger.aliases(organizer.key, claimed.key);
    judgement = judge(aliases);
  }
  const sender = incoming.mail.from[0]?.address ?? evidence.from[0] ?? '';
  const attendee = judgement.attendee ?? claimed ?? calendarAddress(sender);
  if (attendee === null) {
    recordFor(
      options,
      route,
      reading,
      'refused',
      'no-attendee',
      'Neither the calendar nor From says whose answer it is.',
    );
    return;
  }
  const copy = JSON.stringify([incoming.items.indexOf(claim), organizer.key, attendee.key]);
  if (reading.taken.has(copy)) return;
  reading.taken.add(copy);
  const unproven = judgement.verdict === 'hold' ? judgement.reason : null;
  const isTheirs = [attendee.key, ...aliases].includes((claim.attendee ?? attendee).key);
  const held = unproven === 'unauthenticated' && !isTheirs ? 'another-attendee' : unproven;
  if (claim.kind === 'refresh' && held !== null) {
    recordFor(
      options,
      route,
      reading,
      'ignored',
      held,
      'Somebody asked for the event again without proof of who they are.',
    );
    return;
  }
  const body = toEventBody({
    claim,
    attendee,
    organizer,
    mail: incoming.mail,
    receivedAt: mail.receivedAt,
    door: mail.peer.door,
    origin,
    sender,
    held,
  });
  const id = options.makeId(options.now());
  const lane = eventLane(organizer.key, claim.occurrence.uid);
  set.add(newTask(id, 'event', lane, body, { createdAt: mail.receivedAt, dueAt: options.pace.dueAt(lane) }));
}

/** Own-domain mode: the ORGANIZER may be another accepted address (a shared calendar); else it is the recipient. */
function ownOrganizer(
  options: InterpretOptions,
  recipient: CalendarAddress,
  named: CalendarAddress | null,
): CalendarAddress {
  return named !== null && options.isOwnRecipient(named.asWritten) ? named : recipient;
}
