// Answers waiting for one event, judged against the event as loaded and the ledger, one after the other. Of several by
// one attendee about one occurrence only the newest is tried: so it is all the same whether a batch runs once or, after
// a crash between the PUT and the ledger, again.
import { GatewayError } from '../../core/errors.ts';
import { applyDecision } from '../../core/itip/apply.ts';
import { decide, occurrencesNeeded, revisionOf } from '../../core/itip/decide.ts';
import type { EventDocument } from '../../core/ical/event-document.ts';
import type { ResolvedRevision } from '../../core/itip/order-answers.ts';
import type { Answer, AppliedAnswer, Decision, History } from '../../core/itip/types.ts';
import type { Expand } from '../ports/recurrence.ts';
import type { EventContext, Mailing, Task } from '../ports/spool.ts';
import type { AnswerBody } from '../records/records.ts';

export interface WaitingAnswer {
  readonly task: Task;
  readonly body: AnswerBody;
}

export interface JudgedAnswer extends WaitingAnswer {
  readonly decision: Decision;
}

/** What the ledger knows, by attendee; grows as answers of the batch are applied. */
export class Histories {
  readonly #applied: Map<string, AppliedAnswer[]>;
  readonly #mailings: Map<string, Mailing[]>;
  readonly #waiting: Map<string, Answer[]>;

  constructor(context: EventContext, waiting: readonly WaitingAnswer[] = []) {
    this.#applied = groupBy(context.applied, ({ attendeeKey }) => attendeeKey);
    this.#mailings = groupBy(context.mailings, ({ recipientKey }) => recipientKey);
    this.#waiting = groupBy(
      waiting.map(({ body }) => body.answer),
      ({ attendee }) => attendee.key,
    );
  }

  of(attendeeKey: string): History {
    return {
      applied: this.#applied.get(attendeeKey) ?? [],
      mailed: this.#mailings.get(attendeeKey) ?? [],
      waiting: (this.#waiting.get(attendeeKey) ?? []).map(({ partstat }) => partstat),
    };
  }

  /** Replaces what was known for the same attendee and occurrence. */
  add(answer: AppliedAnswer): void {
    this.forget(answer);
    this.#applied.set(answer.attendeeKey, [...(this.#applied.get(answer.attendeeKey) ?? []), answer]);
  }

  forget({ attendeeKey, recurrenceId }: Pick<AppliedAnswer, 'attendeeKey' | 'recurrenceId'>): void {
    const known = this.#applied.get(attendeeKey) ?? [];
    this.#applied.set(
      attendeeKey,
      known.filter((answer) => answer.recurrenceId !== recurrenceId),
    );
  }
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}

export async function judgeAnswers(
  document: EventDocument,
  waiting: readonly WaitingAnswer[],
  context: EventContext,
  expand: Expand,
  now: number,
): Promise<{ document: EventDocument; judged: readonly JudgedAnswer[] }> {
  const histories = new Histories(context, waiting);
  const newest = newestOf(waiting, now, (answer) => {
    const history = histories.of(answer.attendee.key);
    return revisionOf({ answer, document, history, now }, answer.occurrence.recurrenceId);
  });
  const judged: JudgedAnswer[] = [];
  let current = document;
  for (const { task, body } of waiting) {
    if (!newest.has(task.id)) {
      judged.push({ task, body, decision: { verdict: 'ignore', reason: 'stale' } });
      continue;
    }
    const decision = await judgeSafely(current, body.answer, histories, expand, now);
    if (decision.verdict === 'apply') {
      current = applyDecision(current, decision);
      for (const record of [decision.record, ...decision.alsoRecord]) histories.add(record);
    }
    judged.push({ task, body, decision });
  }
  return { document: current, judged };
}

/** An answer that cannot be judged at all must not hold up the others of its batch: it waits for the organizer. */
async function judgeSafely(...input: Parameters<typeof judgeAnswer>): Promise<Decision> {
  try {
    return await judgeAnswer(...input);
  } catch (error) {
    if (error instanceof GatewayError && error.temporary) throw error;
    return { verdict: 'hold', reason: 'event-unusable' };
  }
}

export async function judgeAnswer(
  document: EventDocument,
  answer: Answer,
  histories: Histories,
  expand: Expand,
  now: number,
): Promise<Decision> {
  const query = occurrencesNeeded(document, answer);
  const occurrences = query === null ? null : await expand(query);
  return decide({ answer, document, occurrences, history: histories.of(answer.attendee.key), now });
}

interface Candidate {
  readonly id: string;
  readonly revision: ResolvedRevision;
  /** Sent after now: our clock stood wrong when it came, and what is left is the order of arrival. */
  readonly byWrongClock: boolean;
}

/** Task ids of the newest answer per attendee and occurrence; with equal revisions the later arrival is the newer. */
function newestOf(
  waiting: readonly WaitingAnswer[],
  now: number,
  revise: (answer: Answer) => ResolvedRevision,
): ReadonlySet<string> {
  const newest = new Map<string, Candidate>();
  for (const { task, body } of waiting) {
    const { attendee, occurrence, range, revision } = body.answer;
    const key = JSON.stringify([attendee.key, occurrence.recurrenceId, range]);
    const later = { id: task.id, revision: revise(body.answer), byWrongClock: revision.sentAt > now };
    const known = newest.get(key);
    if (known === undefined || !isNewer(known, later)) newest.set(key, later);
  }
  return new Set([...newest.values()].map(({ id }) => id));
}

/** Whether what came first is the newer one all the same. */
function isNewer({ revision, byWrongClock }: Candidate, later: Candidate): boolean {
  if (revision.sequence !== later.revision.sequence) return revision.sequence > later.revision.sequence;
  return !byWrongClock && revision.sentAt > later.revision.sentAt;
}
