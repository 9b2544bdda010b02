// Faults seen in decisions and notices (D). Each case is named after its row; tables and properties cover the whole kind.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDecision, setScheduleStatus } from '../../src/core/itip/apply.ts';
import { decide } from '../../src/core/itip/decide.ts';
import { eventText, parseEvent } from '../../src/core/ical/event-document.ts';
import { octetsOfText, textOfOctets } from '../../src/core/ical/octets.ts';
import { start, home } from '../adapters/caldav/fake-store.ts';
import { address } from '../flow/flow-kit.ts';

const alice = address('alice@example.com');
const bob = address('bob@remote.test');
const uid = 'planning@example.com';

/** An event with these octets as SUMMARY and as Bob's CN, folded at that octet. */
function storedEvent(odd: Buffer, foldAt: number, inName: boolean): Buffer {
  const fold = (line: Buffer): Buffer => {
    const at = Math.min(Math.max(foldAt, 1), line.length);
    return Buffer.concat([line.subarray(0, at), Buffer.from('\r\n '), line.subarray(at)]);
  };
  const name = inName ? odd : Buffer.from('Bob');
  return Buffer.concat([
    Buffer.from(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTART:20270202T100000Z\r\n`),
    fold(Buffer.concat([Buffer.from('SUMMARY:'), odd])),
    Buffer.from(`\r\nORGANIZER:mailto:${alice.asWritten}\r\n`),
    fold(Buffer.concat([Buffer.from('ATTENDEE;CN="'), name, Buffer.from('";PARTSTAT=NEEDS-ACTION')])),
    Buffer.from(`:mailto:${bob.asWritten}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`),
  ]);
}

const answer = {
  component: 'VEVENT',
  occurrence: { uid, recurrenceId: null },
  range: null,
  attendee: bob,
  organizer: alice,
  partstat: 'ACCEPTED',
  comment: null,
  delegatedTo: [],
  revision: { sequence: 0, sentAt: 5 },
  door: 'smtp',
} as const;

/** Octets of a calendar without its folds. */
const unfolded = (octets: Buffer): string => octets.toString('latin1').replaceAll('\r\n ', '');

describe('D4: an answer keeps every other octet', () => {
  const odd = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 90 })
      .map((octets) => Buffer.from(octets).filter((octet) => octet >= 0x20 && octet !== 0x22 && octet !== 0x7f)),
    fc.constantFrom('Büro', 'Réunion', 'Ωmega', '会議室').map((text) => Buffer.from(text, 'latin1')),
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text.replace(/[\p{Cc}"]/gu, ''))),
  );

  it('whatever octets the event holds and wherever its lines are folded', () => {
    fc.assert(
      fc.property(odd, fc.integer({ min: 1, max: 100 }), fc.boolean(), (octets, foldAt, inName) => {
        const before = storedEvent(Buffer.from(octets), foldAt, inName);
        const document = parseEvent(textOfOctets(before));
        const decision = decide({ answer, document, occurrences: null, history: { applied: [], mailed: [] }, now: 10 });
        if (decision.verdict !== 'apply') throw new TypeError(`not applied: ${decision.reason}`);
        const after = octetsOfText(eventText(applyDecision(document, decision)));
        expect(unfolded(after)).toBe(unfolded(before).replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=ACCEPTED'));
        const marked = octetsOfText(eventText(setScheduleStatus(document, bob, '5.1')));
        expect(unfolded(marked).replace(';SCHEDULE-STATUS=5.1', '')).toBe(unfolded(before));
      }),
    );
  });

  it('on the way from and to the CalDAV server', async () => {
    const { server, store } = await start();
    const before = storedEvent(Buffer.from('B\xfcro', 'latin1'), 30, true);
    const path = `${home}default/one.ics`;
    server.objects.set(path, textOfOctets(before));
    const found = await store.find(alice, uid, path);
    if (found.kind !== 'found') throw new TypeError('not found');
    const text = found.event.text.replace('NEEDS-ACTION', 'ACCEPTED');
    expect(await store.write(alice, found.event, text)).toMatchObject({ kind: 'written' });
    const after = octetsOfText(server.objects.get(path) ?? '').toString('latin1');
    expect(after).toBe(before.toString('latin1').replace('NEEDS-ACTION', 'ACCEPTED'));
  });
});
