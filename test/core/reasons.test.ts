// The table of reasons: each has a sentence and a metric label, and what organizers read is there in every language. That a
// text is missing is a type error here (`texts`), before any test runs.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { because, holdText, type HoldReason, type HoldText, isReason, type Reason } from '../../src/core/reasons.ts';
import { type ReasonRow, reasons } from '../../src/core/reasons.ts';
import de from '../../templates/de.json' with { type: 'json' };
import en from '../../templates/en.json' with { type: 'json' };
import es from '../../templates/es.json' with { type: 'json' };
import fr from '../../templates/fr.json' with { type: 'json' };
import it_ from '../../templates/it.json' with { type: 'json' };
import nl from '../../templates/nl.json' with { type: 'json' };

/** A reason without its text in one of the languages does not compile. */
const texts: Readonly<Record<string, Readonly<Record<HoldText | 'other', string>>>> = {
  de: de.mail.held,
  en: en.mail.held,
  es: es.mail.held,
  fr: fr.mail.held,
  it: it_.mail.held,
  nl: nl.mail.held,
};

const rows: readonly (readonly [string, ReasonRow])[] = Object.entries(reasons);

describe('a reason', () => {
  it.each(rows)('%s has verdicts, a sentence in plain words, and a name that may be a metric label', (name, row) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(row.verdicts.length).toBeGreaterThan(0);
    const facts = { who: 'bob@example.com', delegate: 'carol@example.com', diagnostic: '550 no', error: 'timeout' };
    const more = { partstat: 'ACCEPTED', written: true, round: 1, last: false, until: 0, limit: 9, per: 'day' };
    const say = row.ledger as (facts: object) => string;
    const sentence = say({
      ...facts,
      ...more,
      tries: 5,
      response: '250 ok',
      found: 'No event.',
      what: 'relayed',
      hops: 9,
    });
    expect(sentence).toMatch(/^(?:[A-Z]|bob@)/);
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object/);
  });

  it('has a text in every language where an organizer reads it, and no language has more', () => {
    const shown = rows.flatMap(([, { text }]) => text ?? []);
    const folder = fileURLToPath(new URL('../../templates', import.meta.url));
    const languages = readdirSync(folder).flatMap((file) => /^(\w+)\.json$/.exec(file)?.[1] ?? []);
    expect(Object.keys(texts).sort()).toEqual(languages.sort());
    for (const [language, held] of Object.entries(texts)) {
      expect(Object.keys(held).sort(), language).toEqual([...shown, 'other'].sort());
    }
  });

  it('comes with its sentence', () => {
    expect(because('not-invited', { who: 'bob@example.com' })).toEqual({
      reason: 'not-invited',
      detail: 'bob@example.com is not an attendee of the event.',
    });
    expect(because('undecided')).toEqual({ reason: 'undecided', detail: 'Expired without a decision.' });
  });

  it('is known by its name, and one of another version has no text', () => {
    expect(['not-invited', 'caldav-refused', 'toString', 'of-another-version'].map(isReason)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(holdText('not-invited')).toBe('notInvited');
    expect(holdText('applied')).toBeNull();
    expect(holdText('of-another-version')).toBeNull();
  });

  it('needs the facts of its sentence', () => {
    expectTypeOf(because<'quota'>)
      .parameter(1)
      .toHaveProperty('limit');
    expectTypeOf(because<HoldReason>)
      .parameter(1)
      .toHaveProperty('who');
    expectTypeOf<HoldReason>().toExtend<Reason>();
  });
});
