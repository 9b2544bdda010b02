// What waits for the organizer's decision in, the model of the decision page out: which answers, from whom, why they wait
// and what may be chosen. A sender is never made a known alias of the address that it already has.
import { dateFormatter, describeWhen } from '../compose/format-time.ts';
import { plainLine, plainLines } from '../compose/plain-text.ts';
import type { EventView } from '../compose/types.ts';
import { calendarAddress } from '../itip/calendar-address.ts';
import type { CalendarTime, Partstat } from '../itip/types.ts';
import { type EventFacts, type PageReader, eventFacts, holdTogether } from './event-facts.ts';

/** `alias`: this sender is that attendee, now and later. `once`: apply what waits. `ignore`: drop what waits. */
export type HeldChoice = 'alias' | 'once' | 'ignore';

/** One answer that waits. */
export interface HeldAnswer {
  /** What it is about; null where the event could not be found. */
  readonly event: EventView | null;
  /** null for a proposal, or where it says nothing usable. */
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** The wish for another time, where it is one. */
  readonly proposal?: { readonly start: CalendarTime | null; readonly end: CalendarTime | null } | null;
  /** A HoldReason; another word is shown as "could not be recorded by itself". */
  readonly reason: string;
  readonly receivedAt: number;
}

/** All that one decision covers: the answers of one sender that name one attendee. */
export interface HeldShown {
  /** Who the mail says it is from. */
  readonly sender: string;
  /** Whose answer it claims to be; null where it names nobody. */
  readonly attendee: string | null;
  readonly answers: readonly HeldAnswer[];
}

export interface DecisionPage {
  readonly sender: string;
  readonly attendee: string | null;
  readonly answers: readonly {
    readonly event: EventFacts | null;
    /** An action as links name it, `proposal`, or `other`. */
    readonly answer: string;
    readonly proposed: readonly string[];
    readonly comment: string | null;
    readonly reason: string;
    readonly received: string;
  }[];
  /** In the order to offer them. */
  readonly choices: readonly HeldChoice[];
}

const RECEIVED: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
};

const answerNames: Readonly<Partial<Record<Partstat, string>>> = {
  ACCEPTED: 'accepted',
  TENTATIVE: 'tentative',
  DECLINED: 'declined',
};

const reasonMessages: Readonly<Record<string, string>> = {
  unauthenticated: 'unauthenticated',
  'not-invited': 'notInvited',
  'unknown-event': 'unknownEvent',
  'ambiguous-event': 'ambiguousEvent',
  'no-such-occurrence': 'noSuchOccurrence',
  'recurrence-too-expensive': 'recurrenceTooExpensive',
  'changed-elsewhere': 'changedElsewhere',
  'series-change': 'seriesChange',
  'event-unusable': 'eventUnusable',
  'several-from': 'severalFrom',
  forwarded: 'forwarded',
};

export function decisionPage(held: HeldShown, reader: PageReader): DecisionPage {
  return {
    sender: plainLine(held.sender),
    attendee: held.attendee === null ? null : plainLine(held.attendee),
    answers: held.answers.map((answer) => describeAnswer(answer, reader)),
    choices: choicesFor(held),
  };
}

export function isChoice(text: string): text is HeldChoice {
  return text === 'alias' || text === 'once' || text === 'ignore';
}

/**
 * The address that the mail claims already equals the attendee's where only the proof was missing: remembering it would
 * let every forgery of it count from then on.
 */
function choicesFor({ sender, attendee }: HeldShown): HeldChoice[] {
  const from = calendarAddress(sender);
  const named = attendee === null ? null : calendarAddress(attendee);
  const another = from !== null && named !== null && from.key !== named.key;
  return another ? ['alias', 'once', 'ignore'] : ['once', 'ignore'];
}

function describeAnswer(held: HeldAnswer, reader: PageReader): DecisionPage['answers'][number] {
  const { event, partstat, comment, proposal, reason, receivedAt } = held;
  const { templates, language, timezone } = reader;
  return {
    event: event === null ? null : eventFacts(event, reader),
    answer: proposal ? 'proposal' : ((partstat && answerNames[partstat]) ?? 'other'),
    proposed: proposal ? describeWhen(proposal.start, proposal.end, reader, templates).map(holdTogether) : [],
    comment: plainLines(comment ?? '') || null,
    reason: templates.message(language, `mail.held.${reasonMessages[reason] ?? 'other'}`),
    received: dateFormatter(language, RECEIVED, timezone).format(receivedAt),
  };
}
