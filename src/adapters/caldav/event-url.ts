// Builds and compares URLs on the CalDAV server. In: a home template and an organizer, or a calendar and a UID; out: a URL.
// It refuses a template with unknown placeholders, and values that would change the path, such as a segment of dots.
import { GatewayError } from '../../core/errors.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { CalDavError } from './caldav-error.ts';

const placeholders = ['email', 'localpart', 'domain'];

/** Throws `config-invalid` for a template with no placeholder, or with one other than {email}, {localpart} and {domain}. */
export function checkHomeTemplate(template: string): void {
  const names = [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? '');
  const unknown = names.find((name) => !placeholders.includes(name));
  if (unknown !== undefined || names.length === 0) {
    const mistake = unknown === undefined ? 'no placeholder' : `the unknown placeholder {${unknown}}`;
    throw new GatewayError(
      'config-invalid',
      `the calendar home template ${template} has ${mistake}: use {email}, {localpart} or {domain}`,
    );
  }
}

/**
 * Returns the URL of the organizer's calendar home. A template with a leading slash starts at the root of the server, any
 * other at `base`. The organizer's address is inserted as written, because some servers are case-sensitive.
 */
export function expandHomeTemplate(template: string, base: string, organizer: CalendarAddress): string {
  const at = organizer.asWritten.lastIndexOf('@');
  const values: Record<string, string> = {
    email: organizer.asWritten,
    localpart: at < 0 ? organizer.asWritten : organizer.asWritten.slice(0, at),
    domain: organizer.asWritten.slice(at + 1),
  };
  const path = template.replace(/\{([^}]*)\}/g, (_all, name: string) => encodeSegment(values[name] ?? ''));
  const hasDotSegment = path.split('/').some((segment) => segment === '.' || segment === '..');
  if (hasDotSegment || Object.values(values).includes('')) {
    throw new CalDavError(
      'caldav-refused',
      `the address ${organizer.asWritten} cannot be used in a calendar home path`,
    );
  }
  return asCollection(new URL(path, asCollection(base)).href);
}

/** Returns `<calendar>/<uid>.ics`, the name that most servers and clients use; null if the UID cannot be a path segment. */
export function conventionalUrl(calendar: string, uid: string): string | null {
  if (uid.includes('/') || uid.length > 200 || /\p{Cc}/u.test(uid)) return null;
  return `${asCollection(calendar)}${encodeSegment(uid)}.ics`;
}

/** Returns whether two URLs name one resource. The same server writes `@` in some hrefs and `%40` in others. */
export function sameUrl(a: string, b: string): boolean {
  return a === b || decoded(asCollection(a)) === decoded(asCollection(b));
}

/** Removes each URL that names the same resource as an earlier one. */
export function distinctByUrl<T>(items: readonly T[], urlOf: (item: T) => string): T[] {
  return items.filter((item, at) => items.findIndex((other) => sameUrl(urlOf(other), urlOf(item))) === at);
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url; // The path is not UTF-8, so it equals only itself.
  }
}

export function asCollection(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/**
 * Keeps `@`: servers also accept %40, but they list `@`. The Buffer replaces a lone surrogate,
 * for which encodeURIComponent would throw.
 */
function encodeSegment(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).replaceAll('%40', '@');
}
