// In: the items of a mail and the route of its recipient address; out: the same items or, if the calendar lists several
// ATTENDEEs, those of the person who answers. It refuses (`no-event`) a calendar with several ATTENDEEs, none of whom
// can be that person.
import { claimsOf, isAnswered, listsSeveral } from '../../core/itip/claims-of.ts';
import type { ClaimedItem } from '../../core/itip/types.ts';
import { addressKey } from '../../core/ical/calendar-address.ts';
import { isClaim } from '../../core/message/interpret-mail.ts';
import type { Incoming, IncomingItem } from '../../core/message/types.ts';
import type { InterpretOptions, PersonRoute } from './mail-context.ts';
import { organizerOf } from './on-claim.ts';

export async function itemsFor(
  options: InterpretOptions,
  route: PersonRoute,
  { items, mail }: Incoming,
): Promise<readonly IncomingItem[]> {
  const claims = items.filter(isClaim);
  if (claims.length < items.length) return items;
  const sender = [...mail.from, ...mail.replyTo].map(({ address }) => addressKey(address));
  const chosen = claimsOf(claims, listsSeveral(claims) ? await addressesOf(options, route, claims, sender) : []);
  if (chosen.length > 0) return chosen;
  return [
    { kind: 'unusable', reason: 'no-event', detail: 'The calendar lists several ATTENDEEs, but not the sender.' },
  ];
}

/**
 * Puts the addresses with an answer first: a client that answers for another address of its user returns the line of
 * the invited address unchanged, without an answer.
 */
function withAnswerFirst(addresses: readonly string[], claims: readonly ClaimedItem[]): readonly string[] {
  const answered = new Set(claims.filter(isAnswered).map(({ attendee }) => attendee?.key));
  return [...addresses.filter((address) => answered.has(address)), ...addresses];
}

/**
 * Returns the addresses under which the calendar may list the person, the most certain first. They only select claims;
 * the sender of every selected claim is judged in `on-claim.ts`.
 */
async function addressesOf(
  options: InterpretOptions,
  route: PersonRoute,
  claims: readonly ClaimedItem[],
  sender: readonly string[],
): Promise<readonly string[]> {
  const { ledger } = options;
  if (route.kind === 'reply') {
    const aliases = await ledger.aliases(route.organizer.key, route.attendee.key);
    const confirmed = sender.filter((address) => aliases.includes(address));
    return [...withAnswerFirst([route.attendee.key, ...confirmed], claims), ...aliases, ...sender];
  }
  const organizer = organizerOf(options, route, claims[0]?.organizer ?? null);
  const known = await Promise.all(sender.map((address) => ledger.attendeesWithAlias(organizer.key, address)));
  return withAnswerFirst([...known.flat(), ...sender], claims);
}
