// The decision table (README.md): one attendee's answer, the event as stored, its occurrences as far as they matter and the
// attendee's history come in; `apply`, `ignore`, `refuse` or `hold` with a literal reason goes out. Who sent the answer has
// been judged before. Applying the same answers in any order ends in one state: each occurrence keeps its newest answer,
// and an override without an answer of its own follows the series.
import { GatewayError } from '../errors.ts';
import { answerContent, KEPT, keptItsOwn, lastAnswer } from './answer-content.ts';
import { type EventComponent, partstatIn } from '../ical/event-component.ts';
import { componentFor, type EventDocument, isRecurring, overridesAt, sequenceOf } from '../ical/event-document.ts';
import { occurrenceSchedule } from './fingerprint.ts';
import { makeOverride } from './make-override.ts';
import { type Match, matchOccurrence, queryFor } from './match-occurrence.ts';
import { millisOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import { isOfAnotherTime, orderOf, type ResolvedRevision, resolveRevision } from './order-answers.ts';
import type {
  Answer,
  AppliedAnswer,
  Decision,
  History,
  OccurrenceAnswer,
  OccurrenceQuery,
  PartstatChange,
} from './types.ts';

export interface DecisionInput {
  readonly answer: Answer;
  readonly document: EventDocument;
  /** What the recurrence engine said to `occurrencesNeeded`; null where that was null. */
  readonly occurrences: OccurrenceAnswer | null;
  /** Of this attendee and this event only. */
  readonly history: History;
  readonly now: number;
}

/** Decision table, "one instance" and "RANGE=THISANDFUTURE". */
const MOST_MADE_BY_ANSWERS = 100;
const MOST_REMAINING = 50;

/** What to ask the recurrence engine before `decide`; null: nothing, the event itself tells. */
export function occurrencesNeeded(
  document: EventDocument,
  answer: Pick<Answer, 'occurrence' | 'range'>,
): OccurrenceQuery | null {
  const { uid, recurrenceId } = answer.occurrence;
  if (recurrenceId === null || uid !== document.uid) return null;
  if (answer.range !== null) return queryFor(document, recurrenceId, MOST_REMAINING + 1);
  return overridesAt(document, recurrenceId).length > 0 ? null : queryFor(document, recurrenceId, 1);
}

export function decide(input: DecisionInput): Decision {
  const { answer, document, history } = input;
  if (answer.occurrence.uid !== document.uid) return hold('unknown-event');
  // RFC 5545 §3.2.12: what is said of a task (COMPLETED) cannot be written into a VEVENT. The web and winmail.dat call a task an event.
  if (answer.component === 'VTODO' && document.component === 'VEVENT') return hold('unknown-event');
  const match = findOccurrence(input);
  if (match.kind === 'too-expensive') return hold('recurrence-too-expensive');
  const targets = targetsOf(input, match);
  const revision = revisionOf(input, targets?.[0]?.recurrenceId ?? answer.occurrence.recurrenceId);

  // Order comes first: a second copy of an answer is a duplicate even where the event has changed meanwhile.
  const known = targets?.length ? targets.map((each) => each.recurrenceId) : [answer.occurrence.recurrenceId];
  const orders = known.map((recurrenceId) => orderOf(history, recurrenceId, answer, revision, input.now));
  if (!orders.includes('newer')) return { verdict: 'ignore', reason: orders.includes('stale') ? 'stale' : 'duplicate' };
  if (known.every((each) => isOfAnotherTime(history, each, revision.sequence))) {
    return { verdict: 'ignore', reason: 'stale' };
  }

  if (targets === null) return hold('series-change');
  if (targets.length === 0) return hold('no-such-occurrence');
  return decideOn(
    input,
    revision,
    targets.filter((_, at) => orders[at] === 'newer'),
  );
}

/** One occurrence that the answer is about. */
interface Target {
  readonly recurrenceId: string | null;
  readonly create: boolean;
  /** Says what happens there now: the override, or the master that it would be made from. */
  readonly component: EventComponent;
}

function decideOn(input: DecisionInput, revision: ResolvedRevision, targets: readonly Target[]): Decision {
  const { answer, document } = input;
  const invited = targets.filter((each) => each.component.invites(answer.attendee));
  // Decision table, "uninvited": never added, whatever the suite of another implementation does.
  if (invited.length === 0) return hold('not-invited');
  const going = invited.filter((each) => !each.component.cancelled && !document.master?.cancelled);
  if (going.length === 0) return { verdict: 'refuse', reason: 'cancelled-event' };
  const made = going.filter((each) => each.create).length;
  if (made > 0 && made + countMadeByAnswers(document) > MOST_MADE_BY_ANSWERS) return hold('no-such-occurrence');
  if (going.some((each) => cannotBeMade(document, each))) return hold('event-unusable');
  if (going.some((each) => each.create && isUnderRange(document, each.recurrenceId))) return hold('series-change');
  if (going.some((each) => wasChangedElsewhere(input, each, revision))) return hold('changed-elsewhere');
  return applyTo(input, revision, going);
}

function applyTo(
  { answer, document, history }: DecisionInput,
  revision: ResolvedRevision,
  targets: readonly Target[],
): Decision {
  const content = answerContent(answer);
  const { attendee, partstat } = answer;
  const records = targets.map(({ recurrenceId }) => {
    const eventSequence = sequenceOf(document, recurrenceId);
    const schedule = occurrenceSchedule(document, recurrenceId);
    return { attendeeKey: attendee.key, recurrenceId, ...revision, partstat, content, eventSequence, schedule };
  });
  const changes = targets
    .filter((each) => each.create || !saysAlready(each.component, answer))
    .map(({ recurrenceId, create }) => ({ recurrenceId, create, partstat }));
  const [record, ...alsoRecord] = records;
  if (!record) throw new GatewayError('internal', 'an answer to no occurrence');
  const series = record.recurrenceId === null ? followSeries(document, answer, history) : NOTHING;
  const kept = series.kept.map((recurrenceId): AppliedAnswer => {
    return { ...record, recurrenceId, partstat: 'NEEDS-ACTION', content: KEPT };
  });
  return {
    verdict: 'apply',
    reason: 'applied',
    attendee,
    occurrence: { uid: document.uid, recurrenceId: record.recurrenceId },
    changes: [...changes, ...series.changes],
    record,
    alsoRecord: [...alsoRecord, ...kept],
  };
}

interface Followers {
  readonly changes: readonly PartstatChange[];
  /** Overrides that keep what they say, though nothing in the ledger tells why. */
  readonly kept: readonly string[];
}

const NOTHING: Followers = { changes: [], kept: [] };

/**
 * Decision table, "master answer": which overrides follow. One that says what the master said until now inherited it, unless it
 * was seen to say so by itself before the master came to agree with it: that is what the `kept` lines remember.
 */
function followSeries(document: EventDocument, answer: Answer, { applied }: History): Followers {
  const changes: PartstatChange[] = [];
  const kept: string[] = [];
  const before = document.master?.partstatOf(answer.attendee);
  for (const override of document.overrides) {
    const { recurrenceId } = override;
    const present = override.partstatOf(answer.attendee);
    if (present === null || recurrenceId === null) continue;
    const own = lastAnswer(applied, recurrenceId);
    if (own?.partstat === present) continue;
    const follows = present === 'NEEDS-ACTION' || (present === before && !keptItsOwn(applied, recurrenceId));
    if (follows && !saysAlready(override, answer)) {
      changes.push({ recurrenceId, create: false, partstat: answer.partstat });
    }
    if (!follows && own === null) kept.push(recurrenceId);
  }
  return { changes, kept };
}

function findOccurrence({ answer, document, occurrences }: DecisionInput): Match {
  const { recurrenceId } = answer.occurrence;
  if (recurrenceId === null) return { kind: 'master' };
  if (occurrences === null && occurrencesNeeded(document, answer) !== null) {
    throw new GatewayError('internal', 'the recurrence engine was not asked');
  }
  return matchOccurrence(document, recurrenceId, occurrences);
}

/** What the answer is about: none where there is no such occurrence, null where it would rewrite the series. */
function targetsOf(input: DecisionInput, match: Match): readonly Target[] | null {
  const { answer, document } = input;
  if (match.kind === 'none' || match.kind === 'too-expensive') return [];
  if (match.kind === 'master') return targetAt(document, null);
  if (answer.range === null || !isRecurring(document)) return targetAt(document, match.recurrenceId);
  return targetsFrom(input, match.recurrenceId);
}

function targetsFrom({ document, occurrences }: DecisionInput, first: string): readonly Target[] | null {
  if (occurrences?.kind !== 'occurrences' || !occurrences.complete) return null;
  const later = (id: string) => millisOf(id) >= millisOf(first);
  const starts = occurrences.starts.filter(later);
  if (starts.length > MOST_REMAINING) return null;
  const overridden = document.overrides.flatMap((each) => each.recurrenceId ?? []).filter(later);
  const ids = [...new Set([...starts, ...overridden])];
  return ids.sort((a, b) => millisOf(a) - millisOf(b)).flatMap((id) => targetAt(document, id));
}

function targetAt(document: EventDocument, recurrenceId: string | null): Target[] {
  const component = componentFor(document, recurrenceId);
  if (component === null) return [];
  return [{ recurrenceId, component, create: component.recurrenceId !== recurrenceId }];
}

/** The answer's revision as it counts for that occurrence (null: the event as a whole). */
export function revisionOf(
  { answer, document, history, now }: Omit<DecisionInput, 'occurrences'>,
  recurrenceId: string | null,
): ResolvedRevision {
  const occurrence = { ...answer.occurrence, recurrenceId };
  const sequences = { event: sequenceOf(document, null), occurrence: sequenceOf(document, recurrenceId) };
  return resolveRevision({ ...answer, occurrence }, history, sequences, now);
}

/** Decision table, "changed elsewhere": what we wrote last is gone, and this answer was given before that happened. */
function wasChangedElsewhere(
  { answer, document, history }: DecisionInput,
  { component, recurrenceId }: Target,
  { sentAt }: ResolvedRevision,
): boolean {
  const last = lastAnswer(history.applied, recurrenceId);
  const present = component.partstatOf(answer.attendee);
  if (last === null || present === last.partstat || present === 'NEEDS-ACTION' || present === answer.partstat)
    return false;
  if (history.waiting?.some((partstat) => partstat === present)) return false;
  const modifiedAt = Math.max(component.lastModified ?? 0, document.storedAt ?? 0);
  return sentAt < modifiedAt;
}

/** True where every line of that attendee states this PARTSTAT in so many words. */
function saysAlready(component: EventComponent, { attendee, partstat }: Answer): boolean {
  const lines = component.attendeeLines(attendee);
  return lines.every((line) => line.param('PARTSTAT') !== null && partstatIn(line) === partstat);
}

/** Overrides that differ from the master in nothing but who comes. */
function countMadeByAnswers({ master, overrides }: EventDocument): number {
  const same = (override: EventComponent, name: string) =>
    override.property(name)?.value === master?.property(name)?.value;
  return overrides.filter(
    (each) =>
      each.start !== null &&
      occurrenceIdOf(each.start) === each.recurrenceId &&
      ['SUMMARY', 'LOCATION', 'DESCRIPTION', 'STATUS'].every((name) => same(each, name)),
  ).length;
}

/** True where the master's times cannot be moved to an instance that is to be answered. */
function cannotBeMade({ master }: EventDocument, { create, recurrenceId }: Target): boolean {
  if (!create) return false;
  return master === null || recurrenceId === null || makeOverride(master, recurrenceId) === null;
}

/** True where a stored override stands for all that follow it: one made from the master would undo that. */
function isUnderRange({ overrides }: EventDocument, recurrenceId: string | null): boolean {
  return overrides.some(
    (each) =>
      each.property('RECURRENCE-ID')?.param('RANGE')?.toUpperCase() === 'THISANDFUTURE' &&
      millisOf(each.recurrenceId ?? '') <= millisOf(recurrenceId ?? ''),
  );
}

function hold(reason: Extract<Decision, { verdict: 'hold' }>['reason']): Decision {
  return { verdict: 'hold', reason };
}
