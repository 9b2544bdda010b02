// The incoming cases of two other implementations' test suites: an answer, an event, and the expected event after it. The order
// of properties and SCHEDULE-STATUS are not compared: they write SCHEDULE-STATUS for each delivery, we only for a bounce.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { splitLines, withParam } from '../../../src/core/ical/content-lines.ts';
import { EventComponent } from '../../../src/core/ical/event-component.ts';
import { componentFor, parseEvent } from '../../../src/core/ical/event-document.ts';
import { timeOf } from '../../../src/core/ical/occurrence-id.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import { orderAfter } from '../../../src/core/itip/order-answers.ts';
import { readMessage } from '../../../src/core/itip/read-message.ts';
import type { MailedRevision } from '../../../src/core/itip/types.ts';
import { address, Ledgered } from './run-answer.ts';
import { differenceOf } from './suite-differences.ts';

const SUITES = new URL('../../../../shared/corpora/suites/', import.meta.url);
const present = existsSync(SUITES);
if (!present) console.log('suites-incoming: skipped, ../shared/corpora/suites is not here');

function cases<T>(file: string): readonly T[] {
  return present ? (JSON.parse(readFileSync(new URL(file, SUITES), 'utf8')) as T[]) : [];
}

/** Returns the components with sorted properties, and sub-components in the order of their text. */
function canonical(text: string): unknown {
  const stack: { properties: string[]; children: unknown[]; name: string }[] = [
    { name: '', properties: [], children: [] },
  ];
  for (const line of splitLines(text)) {
    if (line.name === 'BEGIN') stack.push({ name: line.value, properties: [], children: [] });
    else if (line.name === 'END') {
      const closed = stack.pop();
      closed?.properties.sort();
      stack.at(-1)?.children.push(closed);
    } else if (line.name !== '') {
      const plain = withParam(line, 'SCHEDULE-STATUS', null);
      const params = plain.params.map((param) => `${param.name}=${param.values.join(',')}`).sort();
      stack.at(-1)?.properties.push(`${line.name};${params.join(';')}:${line.value}`);
    }
  }
  return stack[0]?.children;
}

/** Returns the event after the message. A calendar without an event is refused and does not change. */
function after(existing: string | null, itip: string): string | null {
  if (existing === null) return null;
  try {
    const ledgered = new Ledgered(existing);
    ledgered.mailed.push(...reschedules(existing));
    ledgered.receive(itip, null, null, replierOf(itip));
    return ledgered.text;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return existing;
    throw error;
  }
}

/** Returns the only ATTENDEE of the first component. If it has several, nobody is known to be the sender. */
function replierOf(itip: string): CalendarAddress {
  const { items } = readMessage(itip, null);
  const [first, other] = items.filter(
    ({ occurrence }) => occurrence.recurrenceId === items[0]?.occurrence.recurrenceId,
  );
  return (other === undefined ? first?.attendee : null) ?? address('nobody@example.test');
}

/** Reads the SEQUENCE of the last reschedule. Calendar Server stores it on the ATTENDEE; our ledger has it from the mails. */
function reschedules(existing: string): MailedRevision[] {
  const reset = /X-CALENDARSERVER-RESET-PARTSTAT=(\d+)/.exec(existing)?.[1];
  if (reset === undefined) return [];
  const mail = { recurrenceId: null, method: 'REQUEST', raised: {}, mailedAt: 0, stampedAt: 0, calendar: '' };
  return [
    { ...mail, sequence: Number(reset) - 1, scheduleFingerprint: 'before' },
    { ...mail, sequence: Number(reset), scheduleFingerprint: 'after' },
  ];
}

function check(
  suite: 'sabre' | 'ccs',
  name: string,
  result: string | null,
  expected: string | null,
  existing: string | null,
): void {
  const same = JSON.stringify(canonical(result ?? '')) === JSON.stringify(canonical(expected ?? existing ?? ''));
  const difference = differenceOf(suite, name);
  if (difference && same) expect.fail(`${name} is in the table of differences, but passes`);
  if (!difference) expect(canonical(result ?? '')).toEqual(canonical(expected ?? existing ?? ''));
}

interface SabreCase {
  readonly case: string;
  readonly op: string;
  readonly itip: string;
  readonly existing: string | null;
  readonly expected: string | null;
}

function fill(text: string | null): string | null {
  return text?.replace('%foo%', 'VERSION:2.0\nPRODID:-//Sabre//Sabre VObject//EN\nCALSCALE:GREGORIAN') ?? null;
}

describe.skipIf(!present)('sabre/vobject, incoming', () => {
  const incoming = cases<SabreCase>('sabre-itip.json').filter((each) => each.op === 'process-incoming');

  it('has 20 cases', () => expect(incoming).toHaveLength(20));

  it.each(incoming.map((each) => [each.case, each] as const))('%s', (name, each) => {
    const existing = fill(each.existing);
    check('sabre', name, after(existing, fill(each.itip) ?? ''), fill(each.expected), existing);
  });
});

interface CcsCase {
  readonly test: string;
  readonly index: number;
  readonly title?: string;
  readonly description?: string;
  readonly calendar_txt: string;
  readonly itip_txt?: string;
  readonly itipmsg_txt?: string;
  readonly expected?: boolean;
  readonly changed_txt?: string;
  readonly result?: string;
}

function stamp(component: EventComponent | undefined): number {
  return timeOf(component?.property('DTSTAMP') ?? null, [])?.instant ?? 0;
}

/** Returns whether a component of the message is not older than that occurrence in the calendar. */
function isCurrent(calendar: string, message: string): boolean {
  const known = parseEvent(calendar);
  return parseEvent(message).parts.some((part) => {
    if (!(part instanceof EventComponent)) return false;
    const of = componentFor(known, part.recurrenceId) ?? known.overrides[0];
    const last = {
      attendeeKey: '',
      recurrenceId: null,
      sequence: of?.sequence ?? 0,
      sentAt: stamp(of),
      partstat: 'ACCEPTED',
      content: '',
      eventSequence: of?.sequence ?? 0,
      schedule: null,
    } as const;
    const revision = { sequence: part.sequence, sentAt: stamp(part) };
    return (
      orderAfter(last, { partstat: 'ACCEPTED', comment: null, delegatedTo: [], range: null }, revision, Infinity) !==
      'stale'
    );
  });
}

describe.skipIf(!present)('Calendar Server, incoming', () => {
  it('orders revisions as in its 16 cases', () => {
    const ordering = cases<CcsCase>('ccs-itip.json').filter((each) => each.test === 'test_sequenceComparison');
    expect(ordering).toHaveLength(16);
    for (const each of ordering)
      expect(isCurrent(each.calendar_txt, each.itip_txt ?? ''), each.title).toBe(each.expected);
  });

  const incoming = cases<CcsCase>('ccs-itip.json').filter((each) =>
    /^test_(?:process(?:Reply|Request|PollStatus)|update_attendee_partstat)/.test(each.test),
  );

  it('has 60 cases', () => expect(incoming).toHaveLength(60));

  it.each(incoming.map((each) => [`${each.test}#${each.index}`, each.title ?? each.description ?? '', each] as const))(
    '%s %s',
    (name, _, each) => {
      const expected = each.changed_txt ?? each.result ?? null;
      const message = each.itip_txt ?? each.itipmsg_txt ?? '';
      check('ccs', name, after(each.calendar_txt, message), expected, each.calendar_txt);
    },
  );
});
