// In: the items of a mail, and whom its recipient address stands for; out: the items of that person, if the calendar lists several
// ATTENDEEs. It refuses (`no-event`) a calendar in which none of the lines can be that person's.
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
 * A client sends back the line of the invited address as it came, without an answer, if it answers for the address of its user.
 */
function withAnswerFirst(addresses: readonly string[], claims: readonly ClaimedItem[]): readonly string[] {
  const answered = new Set(claims.filter(isAnswered).map(({ attendee }) => attendee?.key));
  return [...addresses.filter((address) => answered.has(address)), ...addresses];
}

/**
 * Returns the addresses under which the calendar may list the person, the most certain first. The sender is not proven here;
 * a claim that is chosen only for its sender is judged like any other.
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
