// Properties of every event and every list of answers: writing an answer changes no fingerprint, so that the REQUESTs that a
// CalDAV server then posts are not mailed.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../../src/core/itip/compare.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { fingerprintFor, scheduleFingerprint } from '../../../src/core/itip/fingerprint.ts';
import { whatChanged } from '../../../src/core/itip/what-changed.ts';
import { fullCount } from '../../harness/full-counts.ts';
import { answers, attendeeAddress, eventPlan, eventTextOf, occurrenceId } from './arbitrary-event.ts';
import { address, Ledgered } from './run-answer.ts';

const RUNS = { numRuns: fullCount(1_000, 150) };
const PATIENCE_MS = 60_000;
const GUESTS = [0, 1, 2, 3].map((at) => address(attendeeAddress(at)));
const ORGANIZER = address('organizer@example.com');

describe('writing answers', () => {
  it(
    'changes no fingerprint and requires no message',
    () => {
      fc.assert(
        fc.property(eventPlan, answers(8), (plan, list) => {
          const before = eventTextOf(plan);
          const event = new Ledgered(before);
          for (const answer of list) event.give(answer(plan));
          const after = event.text;
          for (const guest of GUESTS) expect(fingerprintFor(after, guest)).toBe(fingerprintFor(before, guest));
          expect(scheduleFingerprint(after, null)).toBe(scheduleFingerprint(before, null));
          for (const at of [0, 1, 2]) {
            const id = occurrenceId(plan, at);
            if (parseEvent(before).overrides.some((each) => each.recurrenceId === id)) {
              expect(scheduleFingerprint(after, id)).toBe(scheduleFingerprint(before, id));
            }
          }
          expect(whatChanged(before, after)).toEqual([]);
          expect(compare(before, after, { user: ORGANIZER, now: 0 })).toEqual([]);
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );
});

describe('a new event', () => {
  it(
    'requires one REQUEST for each guest, with the same fingerprint when stored again, and one CANCEL when deleted',
    () => {
      fc.assert(
        fc.property(eventPlan, (plan) => {
          const text = eventTextOf(plan);
          const invited = compare(null, text, { user: ORGANIZER, now: 0 });
          const guests = new Set(
            [parseEvent(text)].flatMap(({ master, overrides }) =>
              [...(master ? [master] : []), ...overrides].flatMap((each) =>
                each.attendees.map((guest) => guest.address.key),
              ),
            ),
          );
          expect(invited.map(({ method, recipient }) => `${method} ${recipient.key}`).sort()).toEqual(
            [...guests].map((guest) => `REQUEST ${guest}`).sort(),
          );
          const again = compare(null, text, { user: ORGANIZER, now: 1 });
          expect(again.map((each) => fingerprintFor(each.calendar, each.recipient))).toEqual(
            invited.map((each) => fingerprintFor(each.calendar, each.recipient)),
          );
          const gone = compare(text, null, { user: ORGANIZER, now: 0 });
          expect(gone.map(({ method, recipient }) => `${method} ${recipient.key}`).sort()).toEqual(
            [...guests].map((guest) => `CANCEL ${guest}`).sort(),
          );
          for (const { calendar } of [...invited, ...gone]) expect(() => parseEvent(calendar)).not.toThrow();
        }),
        RUNS,
      );
    },
    PATIENCE_MS,
  );
});
