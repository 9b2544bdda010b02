// What waits for the organizer's decision in, the model of the decision page out: what is asked, about which answers, from
// whom, and what may be chosen. A sender is never made a known alias of the address that it already has.
import { dateFormatter, describeWhen } from '../compose/format-time.ts';
import { plainLine, plainLines } from '../compose/plain-text.ts';
import { nameIn } from '../compose/show-event.ts';
import type { EventView } from '../compose/types.ts';
import { addressKey, calendarAddress } from '../ical/calendar-address.ts';
import type { CalendarTime, Partstat } from '../ical/types.ts';
import { holdText } from '../reasons.ts';
import { type EventFacts, type PageReader, eventFacts, holdTogether } from './event-facts.ts';

/** Who sent it; whether the event may move; whether somebody else may come. */
export type Question = 'sender' | 'proposal' | 'delegation';

/** What can be chosen, in the order to offer it. */
const offers = {
  /** This sender is that attendee, now and later; apply what waits; drop what waits. */
  sender: ['alias', 'once', 'ignore'],
  /** Tell the attendee no; drop what waits. */
  proposal: ['decline', 'leave'],
  /** Put the delegate on the list; drop what waits. */
  delegation: ['add', 'leave'],
} as const satisfies Record<Question, readonly string[]>;

export type HeldChoice = (typeof offers)[Question][number];

export const choices: readonly HeldChoice[] = [...new Set(Object.values(offers).flat())];

/** One answer that waits. */
export interface HeldAnswer {
  /** What it is about; null where the event could not be found. */
  readonly event: EventView | null;
  /** null for a proposal, or where it says nothing usable. */
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** The wish for another time, where it is one. */
  readonly proposal?: { readonly start: CalendarTime | null; readonly end: CalendarTime | null } | null;
  /** From the ledger: one that is no HoldReason is shown as "could not be recorded by itself". */
  readonly reason: string;
  readonly receivedAt: number;
}

/** All that one decision covers: the answers of one sender that name one attendee, or what one attendee wants. */
export interface HeldShown {
  readonly asks: Question;
  /** Who the mail says it is from. */
  readonly sender: string;
  /** Whose answer it claims to be; null where it names nobody. */
  readonly attendee: string | null;
  /** Who is to come instead, where that is asked. */
  readonly delegate: string | null;
  readonly answers: readonly HeldAnswer[];
}

export interface DecisionPage {
  readonly asks: Question;
  readonly sender: string;
  /** The address; where who sent it is not the question, the name on the guest list. */
  readonly attendee: string | null;
  readonly delegate: string | null;
  readonly answers: readonly {
    readonly event: EventFacts | null;
    /** An action as links name it, `proposal`, `delegation`, or `other`. */
    readonly answer: string;
    readonly proposed: readonly string[];
    readonly comment: string | null;
    /** Why it waits; null where the question says so. */
    readonly reason: string | null;
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
  DELEGATED: 'delegation',
};

export function decisionPage(held: HeldShown, reader: PageReader): DecisionPage {
  const { asks, sender, attendee, delegate, answers } = held;
  return {
    asks,
    sender: plainLine(sender),
    attendee: attendee === null ? null : asks === 'sender' ? plainLine(attendee) : nameOf(attendee, held),
    delegate: delegate === null ? null : plainLine(delegate),
    answers: answers.map((answer) => describeAnswer(answer, asks, reader)),
    choices: choicesFor(held),
  };
}

export function isChoice(text: string): text is HeldChoice {
  return choices.some((choice) => choice === text);
}

function nameOf(attendee: string, { answers }: HeldShown): string {
  const guests = answers.flatMap(({ event }) => event?.guests ?? []);
  return nameIn(guests, { key: addressKey(attendee), asWritten: attendee });
}

/**
 * The address that the mail claims already equals the attendee's where only the proof was missing: remembering it would
 * let every forgery of it count from then on.
 */
function choicesFor({ asks, sender, attendee }: HeldShown): readonly HeldChoice[] {
  if (asks !== 'sender') return offers[asks];
  const from = calendarAddress(sender);
  const named = attendee === null ? null : calendarAddress(attendee);
  const another = from !== null && named !== null && from.key !== named.key;
  return offers.sender.filter((choice) => another || choice !== 'alias');
}

function describeAnswer(held: HeldAnswer, asks: Question, reader: PageReader): DecisionPage['answers'][number] {
  const { event, partstat, comment, proposal, reason, receivedAt } = held;
  const { templates, language, timezone } = reader;
  return {
    event: event === null ? null : eventFacts(event, reader),
    answer: proposal ? 'proposal' : ((partstat && answerNames[partstat]) ?? 'other'),
    proposed: proposal ? describeWhen(proposal.start, proposal.end, reader, templates).map(holdTogether) : [],
    comment: plainLines(comment ?? '') || null,
    reason: asks === 'sender' ? templates.message(language, `mail.held.${holdText(reason) ?? 'other'}`) : null,
    received: dateFormatter(language, RECEIVED, timezone).format(receivedAt),
  };
}
