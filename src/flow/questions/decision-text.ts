// A decision as one sentence for the ledger and for a person who asks why. Pure.
import type { Answer, Decision, HoldReason } from '../../core/itip/types.ts';

/** Whole sentences, in English: the ledger is read by operators. */
export function sayDecision(decision: Decision, answer: Answer): string {
  const who = answer.attendee.asWritten;
  switch (decision.verdict) {
    case 'apply':
      return decision.changes.length === 0
        ? `The event says ${answer.partstat} for ${who} already.`
        : `PARTSTAT of ${who} was set to ${answer.partstat}.`;
    case 'ignore':
      return decision.reason === 'duplicate'
        ? `The same answer of ${who} was applied before.`
        : `A newer answer of ${who}, or a later change of time, came first.`;
    case 'refuse':
      return `The event is cancelled: the answer of ${who} changes nothing.`;
    default:
      return sayHold(decision.reason, who);
  }
}

const holds: Record<HoldReason, (who: string) => string> = {
  'not-invited': (who) => `${who} is not on the event’s list of attendees.`,
  'unknown-event': () => 'No calendar of the organizer holds this event.',
  'ambiguous-event': () => 'Several calendars of the organizer hold this event.',
  'no-such-occurrence': () => 'The series has no such occurrence, or too many have answers of their own.',
  'recurrence-too-expensive': () => 'The recurrence rule cannot be worked out within its limits.',
  'changed-elsewhere': (who) => `Somebody set another answer for ${who} in the calendar after this one was sent.`,
  'series-change': () => 'An answer to “this and all following” would rewrite the series.',
  'event-unusable': () => 'What the CalDAV server holds cannot be edited safely.',
  'another-attendee': (who) => `It came to the reply address of ${who} and answers in somebody else’s name.`,
  unauthenticated: (who) => `Nothing proves that the sender is ${who}.`,
  'several-from': () => 'The mail names several senders.',
  forwarded: () => 'The answer was inside a forwarded mail.',
};

export function sayHold(reason: string, who: string): string {
  const say = Object.hasOwn(holds, reason) ? holds[reason as HoldReason] : undefined;
  return `${say === undefined ? `It waits: ${reason}.` : say(who)}`;
}
