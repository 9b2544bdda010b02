// The outgoing cases of two other implementations' test suites: an event before and after a change, and the expected messages.
// The header of the calendar, DTSTAMP, default values (SEQUENCE:0, PARTSTAT=NEEDS-ACTION) and messages that sabre marks as
// insignificant are not compared.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { mailedCopy } from '../../../src/core/compose/mailed-copy.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { compare, type DueMessage, whatChanged } from '../../../src/core/itip/compare.ts';
import { type ContentLine, splitLines, withParam, withValue } from '../../../src/core/ical/content-lines.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { cancelFor, requestFor } from '../../../src/core/itip/schedule-message.ts';
import type { CalendarAddress } from '../../../src/core/ical/types.ts';
import { differenceOf, SUITE_DIFFERENCES } from './suite-differences.ts';

const SUITES = new URL('../../../../shared/corpora/suites/', import.meta.url);
const present = existsSync(SUITES);
if (!present) console.log('suites-outgoing: skipped, ../shared/corpora/suites is not here');

function cases<T>(file: string): readonly T[] {
  return present ? (JSON.parse(readFileSync(new URL(file, SUITES), 'utf8')) as T[]) : [];
}

function address(text: string): CalendarAddress {
  const found = calendarAddress(text);
  if (!found) throw new TypeError(text);
  return found;
}

/** Returns the components with sorted properties. */
function components(text: string | null): readonly string[] {
  const found: string[][] = [];
  let current: string[] | null = null;
  for (const line of splitLines((text ?? '').replaceAll('%foo%', 'VERSION:2.0')).flatMap(singleDates)) {
    if (line.name === 'BEGIN' && line.value !== 'VCALENDAR') found.push((current = [`BEGIN:${line.value}`]));
    else if (line.name === 'END') current = null;
    else if (current && line.name !== '' && line.name !== 'DTSTAMP' && line.text !== 'SEQUENCE:0') {
      const plain = line.param('PARTSTAT') === 'NEEDS-ACTION' ? withParam(line, 'PARTSTAT', null) : line;
      const params = plain.params.map((param) => `${param.name}=${param.values.join(',')}`).sort();
      current.push(`${line.name};${params.join(';')}:${line.value}`);
    }
  }
  return found.map((lines) => lines.sort().join('\n'));
}

/** Splits an EXDATE with several values into lines with one value each. */
function singleDates(line: ContentLine): ContentLine[] {
  return line.name === 'EXDATE' ? line.value.split(',').map((value) => withValue(line, value)) : [line];
}

/** Runs one case. A case in the table of differences must fail. */
function check(suite: 'sabre' | 'ccs', name: string, run: () => void): void {
  if (!differenceOf(suite, name)) run();
  else expect(run, `${name} is in the table of differences, but passes`).toThrow();
}

interface SabreMessage {
  readonly method: string;
  readonly recipient?: string | null;
  readonly significantChange?: boolean | null;
  readonly message?: string | null;
}

interface SabreCase {
  readonly case: string;
  readonly op: string;
  readonly currentUser: string;
  readonly old: string | null;
  readonly new: string | null;
  readonly expectedMessages: readonly SabreMessage[];
  readonly expectException?: string | null;
}

interface Addressed {
  readonly method?: string | undefined;
  readonly to?: string | undefined;
}

function key({ method, to }: Addressed): string {
  return `${method} ${to}`;
}

const sabre = cases<SabreCase>('sabre-itip.json').filter((each) => each.op === 'organizer-or-attendee-change');

describe.skipIf(!present)('sabre', () => {
  it('has 58 cases', () => {
    expect(sabre.length).toBe(58);
  });

  it.each(sabre.map((each) => [each.case, each] as const))('%s', (name, each) => {
    const now = Date.UTC(2026, 0, 1);
    const due = () => compare(each.old, each.new, { user: address(each.currentUser), now });
    check('sabre', name, () => {
      if (each.expectException) {
        expect(due).toThrow(expect.objectContaining({ code: 'calendar-unparseable' }));
        return;
      }
      const got = due().map(({ method, recipient, calendar }) => ({
        method,
        to: recipient.key,
        text: components(calendar),
      }));
      const wanted = each.expectedMessages.map((message, at) => ({
        method: message.method ?? got[at]?.method,
        to: message.recipient ? address(message.recipient).key : got[at]?.to,
        text: message.message ? components(message.message) : got[at]?.text,
        significant: message.significantChange ?? true,
      }));
      const insignificant = new Set(wanted.filter((message) => !message.significant).map(key));
      const sorted = <T extends Addressed>(messages: readonly T[]) =>
        messages.filter((message) => !insignificant.has(key(message))).sort((a, b) => (key(a) < key(b) ? -1 : 1));
      expect(sorted(got)).toEqual(sorted(wanted).map(({ method, to, text }) => ({ method, to, text })));
    });
  });
});

interface CalendarServerCase {
  readonly processed?: string;
  readonly reply?: boolean;
  readonly test: string;
  readonly index: number;
  readonly description?: string;
  readonly attendee?: string;
  readonly attendees?: readonly string[];
  readonly instances?: readonly (null | { readonly $expr: string })[];
  readonly original?: string;
  readonly filtered?: string;
  readonly calendar1?: string;
  readonly calendar2?: string;
  readonly result?: boolean | readonly [boolean, boolean, readonly (string | null)[], string | null];
  readonly rids?: readonly string[] | { readonly $expr: string };
}

/** Corrects the UID of some overrides, which by mistake differs from that of their master. */
const ccs = cases<CalendarServerCase>('ccs-itip.json').map(
  (each) => JSON.parse(JSON.stringify(each).replaceAll(/UID:12345-67890-\d/g, 'UID:12345-67890')) as CalendarServerCase,
);

function ccsCases(test: RegExp): readonly (readonly [string, CalendarServerCase])[] {
  return ccs.filter((each) => test.test(each.test)).map((each) => [`${each.test}#${each.index}`, each] as const);
}

/** Reads an expression such as `DateTime(2008, 11, 14, 0, 0, 0, tzid=Timezone.UTCTimezone)`. */
function recurrenceIdIn(expression: string): string {
  const [year, month, day, hour, minute, second] = [...expression.matchAll(/\d+/g)].map(([digits]) =>
    digits.padStart(2, '0'),
  );
  return `${year}${month}${day}T${hour}${minute}${second}Z`;
}

describe.skipIf(!present)('the table of differences', () => {
  it('lists only existing cases, each once', () => {
    const all = cases<SabreCase>('sabre-itip.json').map((each) => each.case);
    const names = [...all, ...ccs.map((each) => `${each.test}#${each.index}`)];
    expect(names).toHaveLength(78 + 184);
    const listed = SUITE_DIFFERENCES.flatMap((each) => each.cases);
    expect(listed.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });
});

describe.skipIf(!present)('Calendar Server: the generated messages', () => {
  const stamp = { now: 0, sequence: 0 };

  it.each(ccsCases(/^test_request$/))('%s', (name, each) => {
    check('ccs', name, () => {
      const document = parseEvent(each.original ?? '');
      const [recipient] = each.attendees ?? [];
      expect(components(requestFor(document, address(recipient ?? ''), stamp))).toEqual(
        components(each.filtered ?? ''),
      );
    });
  });

  it.each(ccsCases(/^test_cancel$/))('%s', (name, each) => {
    check('ccs', name, () => {
      const document = parseEvent(each.original ?? '');
      const ids = (each.instances ?? []).map((instance) => instance && recurrenceIdIn(instance.$expr));
      const sequence = (document.master?.sequence ?? 0) + 1;
      const text = cancelFor(document, (each.attendees ?? []).map(address), ids, {
        now: 0,
        sequence,
        cancelled: false,
      });
      expect(components(text)).toEqual(components(each.filtered ?? ''));
    });
  });
});

describe.skipIf(!present)('Calendar Server: what an organizer changed', () => {
  it.each(ccsCases(/^test_organizer_diff$/))('%s', (name, each) => {
    check('ccs', name, () => {
      expect(whatChanged(each.calendar1 ?? '', each.calendar2 ?? '').length === 0).toBe(each.result);
    });
  });

  it.each(ccsCases(/^test_attendee_needs_action$/))('%s', (name, each) => {
    check('ccs', name, () => {
      const rescheduled = whatChanged(each.calendar1 ?? '', each.calendar2 ?? '').filter(({ kind }) => kind === 'time');
      const expression = each.rids && '$expr' in each.rids ? each.rids.$expr : '';
      const wanted = expression.includes('None') ? [null] : (expression.match(/\d{8}T\d{6}Z/g) ?? []);
      expect(rescheduled.map(({ recurrenceId }) => recurrenceId)).toEqual(wanted);
    });
  });
});

/** Returns no messages for a calendar that is refused because it has no event. */
function dueFrom(each: CalendarServerCase): readonly DueMessage[] {
  try {
    return compare(each.calendar1 ?? '', each.calendar2 ?? '', { user: address(each.attendee ?? ''), now: 0 });
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'calendar-unparseable') return [];
    throw error;
  }
}

describe.skipIf(!present)('Calendar Server: answers of an attendee', () => {
  it.each(ccsCases(/^test_attendee_merge_/))('%s', (name, each) => {
    check('ccs', name, () => {
      if (typeof each.result === 'boolean' || !each.result) throw new TypeError('no result');
      const [, answered, ids] = each.result;
      const [due] = dueFrom(each);
      expect(due?.method).toBe(answered ? 'REPLY' : undefined);
      const reply = due ? parseEvent(due.calendar) : null;
      const got = reply
        ? [...(reply.master ? [null] : []), ...reply.overrides.map((override) => override.recurrenceId)]
        : [];
      // '' in their cases is the event itself.
      expect(got.sort()).toEqual(ids.map((id) => id || null).sort());
    });
  });
});

describe.skipIf(!present)('Calendar Server: content of a message', () => {
  it.each(ccsCases(/^test_prepareSchedulingMessage$/))('%s', (name, each) => {
    check('ccs', name, () => {
      const mailed = mailedCopy({
        kind: each.reply ? 'reply' : 'invitation',
        calendar: each.original ?? '',
        sender: address('user1@example.com'),
        recipient: address('user2@example.com'),
        organizerAsMailed: null,
        itip: true,
        guestList: true,
        stamp: null,
      });
      // The copy also has the missing VTIMEZONE.
      const events = components(mailed).filter((component) => !/^BEGIN:(?:VTIMEZONE|STANDARD)$/m.test(component));
      expect(events).toEqual(components(each.processed ?? ''));
    });
  });
});
