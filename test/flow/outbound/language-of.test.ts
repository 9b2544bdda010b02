// The language of mail to a person, by address and by domain.
import { describe, expect, it } from 'vitest';
import { requireConfig } from '../../../src/app/config/config.ts';
import { languageOf } from '../../../src/flow/outbound/language-of.ts';
import { makeSecret } from '../../../src/app/start-gateway.ts';
import { address } from '../flow-kit.ts';

describe('languageOf', () => {
  const { recipientLanguages } = requireConfig({
    GATEWAY_SECRETS: makeSecret(),
    RECIPIENT_LANGUAGES: 'Bob@Example.fr=de, @example.fr=fr',
  });
  const language = languageOf('en', recipientLanguages ?? new Map());

  it.each([
    ['bob@example.fr', 'de'],
    ['carol@EXAMPLE.fr', 'fr'],
    ['carol@sub.example.fr', 'en'],
    ['dave@example.com', 'en'],
  ])('mail to %s is in %s', (person, expected) => {
    expect(language(address(person))).toBe(expected);
  });

  it.each(['bob=fr', 'bob@example.com', '@example.com=x y'])('RECIPIENT_LANGUAGES=%s is refused', (value) => {
    expect(() => requireConfig({ GATEWAY_SECRETS: makeSecret(), RECIPIENT_LANGUAGES: value })).toThrow(
      /^RECIPIENT_LANGUAGES must/,
    );
  });
});
