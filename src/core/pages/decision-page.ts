// Builds the model of the decision page. In: what waits for the organizer's decision; out: the question, the answers that it
// covers, the sender and the choices. It refuses the choice `alias` if the sender's address is already the attendee's.
import { dateFormatter, describeWhen } from '../compose/format-time.ts';
import { plainLine, plainLines } from '../compose/plain-text.ts';
import { nameIn } from '../compose/show-event.ts';
import type { EventView } from '../compose/types.ts';
import { addressKey, calendarAddress } from '../ical/calendar-address.ts';
import type { CalendarTime, Partstat } from '../ical/types.ts';
import { type HoldReason, holdText } from '../reasons.ts';
import { type EventFacts, type PageReader, eventFacts, preventLineBreaks } from './event-facts.ts';

/** Whether the sender is the attendee, whether to move the event, or whether to add the delegate. */
export type Question = 'sender' | 'proposal' | 'delegation';

/** The choices for each question, in the order of the buttons. */
const choicesByQuestion = {
  /** Accept this sender for the attendee now and later; apply the held answers only; discard them. */
  sender: ['alias', 'once', 'ignore'],
  /** Send a DECLINECOUNTER; discard the proposal. */
  proposal: ['decline', 'leave'],
  /** Add the delegate to the event; discard the delegation. */
  delegation: ['add', 'leave'],
} as const satisfies Record<Question, readonly string[]>;

export type HeldChoice = (typeof choicesByQuestion)[Question][number];

export const choices: readonly HeldChoice[] = [...new Set(Object.values(choicesByQuestion).flat())];

/** One held answer. */
export interface HeldAnswer {
  /** The event, null if it was not found. */
  readonly event: EventView | null;
  /** Null for a proposal, or if the answer has no valid PARTSTAT. */
  readonly partstat: Partstat | null;
  readonly comment: string | null;
  /** The proposed time of a proposal. */
  readonly proposal?: { readonly start: CalendarTime | null; readonly end: CalendarTime | null } | null;
  /** Why it is held; null, shown as "could not be recorded by itself": for a reason of another version. */
  readonly reason: HoldReason | null;
  /** In milliseconds since 1970. */
  readonly receivedAt: number;
}

/** The answers that one decision covers: those of one sender for one attendee, or one proposal or delegation. */
export interface HeldView {
  /** The question that the page asks. */
  readonly asks: Question;
  /** The From address of the mail. */
  readonly sender: string;
  /** The attendee whose answer it claims to be, null if it names none. */
  readonly attendee: string | null;
  /** The delegate, for a delegation. */
  readonly delegate: string | null;
  readonly answers: readonly HeldAnswer[];
}

export interface DecisionPage {
  readonly asks: Question;
  readonly sender: string;
  /** The address if the question is about the sender, else the name on the guest list. */
  readonly attendee: string | null;
  readonly delegate: string | null;
  readonly answers: readonly {
    readonly event: EventFacts | null;
    /** An action as in RSVP links, `proposal`, `delegation` or `other`. */
    readonly answer: string;
    readonly proposed: readonly string[];
    readonly comment: string | null;
    /** Why it is held, as text; null if the question already states that. */
    readonly reason: string | null;
    /** The time of arrival, as text. */
    readonly received: string;
  }[];
  /** In the order of the buttons. */
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

export function decisionPage(held: HeldView, reader: PageReader): DecisionPage {
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

function nameOf(attendee: string, { answers }: HeldView): string {
  const guests = answers.flatMap(({ event }) => event?.guests ?? []);
  return nameIn(guests, { key: addressKey(attendee), asWritten: attendee });
}

/**
 * Returns the choices without `alias` if the sender's address equals the attendee's. Then only the authentication was missing,
 * and an alias would accept every later forgery of that address.
 */
function choicesFor({ asks, sender, attendee, answers }: HeldView): readonly HeldChoice[] {
  if (asks !== 'sender') return choicesByQuestion[asks];
  // Without a PARTSTAT there is nothing to enter.
  if (answers.every(({ partstat, proposal }) => partstat === null && !proposal)) return ['ignore'];
  const from = calendarAddress(sender);
  const claimed = attendee === null ? null : calendarAddress(attendee);
  const differs = from !== null && claimed !== null && from.key !== claimed.key;
  return choicesByQuestion.sender.filter((choice) => differs || choice !== 'alias');
}

function describeAnswer(held: HeldAnswer, asks: Question, reader: PageReader): DecisionPage['answers'][number] {
  const { event, partstat, comment, proposal, reason, receivedAt } = held;
  const { templates, language, timezone } = reader;
  return {
    event: event === null ? null : eventFacts(event, reader),
    answer: proposal ? 'proposal' : ((partstat && answerNames[partstat]) ?? 'other'),
    proposed: proposal ? describeWhen(proposal.start, proposal.end, reader, templates).map(preventLineBreaks) : [],
    comment: plainLines(comment ?? '') || null,
    reason:
      asks === 'sender'
        ? templates.message(language, `mail.held.${reason === null ? 'other' : holdText(reason)}`)
        : null,
    received: dateFormatter(language, RECEIVED, timezone).format(receivedAt),
  };
}
