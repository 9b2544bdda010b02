// In: a claim from a mail (an answer, a proposal or a refresh); out: a record for the organizer's copy. The evidence
// about the sender decides whether the record is held for the organizer. It refuses a claim that names no attendee, and
// ignores a REFRESH whose sender is not proven.
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import type { ClaimedItem } from '../../core/itip/types.ts';
import { because } from '../../core/reasons.ts';
import { judgeSender } from '../../core/message/judge-sender.ts';
import { claimToRecord } from '../records/claim-to-record.ts';
import { copyLane, copyOf } from '../records/records.ts';
import {
  type InterpretOptions,
  type MailContext,
  type Outcome,
  type PersonRoute,
  recordForPerson,
} from './mail-context.ts';

export async function onClaim(
  options: InterpretOptions,
  route: PersonRoute,
  context: MailContext,
  claim: ClaimedItem,
): Promise<Outcome> {
  const { incoming, mail, origin } = context;
  const evidence = await context.evidence();
  const replyAddressAttendee = route.kind === 'reply' ? route.attendee : null;
  const organizer = organizerOf(options, route, claim.organizer);
  const claimed = replyAddressAttendee ?? claim.attendee;
  const { forwarded } = incoming;
  const { policy } = options;
  const judge = (aliases: readonly string[]) =>
    judgeSender({ claim, replyAddressAttendee, evidence, aliases, forwarded, policy });
  let aliases: readonly string[] = [];
  let judgement = judge(aliases);
  // Aliases matter only for a hold, so read them only then.
  if (judgement.verdict === 'hold' && claimed !== null) {
    aliases = await options.ledger.aliases(organizer.key, claimed.key);
    judgement = judge(aliases);
  }
  const sender = incoming.mail.from[0]?.address ?? evidence.from[0] ?? '';
  const attendee = judgement.attendee ?? claimed ?? calendarAddress(sender);
  if (attendee === null) {
    return recordForPerson(options, route, context, { verdict: 'refused', ...because('no-attendee') });
  }
  // A REFRESH is answered with the whole event, so several VEVENTs of one event are one request.
  const part = claim.kind === 'refresh' ? claim.occurrence.uid : incoming.items.indexOf(claim);
  const dedupeKey = JSON.stringify([part, organizer.key, attendee.key]);
  const unproven = judgement.verdict === 'hold' ? judgement.reason : null;
  const isForAttendee = [attendee.key, ...aliases].includes((claim.attendee ?? attendee).key);
  const held = unproven === 'unauthenticated' && !isForAttendee ? 'another-attendee' : unproven;
  if (claim.kind === 'refresh' && held !== null) {
    const why = because(held, { who: attendee.asWritten });
    return { dedupeKey, ...recordForPerson(options, route, context, { verdict: 'ignored', ...why }) };
  }
  const body = claimToRecord({
    claim,
    attendee,
    organizer,
    date: incoming.mail.date,
    receivedAt: mail.receivedAt,
    door: mail.peer.door,
    origin,
    sender,
    held,
  });
  const dueAt = options.writeBatching.dueAt(copyLane(copyOf(body)));
  return { dedupeKey, add: [{ body, createdAt: mail.receivedAt, dueAt }] };
}

/**
 * Returns the organizer of a reply address. In own-domain mode it returns ORGANIZER if that is another accepted
 * address (a shared calendar), else the recipient.
 */
export function organizerOf(
  options: Pick<InterpretOptions, 'isOwnRecipient'>,
  route: PersonRoute,
  named: CalendarAddress | null,
): CalendarAddress {
  return route.kind === 'own' && named !== null && options.isOwnRecipient(named.asWritten) ? named : route.organizer;
}
