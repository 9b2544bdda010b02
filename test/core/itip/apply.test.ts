import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { applyDecision, setScheduleStatus } from '../../../src/core/itip/apply.ts';
import { eventText, parseEvent } from '../../../src/core/ical/event-document.ts';
import type { Decision, PartstatChange } from '../../../src/core/itip/types.ts';
import { address } from './run-answer.ts';

const BOB = address('bob@example.com');

function calendar(...components: (readonly string[])[]): string {
  const lines = components.flatMap((each) => ['BEGIN:VEVENT', 'UID:a', ...each, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

function decision(...changes: PartstatChange[]): Decision & { verdict: 'apply' } {
  const record = {
    attendeeKey: BOB.key,
    recurrenceId: null,
    sequence: 0,
    sentAt: 0,
    partstat: 'ACCEPTED',
    content: '',
    eventSequence: 0,
    schedule: null,
  } as const;
  const occurrence = { uid: 'a', recurrenceId: null };
  return { verdict: 'apply', reason: 'applied', attendee: BOB, occurrence, changes, record, alsoRecord: [] };
}

const MASTER = [
  'DTSTART:20261006T080000Z',
  'RRULE:FREQ=DAILY',
  'ATTENDEE:mailto:bob@example.com',
  'ATTENDEE:mailto:cara@example.com',
];
const override = (id: string, start = id) => [
  `RECURRENCE-ID:${id}`,
  `DTSTART:${start}`,
  'ATTENDEE;X-A=1:mailto:bob@example.com',
];

describe('applyDecision', () => {
  it('returns the same document if there are no changes', () => {
    const document = parseEvent(calendar(MASTER));
    expect(applyDecision(document, decision())).toBe(document);
  });

  it.each([
    ['ACCEPTED', 'ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com'],
    ['NEEDS-ACTION', 'ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@example.com'],
    ['DELEGATED', 'ATTENDEE;CN=Bob;DELEGATED-TO="mailto:eve@example.com";PARTSTAT=DELEGATED:mailto:bob@example.com'],
  ] as const)('%s withdraws a delegation, unless it is one', (partstat, line) => {
    const delegated = 'ATTENDEE;CN=Bob;DELEGATED-TO="mailto:eve@example.com";PARTSTAT=DELEGATED:mailto:bob@example.com';
    const eve = 'ATTENDEE;DELEGATED-FROM="mailto:bob@example.com":mailto:eve@example.com';
    const stored = (own: string): string => calendar(['DTSTART:20261006T080000Z', own, eve]);
    const after = applyDecision(
      parseEvent(stored(delegated)),
      decision({ recurrenceId: null, create: false, partstat }),
    );
    expect(eventText(after).replaceAll('\r\n ', '')).toBe(stored(line));
  });

  it('changes the components of the decision', () => {
    const document = parseEvent(calendar(MASTER, override('20261007T080000Z'), override('20261008T080000Z')));
    const after = applyDecision(
      document,
      decision(
        { recurrenceId: null, create: false, partstat: 'ACCEPTED' },
        { recurrenceId: '20261008T080000Z', create: false, partstat: 'DECLINED' },
      ),
    );
    const changed = MASTER.with(2, 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com');
    const declined = override('20261008T080000Z').with(2, 'ATTENDEE;X-A=1;PARTSTAT=DECLINED:mailto:bob@example.com');
    expect(eventText(after)).toBe(calendar(changed, override('20261007T080000Z'), declined));
    expect(eventText(document)).toBe(calendar(MASTER, override('20261007T080000Z'), override('20261008T080000Z')));
  });

  it('inserts a new override in order of time', () => {
    const document = parseEvent(calendar(MASTER, override('20261007T080000Z'), override('20261009T080000Z')));
    const after = applyDecision(
      document,
      decision({ recurrenceId: '20261008T080000Z', create: true, partstat: 'ACCEPTED' }),
    );
    expect(after.overrides.map((each) => each.recurrenceId)).toEqual([
      '20261007T080000Z',
      '20261008T080000Z',
      '20261009T080000Z',
    ]);
    expect(after.overrides[1]?.partstatOf(BOB)).toBe('ACCEPTED');
    expect(after.master?.partstatOf(BOB)).toBe('NEEDS-ACTION');
  });

  it('does not create an existing override again', () => {
    const change = { recurrenceId: '20261008T080000Z', create: true, partstat: 'ACCEPTED' } as const;
    const once = applyDecision(parseEvent(calendar(MASTER)), decision(change));
    expect(eventText(applyDecision(once, decision(change)))).toBe(eventText(once));
  });

  it('refuses a decision about another event', () => {
    const apart = parseEvent(calendar(override('20261007T080000Z')));
    const day = parseEvent(calendar(['DTSTART;VALUE=DATE:20261006', 'RRULE:FREQ=DAILY']));
    for (const document of [apart, day]) {
      const change = { recurrenceId: '20261008T080000Z', create: true, partstat: 'ACCEPTED' } as const;
      expect(() => applyDecision(document, decision(change))).toThrow(GatewayError);
    }
  });
});

describe('setScheduleStatus', () => {
  it('sets the status in each component with the attendee', () => {
    const document = setScheduleStatus(parseEvent(calendar(MASTER, override('20261007T080000Z'))), BOB, '5.1');
    expect(eventText(document)).toBe(
      calendar(
        MASTER.with(2, 'ATTENDEE;SCHEDULE-STATUS=5.1:mailto:bob@example.com'),
        override('20261007T080000Z').with(2, 'ATTENDEE;X-A=1;SCHEDULE-STATUS=5.1:mailto:bob@example.com'),
      ),
    );
    expect(eventText(setScheduleStatus(document, BOB, '5.1'))).toBe(eventText(document));
  });

  it('changes nothing for a person who is not invited', () => {
    const text = calendar(MASTER);
    expect(eventText(setScheduleStatus(parseEvent(text), address('eve@example.com'), '5.1'))).toBe(text);
  });
});
