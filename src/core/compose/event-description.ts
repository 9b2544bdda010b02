// Reads the description of an event in the forms that clients write. In: a component; out: its text, with the targets of links.
// It is untrusted. It refuses nothing.
import { type ContentLine, unescapeText } from '../ical/content-lines.ts';
import type { EventComponent } from '../ical/event-component.ts';
import { htmlText, textOfMixed } from '../message/html-text.ts';
import { safeLink } from './safe-link.ts';

const descriptions = new WeakMap<EventComponent, string>();

/** Cached, because the same component is mailed to each of up to 2,000 guests. */
export function descriptionOf(component: EventComponent): string {
  const description = descriptions.get(component) ?? readDescription(component);
  descriptions.set(component, description);
  return description;
}

/**
 * Returns DESCRIPTION, or an HTML form of it if both have the same words, because only HTML has the targets of links. The HTML form
 * is also used if DESCRIPTION is missing or derived from it. Otherwise different words mean that the HTML form may be outdated,
 * because many clients change only DESCRIPTION.
 */
function readDescription(component: EventComponent): string {
  const line = component.property('DESCRIPTION');
  const plain = textOfMixed(unescapeText(line?.value ?? ''), safeLink);
  const altrep = line?.param('ALTREP') ?? '';
  const richForms = [
    htmlOfDataUri(altrep),
    ...component.properties('STYLED-DESCRIPTION').flatMap(htmlOf),
    ...component.properties('X-ALT-DESC').flatMap(htmlOf),
  ].filter((html) => html !== null);
  const words = wordsOf(plain);
  const isDerived = line?.param('DERIVED')?.toUpperCase() === 'TRUE';
  const rich = richForms.find((html) => words === '' || isDerived || wordsOf(htmlText(html)) === words);
  const text = rich === undefined ? plain : htmlText(rich, { target: safeLink });
  const link = /^https?:/i.test(altrep.trim()) ? safeLink(altrep) : null;
  return link === null ? text : `${text}\n\n${link}`;
}

/** Returns the value if it is text in HTML. A value that is a URI is not loaded. */
function htmlOf(line: ContentLine): string[] {
  if (/^uri$/i.test(line.param('VALUE') ?? '')) return [];
  const isPlain = /^text\/plain/i.test(line.param('FMTTYPE') ?? '');
  const text = unescapeText(line.value);
  return [isPlain ? text.replace(/[&<]/g, (character) => (character === '&' ? '&amp;' : '&lt;')) : text];
}

/** Thunderbird writes `ALTREP="data:text/html,%3Cb%3E…"`. */
function htmlOfDataUri(uri: string): string | null {
  const [, base64, data = ''] = /^\s*data:text\/html[^,]{0,100}?(;base64)?,(.*)$/is.exec(uri) ?? [];
  if (data === '') return null;
  if (base64 !== undefined) return Buffer.from(data, 'base64').toString();
  try {
    return decodeURIComponent(data);
  } catch {
    return data; // not percent-encoded
  }
}

/** Returns the letters and digits, which are the same in plain text and in HTML. */
function wordsOf(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}
