// I7: clients and servers fold lines after 75 octets, even within a character. The octets are unfolded before they are decoded.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEvent, partstatOf } from '../../../src/core/ical/event-document.ts';
import { textOfOctets } from '../../../src/core/ical/octets.ts';
import { interpretMail } from '../../../src/core/message/interpret-mail.ts';
import { alice, bob, type FlowKit, openFlowKit } from '../../flow/flow-kit.ts';
import { calendarMail, replyTo } from '../mailed-calendar.ts';

const uid = 'größe-東京-🎉@example.com';
const comment = 'Ich komme später – vielleicht über Köln, 東京 🎉';

/** Folds after `width` octets, as old clients do. */
function foldOctets(text: string, width: number, fold = '\r\n '): Buffer {
  const lines = Buffer.from(text).toString('latin1').split('\r\n');
  const folded = lines.map((line) => line.match(new RegExp(`.{1,${width}}`, 'gs'))?.join(fold) ?? line);
  return Buffer.from(folded.join('\r\n'), 'latin1');
}

function calendar(...lines: readonly string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

const event = calendar(
  'PRODID:-//example//client//EN',
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20270101T120000Z',
  'DTSTART:20270202T100000Z',
  'DTEND:20270202T110000Z',
  'SUMMARY:Übergabe in Zürich, später Frühstück für alle',
  `ORGANIZER;CN=Alice Müller-Lüdenscheidt:mailto:${alice.asWritten}`,
  `ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Bøb Ångström:mailto:${bob.asWritten}`,
  'END:VEVENT',
);

const reply = calendar(
  'METHOD:REPLY',
  'BEGIN:VEVENT',
  `UID:${uid}`,
  'DTSTAMP:20270110T120000Z',
  `COMMENT:${comment}`,
  `ATTENDEE;CN=Bøb Ångström;PARTSTAT=ACCEPTED:mailto:${bob.asWritten}`,
  'END:VEVENT',
);

let kit: FlowKit;
beforeEach(async () => {
  kit = await openFlowKit();
});
afterEach(() => kit.close());

async function answer(octets: Uint8Array): Promise<void> {
  kit.clock.now += 60_000;
  const to = replyTo(kit, bob);
  await kit.mail(calendarMail(octets, { from: bob, to, date: kit.clock.now }), to, bob.asWritten);
  await kit.settle();
}

describe('I7: lines folded within a character', () => {
  it('are read the same for any position of the folds', async () => {
    const widths = fc.integer({ min: 1, max: 80 });
    const folds = fc.constantFrom('\r\n ', '\r\n\t', '\n ');
    await fc.assert(
      fc.asyncProperty(widths, folds, async (width, fold) => {
        const shape = { from: bob, to: alice.asWritten, date: 0 };
        const { items } = await interpretMail(calendarMail(foldOctets(reply, width, fold), shape));
        expect(items).toMatchObject([{ kind: 'answer', partstat: 'ACCEPTED', comment, occurrence: { uid } }]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 3, 9, 75])(
    'the answer is applied, and its comment is shown: a fold after %i octets',
    async (width) => {
      kit.calendar.put(uid, event);
      await kit.invite(event, bob);
      await kit.settle();
      kit.mails.length = 0;
      await answer(foldOctets(reply, width));
      expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, null)).toBe('ACCEPTED');
      const [notice] = await kit.mailsTo(alice);
      expect(notice?.text).toContain(comment);
    },
  );

  it('are shown completely if the event is stored with them', async () => {
    kit.calendar.put(uid, textOfOctets(foldOctets(event, 10)));
    await kit.invite(event, bob);
    await kit.settle();
    kit.mails.length = 0;
    await answer(Buffer.from(reply));
    expect(partstatOf(parseEvent(kit.calendar.text(uid)), bob, null)).toBe('ACCEPTED');
    const [notice] = await kit.mailsTo(alice);
    expect(notice?.subject).toContain('Übergabe in Zürich, später Frühstück für alle');
    expect(notice?.text).toContain('Bøb Ångström');
  });

  it('count with their folds towards the size limit of a calendar', async () => {
    const folded = foldOctets(reply.replace('COMMENT:', `COMMENT:${'x'.repeat(400_000)}`), 1);
    const shape = { from: bob, to: alice.asWritten, date: 0 };
    const { items } = await interpretMail(calendarMail(folded, shape));
    expect(items).toMatchObject([{ kind: 'unusable', reason: 'unparseable-calendar' }]);
  });
});
