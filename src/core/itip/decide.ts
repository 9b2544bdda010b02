// Implements the decision table (README.md). In: an attendee's answer, the stored event, the occurrences from
// `occurrencesNeeded` and the attendee's history; out: `apply`, or a refusal as `ignore`, `refuse` or `hold`, with a literal
// reason. The sender is already verified. The same answers in any order give the same event: each occurrence keeps its newest
// answer, and an override without its own answer follows the series.
import { GatewayError } from '../errors.ts';
import { answerContent, KEPT, keptOwnAnswer, lastAnswer } from './answer-content.ts';
import { type EventComponent, partstatIn } from '../ical/event-component.ts';
import { componentFor, type EventDocument, isRecurring, overridesAt, sequenceOf } from '../ical/event-document.ts';
import { occurrenceSchedule } from './fingerprint.ts';
import { makeOverride } from './make-override.ts';
import { type Match, matchOccurrence, overridesNamed, queryFor } from './match-occurrence.ts';
import { millisOf, occurrenceIdOf } from '../ical/occurrence-id.ts';
import {
  currentRevision,
  isBeforeReschedule,
  orderOf,
  type ResolvedRevision,
  resolveRevision,
} from './order-answers.ts';
import type {
  Answer,
  AppliedAnswer,
  Decision,
  History,
  OccurrenceAnswer,
  OccurrenceQuery,
  PartstatChange,
  StatedAnswer,
} from './types.ts';

export interface DecisionInput {
  readonly answer: Answer;
  readonly document: EventDocument;
  /** The result of the query from `occurrencesNeeded`, null if there was no query. */
  readonly occurrences: OccurrenceAnswer | null;
  /** The history of this attendee and this event only. */
  readonly history: History;
  /** In milliseconds since 1970. */
  readonly now: number;
}

/** Decision table, "one instance" and "RANGE=THISANDFUTURE". */
const MAX_OVERRIDES_BY_ANSWERS = 100;
const MAX_REMAINING = 50;

/** Returns the query for the recurrence engine that `decide` needs, null if it needs none. */
export function occurrencesNeeded(
  document: EventDocument,
  answer: Pick<Answer, 'occurrence' | 'range'>,
): OccurrenceQuery | null {
  const { uid, recurrenceId } = answer.occurrence;
  if (recurrenceId === null || uid !== document.uid) return null;
  if (answer.range !== null) return queryFor(document, recurrenceId, MAX_REMAINING + 1);
  return overridesAt(document, recurrenceId).length > 0 ? null : queryFor(document, recurrenceId, 1);
}

/** @throws GatewayError `internal` if the result of a query from `occurrencesNeeded` is missing */
export function decide(input: DecisionInput): Decision {
  const { answer, document, history } = input;
  if (answer.occurrence.uid !== document.uid) return hold('unknown-event');
  // RFC 5545 §3.2.12: a PARTSTAT for tasks, such as COMPLETED, is invalid in a VEVENT. An answer from the web or winmail.dat
  // always has the component VEVENT, so the opposite case is allowed.
  if (answer.component === 'VTODO' && document.component === 'VEVENT') return hold('unknown-event');
  const match = findOccurrence(input);
  if (match.kind === 'too-expensive') return hold('recurrence-too-expensive');
  const targets = targetsOf(input, match);
  const revision = revisionOf(input, targets?.[0]?.recurrenceId ?? answer.occurrence.recurrenceId);

  // The order is checked first: a second copy of an answer is a duplicate even if the event has changed since.
  const known = targets?.length ? targets.map((each) => each.recurrenceId) : [answer.occurrence.recurrenceId];
  const orders = known.map((recurrenceId) => orderOf(history, recurrenceId, answer, revision, input.now));
  if (!orders.includes('newer')) return { verdict: 'ignore', reason: orders.includes('stale') ? 'stale' : 'duplicate' };
  const seen = { sequence: revision.sequence, start: answer.start };
  if (showedAnotherTime(answer, document) || known.every((each) => isBeforeReschedule(history, each, seen))) {
    return { verdict: 'ignore', reason: 'stale' };
  }

  const { partstat } = answer;
  if (partstat === null) return hold('unreadable-answer');
  if (targets === null) return hold('series-change');
  if (targets.length === 0) return hold('no-such-occurrence');
  return decideOn(
    { ...input, answer: { ...answer, partstat } },
    revision,
    targets.filter((_, at) => orders[at] === 'newer'),
  );
}

/** One occurrence to which the answer applies. */
interface Target {
  readonly recurrenceId: string | null;
  /** Whether the override must be created. */
  readonly create: boolean;
  /** The override, or the master from which it is created. */
  readonly component: EventComponent;
}

interface StatedInput extends DecisionInput {
  readonly answer: StatedAnswer;
}

function decideOn(input: StatedInput, revision: ResolvedRevision, targets: readonly Target[]): Decision {
  const { answer, document } = input;
  const invited = targets.filter((each) => each.component.invites(answer.attendee));
  // Decision table, "uninvited": an uninvited person is never added, although other implementations do that.
  if (invited.length === 0) return hold('not-invited');
  const takingPlace = invited.filter((each) => !each.component.cancelled && !document.master?.cancelled);
  if (takingPlace.length === 0) return { verdict: 'refuse', reason: 'cancelled-event' };
  const created = takingPlace.filter((each) => each.create).length;
  if (created > 0 && created + countOverridesByAnswers(document) > MAX_OVERRIDES_BY_ANSWERS)
    return hold('no-such-occurrence');
  if (takingPlace.some((each) => cannotMakeOverride(document, each))) return hold('event-unusable');
  if (takingPlace.some((each) => each.create && isCoveredByRange(document, each.recurrenceId)))
    return hold('series-change');
  if (takingPlace.some((each) => wasChangedElsewhere(input, each, revision))) return hold('changed-elsewhere');
  return applyTo(input, revision, takingPlace);
}

function applyTo(
  { answer, document, history }: StatedInput,
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
    .filter((each) => each.create || !hasPartstat(each.component, answer))
    .map(({ recurrenceId, create }) => ({ recurrenceId, create, partstat }));
  const [record, ...alsoRecord] = records;
  if (!record) throw new GatewayError('internal', 'the answer applies to no occurrence');
  const series = record.recurrenceId === null ? followSeries(document, answer, history) : NO_FOLLOWERS;
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
  /** The overrides that keep their own answer, which is not in the ledger. */
  readonly kept: readonly string[];
}

const NO_FOLLOWERS: Followers = { changes: [], kept: [] };

/**
 * Returns the overrides that follow an answer to the series (decision table, "master answer"). An override with the same
 * PARTSTAT as the master has inherited it, unless the ledger has a `kept` line for it: then it had that PARTSTAT before the
 * master did.
 */
function followSeries(document: EventDocument, answer: StatedAnswer, { applied }: History): Followers {
  const changes: PartstatChange[] = [];
  const kept: string[] = [];
  const before = document.master?.partstatOf(answer.attendee);
  for (const override of document.overrides) {
    const { recurrenceId } = override;
    const current = override.partstatOf(answer.attendee);
    if (current === null || recurrenceId === null) continue;
    const own = lastAnswer(applied, recurrenceId);
    if (own?.partstat === current) continue;
    const follows = current === 'NEEDS-ACTION' || (current === before && !keptOwnAnswer(applied, recurrenceId));
    if (follows && !hasPartstat(override, answer)) {
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
    throw new GatewayError('internal', 'the query to the recurrence engine is missing');
  }
  return matchOccurrence(document, recurrenceId, occurrences);
}

/**
 * Returns the occurrences to which the answer applies. Returns [] if the occurrence does not exist, and null if the answer
 * would change the whole series.
 */
function targetsOf(input: DecisionInput, match: Match): readonly Target[] | null {
  const { answer, document } = input;
  if (match.kind === 'none' || match.kind === 'too-expensive') return [];
  if (match.kind === 'master') return targetsWithoutId(input);
  if (answer.range === null || !isRecurring(document)) return targetAt(document, match.recurrenceId);
  return targetsFrom(input, match.recurrenceId);
}

/**
 * Decision table, "uninvited": an attendee who is invited to some dates only may answer without a RECURRENCE-ID. The answer is
 * for the date at its DTSTART, else for all of these dates.
 */
function targetsWithoutId({ answer, document }: DecisionInput): readonly Target[] {
  const { attendee, start } = answer;
  const own = document.overrides.filter((override) => override.invites(attendee));
  if (own.length === 0 || document.master?.invites(attendee)) return targetAt(document, null);
  const named = start === null ? [] : overridesNamed(document, own, start);
  // The stored object does not contain the series, so the answer may be for the series.
  if (named.length === 0 && document.master === null) return [];
  const ids = new Set((named.length > 0 ? named : own).map(({ recurrenceId }) => recurrenceId));
  return [...ids].flatMap((id) => targetAt(document, id));
}

function targetsFrom({ document, occurrences }: DecisionInput, first: string): readonly Target[] | null {
  if (occurrences?.kind !== 'occurrences' || !occurrences.complete) return null;
  const later = (id: string) => millisOf(id) >= millisOf(first);
  const starts = occurrences.starts.filter(later);
  if (starts.length > MAX_REMAINING) return null;
  const overridden = document.overrides.flatMap((each) => each.recurrenceId ?? []).filter(later);
  const ids = [...new Set([...starts, ...overridden])];
  return ids.sort((a, b) => millisOf(a) - millisOf(b)).flatMap((id) => targetAt(document, id));
}

function targetAt(document: EventDocument, recurrenceId: string | null): Target[] {
  const component = componentFor(document, recurrenceId);
  if (component === null) return [];
  return [{ recurrenceId, component, create: component.recurrenceId !== recurrenceId }];
}

/** Returns the answer's revision for this occurrence (null: for the event itself). */
export function revisionOf(
  { answer, document, history, now }: Omit<DecisionInput, 'occurrences'>,
  recurrenceId: string | null,
): ResolvedRevision {
  const occurrence = { ...answer.occurrence, recurrenceId };
  if (answer.shown !== undefined && !showedAnotherTime(answer, document)) {
    return currentRevision({ ...answer, occurrence }, history, sequenceOf(document, recurrenceId), now);
  }
  const sequences = { event: sequenceOf(document, null), occurrence: sequenceOf(document, recurrenceId) };
  return resolveRevision({ ...answer, occurrence }, history, sequences, now);
}

/** Returns whether the page showed the attendee another time than the event has now. */
function showedAnotherTime({ shown }: Answer, document: EventDocument): boolean {
  return shown !== undefined && occurrenceSchedule(document, shown.recurrenceId) !== shown.schedule;
}

/**
 * Decision table, "changed elsewhere": returns whether the event no longer has the PARTSTAT that we wrote and was changed after
 * the answer.
 */
function wasChangedElsewhere(
  { answer, document, history }: StatedInput,
  { component, recurrenceId }: Target,
  { sentAt }: ResolvedRevision,
): boolean {
  const last = lastAnswer(history.applied, recurrenceId);
  const current = component.partstatOf(answer.attendee);
  if (last === null || current === last.partstat || current === 'NEEDS-ACTION' || current === answer.partstat)
    return false;
  if (history.waiting?.some((partstat) => partstat === current)) return false;
  const modifiedAt = Math.max(component.lastModified ?? 0, document.storedAt ?? 0);
  return sentAt < modifiedAt;
}

/** Returns whether each line of the attendee already has this PARTSTAT explicitly, and no delegation that it withdraws. */
function hasPartstat(component: EventComponent, { attendee, partstat }: StatedAnswer): boolean {
  const lines = component.attendeeLines(attendee);
  return lines.every(
    (line) =>
      line.param('PARTSTAT') !== null &&
      partstatIn(line) === partstat &&
      (partstat === 'DELEGATED' || !line.params.some(({ name }) => name === 'DELEGATED-TO')),
  );
}

/** Counts the overrides that differ from the master only in their ATTENDEEs. */
function countOverridesByAnswers({ master, overrides }: EventDocument): number {
  const same = (override: EventComponent, name: string) =>
    override.property(name)?.value === master?.property(name)?.value;
  return overrides.filter(
    (each) =>
      each.start !== null &&
      occurrenceIdOf(each.start) === each.recurrenceId &&
      ['SUMMARY', 'LOCATION', 'DESCRIPTION', 'STATUS'].every((name) => same(each, name)),
  ).length;
}

/** Returns whether an override is needed but cannot be made from the master. */
function cannotMakeOverride({ master }: EventDocument, { create, recurrenceId }: Target): boolean {
  if (!create) return false;
  return master === null || recurrenceId === null || makeOverride(master, recurrenceId) === null;
}

/** Returns whether an override with RANGE=THISANDFUTURE covers this occurrence. A new override would undo its change. */
function isCoveredByRange({ overrides }: EventDocument, recurrenceId: string | null): boolean {
  return overrides.some(
    (each) =>
      each.property('RECURRENCE-ID')?.param('RANGE')?.toUpperCase() === 'THISANDFUTURE' &&
      millisOf(each.recurrenceId ?? '') <= millisOf(recurrenceId ?? ''),
  );
}

function hold(reason: Extract<Decision, { verdict: 'hold' }>['reason']): Decision {
  return { verdict: 'hold', reason };
}
