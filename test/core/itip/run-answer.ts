// Processes a calendar message as the flow does, for the tests of this folder: read, decide, apply.
import { readSeries } from '../../../src/core/ical/series.ts';
import { applyDecision } from '../../../src/core/itip/apply.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { decide, occurrencesNeeded } from '../../../src/core/itip/decide.ts';
import { type EventDocument, eventText, parseEvent } from '../../../src/core/ical/event-document.ts';
import { claimsOf } from '../../../src/core/itip/claims-of.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import type {
  Answer,
  AppliedAnswer,
  ClaimedAnswer,
  Decision,
  History,
  ItipMessage,
  MailedRevision,
  OccurrenceAnswer,
  OccurrenceQuery,
} from '../../../src/core/itip/types.ts';

export const FAR_FUTURE = Date.UTC(2100, 0, 1);

export function address(text: string): CalendarAddress {
  const read = calendarAddress(text);
  if (!read) throw new TypeError(`not an address: ${text}`);
  return read;
}

/** Returns the result of the recurrence worker, without a worker. */
export function expand(query: OccurrenceQuery): OccurrenceAnswer {
  const starts: string[] = [];
  for (const start of readSeries(query.calendar, query.uid)?.startsFrom(query.from) ?? []) {
    if (starts.length >= query.limit) return { kind: 'occurrences', starts, complete: false };
    starts.push(start);
  }
  return { kind: 'occurrences', starts, complete: true };
}

export function judge(document: EventDocument, answer: Answer, history: History, now = FAR_FUTURE): Decision {
  const query = occurrencesNeeded(document, answer);
  return decide({ answer, document, occurrences: query && expand(query), history, now });
}

export function answerFrom(
  claim: ClaimedAnswer,
  sentAt: number,
  attendee = claim.attendee,
  organizer = claim.organizer,
): Answer {
  return {
    component: claim.component,
    occurrence: claim.occurrence,
    range: claim.range,
    start: claim.start,
    attendee: attendee ?? address('nobody@example.test'),
    organizer: organizer ?? address('organizer@example.test'),
    partstat: claim.partstat,
    comment: claim.comment,
    delegatedTo: claim.delegatedTo,
    revision: { sequence: claim.sequence, sentAt },
    door: 'smtp',
  };
}

/** An event with its ledger, as the flow keeps them between answers. */
export class Ledgered {
  document: EventDocument;
  readonly applied = new Map<string, AppliedAnswer>();
  readonly mailed: MailedRevision[] = [];

  constructor(text: string, storedAt: number | null = null) {
    this.document = parseEvent(text, storedAt);
  }

  get text(): string {
    return eventText(this.document);
  }

  give(answer: Answer, now = FAR_FUTURE): Decision {
    const applied = [...this.applied.values()].filter((each) => each.attendeeKey === answer.attendee.key);
    const decision = judge(this.document, answer, { applied, mailed: this.mailed }, now);
    if (decision.verdict === 'apply') {
      this.document = applyDecision(this.document, decision);
      for (const record of [decision.record, ...decision.alsoRecord]) {
        this.applied.set(JSON.stringify([record.attendeeKey, record.recurrenceId]), record);
      }
    }
    return decision;
  }

  /** Processes each answer of a message. Also returns the message, for its other items. */
  receive(
    text: string,
    headerMethod: string | null,
    sentAt: number | null,
    as: CalendarAddress | null = null,
  ): { message: ItipMessage; decisions: Decision[] } {
    const read = readMessage(text, headerMethod);
    const message = { ...read, items: as ? claimsOf(read.items, [as.key]) : read.items };
    const answers = message.items.filter((item) => item.kind === 'answer');
    const decisions = answers.map((claim) =>
      this.give(answerFrom(claim, sentAt ?? claim.stampedAt ?? 0, claim.attendee ?? as)),
    );
    return { message, decisions };
  }
}

export function reasonOf(decision: Decision): string {
  return decision.verdict === 'apply' ? 'applied' : `${decision.verdict} ${decision.reason}`;
}
