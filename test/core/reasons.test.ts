// The table of reasons: each has a sentence and a metric label, and each text for organizers exists in every language. A
// missing text is already a type error of `texts`.
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
  it.each(rows)('%s has verdicts, a sentence without gaps, and a name that is a valid metric label', (name, row) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(row.verdicts.length).toBeGreaterThan(0);
    const facts = { who: 'bob@example.com', delegate: 'carol@example.com', diagnostic: '550 no', error: 'timeout' };
    const more = { partstat: 'ACCEPTED', written: true, round: 1, last: false, until: 0, limit: 9, per: 'day' };
    const toSentence = row.ledger as (facts: object) => string;
    const sentence = toSentence({
      ...facts,
      ...more,
      tries: 5,
      response: '250 ok',
      found: 'No event.',
      what: 'relayed',
      hops: 9,
      why: 'kind: unknown',
    });
    expect(sentence).toMatch(/^(?:[A-Z]|bob@)/);
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object/);
  });

  it('has a text in every language if organizers read it, and no language has more texts', () => {
    const shown = rows.flatMap(([, { text }]) => text ?? []);
    const folder = fileURLToPath(new URL('../../templates', import.meta.url));
    const languages = readdirSync(folder).flatMap((file) => /^(\w+)\.json$/.exec(file)?.[1] ?? []);
    expect(Object.keys(texts).sort()).toEqual(languages.sort());
    for (const [language, held] of Object.entries(texts)) {
      expect(Object.keys(held).sort(), language).toEqual([...shown, 'other'].sort());
    }
  });

  it('is returned with its sentence', () => {
    expect(because('not-invited', { who: 'bob@example.com' })).toEqual({
      reason: 'not-invited',
      detail: 'bob@example.com is not an attendee of the event.',
    });
    expect(because('undecided')).toEqual({ reason: 'undecided', detail: 'Expired without a decision.' });
  });

  it('is recognised by its name; one of another version has no text', () => {
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

  it('requires the facts that its sentence states', () => {
    expectTypeOf(because<'quota'>)
      .parameter(1)
      .toHaveProperty('limit');
    expectTypeOf(because<HoldReason>)
      .parameter(1)
      .toHaveProperty('who');
    expectTypeOf<HoldReason>().toExtend<Reason>();
  });
});
