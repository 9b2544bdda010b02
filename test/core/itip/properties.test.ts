// Properties of every event and every list of answers, checked with fast-check.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT } from '../../../src/core/itip/answer-content.ts';
import { applyDecision } from '../../../src/core/itip/apply.ts';
import { joinLines, splitLines } from '../../../src/core/ical/content-lines.ts';
import { EventComponent } from '../../../src/core/ical/event-component.ts';
import {
  componentFor,
  type EventDocument,
  eventText,
  parseEvent,
  partstatOf,
} from '../../../src/core/ical/event-document.ts';
import { ownLines } from '../../../src/core/ical/read-components.ts';
import type { Answer } from '../../../src/core/itip/types.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { answers, eventPlan, eventTextOf } from './arbitrary-event.ts';
import { judge, Ledgered, reasonOf } from './run-answer.ts';

const RUNS = { numRuns: fullCount(2_000, 300) };
const PATIENCE_MS = 60_000;
const NO_HISTORY = { applied: [], mailed: [] };

/** Returns the unfolded lines of each component, in the order of the text. */
function unfolded(document: EventDocument): string[] {
  return splitLines(eventText(document)).map((line) => line.text);
}

describe('reading and writing', () => {
  it(
    'keeps every byte of any text',
    () => {
      const piece = fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        ' ',
        '\t',
        'BEGIN:VEVENT',
        'A;B="c',
        ':d',
        '\uFEFF',
        '😀',
        '\0',
        'é',
      );
      fc.assert(
        fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (pieces) => {
          const text = pieces.join('');
          expect(joinLines(splitLines(text))).toBe(text);
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );

  it(
    'keeps every byte of any event',
    () => {
      fc.assert(
        fc.property(eventPlan, (plan) => {
          const text = eventTextOf(plan);
          expect(eventText(parseEvent(text))).toBe(text);
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );
});

/** Returns the line without PARTSTAT, which an answer may change. */
function withoutPartstat(text: string): string {
  return text.replace(/;partstat=("[^"]*"|[^;:]*)/i, '');
}

function expectOnlyThatAttendee(before: EventDocument, after: EventDocument, answer: Answer): void {
  const address = `mailto:${answer.attendee.key}`;
  for (const component of after.parts) {
    if (!(component instanceof EventComponent)) continue;
    const old = [before.master, ...before.overrides].find((each) => each?.recurrenceId === component.recurrenceId);
    const compared = (old ?? before.master)?.attendees.map((each) => each.line.text) ?? [];
    const now = component.attendees.map((each) => each.line.text);
    expect(now.filter((text) => !text.endsWith(address))).toEqual(compared.filter((text) => !text.endsWith(address)));
    expect(now.map(withoutPartstat)).toEqual(compared.map(withoutPartstat));
    if (!old) continue;
    const others = (each: EventComponent) => joinLines(ownLines(each).filter((line) => !line.text.endsWith(address)));
    expect(others(component)).toBe(others(old));
  }
}

describe('an answer', () => {
  it(
    'changes only the PARTSTAT of its attendee, to the given value',
    () => {
      let applied = 0;
      fc.assert(
        fc.property(eventPlan, answers(1), (plan, [make]) => {
          const answer = make?.(plan);
          if (!answer) return;
          const before = parseEvent(eventTextOf(plan));
          const decision = judge(before, answer, NO_HISTORY);
          if (decision.verdict !== 'apply') return;
          applied++;
          const after = applyDecision(before, decision);
          const again = parseEvent(eventText(after));
          expect(unfolded(again)).toEqual(unfolded(after));
          expect(partstatOf(again, answer.attendee, decision.occurrence.recurrenceId)).toBe(answer.partstat);
          expectOnlyThatAttendee(before, again, answer);
        }),
        RUNS,
      );
      expect(applied).toBeGreaterThan(RUNS.numRuns / 4);
    },
    PATIENCE_MS,
  );

  it(
    'creates only overrides at the times of their instances',
    () => {
      fc.assert(
        fc.property(eventPlan, answers(3), (plan, list) => {
          const ledgered = new Ledgered(eventTextOf(plan));
          const known = new Set(ledgered.document.overrides.map((each) => each.recurrenceId));
          for (const make of list) ledgered.give(make(plan));
          const again = parseEvent(ledgered.text);
          for (const made of again.overrides.filter((each) => !known.has(each.recurrenceId))) {
            expect(componentFor(again, made.recurrenceId)).toBe(made);
            expect(made.property('RRULE') ?? made.property('EXDATE')).toBeNull();
            expect(made.start?.form).toBe(again.master?.start?.form);
            expect(made.property('RECURRENCE-ID')?.value).toBe(made.property('DTSTART')?.value);
          }
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );
});

function state(ledgered: Ledgered) {
  const records = [...ledgered.applied.values()].filter((each) => each.content !== KEPT);
  return [...unfolded(ledgered.document), ...records.map((each) => JSON.stringify(each)).sort()].join('\n');
}

describe('several answers', () => {
  it(
    'give the same event in any order',
    () => {
      fc.assert(
        fc.property(
          eventPlan,
          answers(5).chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
          ),
          (plan, [one, other]) => {
            const [first, second] = [new Ledgered(eventTextOf(plan)), new Ledgered(eventTextOf(plan))];
            for (const make of one) first.give(make(plan));
            for (const make of other) {
              second.give(make(plan));
              second.document = parseEvent(second.text); // as if each answer had its own PUT
            }
            expect(state(second)).toBe(state(first));
          },
        ),
        RUNS,
      );
    },
    PATIENCE_MS,
  );

  it(
    'change nothing when applied again',
    () => {
      fc.assert(
        fc.property(eventPlan, answers(4), (plan, list) => {
          const ledgered = new Ledgered(eventTextOf(plan));
          for (const make of list) ledgered.give(make(plan));
          const text = ledgered.text;
          for (const make of list) expect(reasonOf(ledgered.give(make(plan)))).not.toBe('applied');
          expect(ledgered.text).toBe(text);
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );
});
