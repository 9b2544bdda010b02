// The language of mail to a person: from the entry of RECIPIENT_LANGUAGES for the address, else for its domain, else
// DEFAULT_LANGUAGE.
import type { Language } from '../../core/compose/types.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';

export type LanguageOf = (person: CalendarAddress) => Language;

/** The keys of `byRecipient` are address keys and `@domain`, in lower case. */
export function languageOf(fallback: Language, byRecipient: ReadonlyMap<string, Language>): LanguageOf {
  return ({ key }) => byRecipient.get(key) ?? byRecipient.get(key.slice(key.lastIndexOf('@'))) ?? fallback;
}
