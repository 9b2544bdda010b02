// Which language a person is written to in: their own entry of RECIPIENT_LANGUAGES, else their domain's, else
// DEFAULT_LANGUAGE.
import type { Language } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';

export type LanguageOf = (person: CalendarAddress) => Language;

/** `wishes`: by address key, or by `@domain`, both in lower case. */
export function languageOf(standard: Language, wishes: ReadonlyMap<string, Language>): LanguageOf {
  return ({ key }) => wishes.get(key) ?? wishes.get(key.slice(key.lastIndexOf('@'))) ?? standard;
}
