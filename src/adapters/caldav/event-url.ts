// URLs that we make ourselves. In: a home template and an organizer, or a calendar and a UID; out: a URL on the server.
// It refuses what would leave its place in the path: a segment of dots, a template with unknown placeholders.
import { GatewayError } from '../../core/errors.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { CalDavError } from './caldav-error.ts';

const placeholders = ['email', 'localpart', 'domain'];

/** Throws `config-invalid` for a template that names something else than {email}, {localpart}, {domain}. */
export function checkHomeTemplate(template: string): void {
  const names = [...template.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? '');
  const unknown = names.find((name) => !placeholders.includes(name));
  if (unknown !== undefined || names.length === 0) {
    const fault = unknown === undefined ? 'names no placeholder' : `names {${unknown}}`;
    throw new GatewayError(
      'config-invalid',
      `the calendar home template ${template} ${fault}: use {email}, {localpart} or {domain}`,
    );
  }
}

/** A path from the root of `base`'s server, or relative to `base` without a leading slash. The organizer goes in as written: some servers are case-sensitive. */
export function expandHomeTemplate(template: string, base: string, organizer: CalendarAddress): string {
  const at = organizer.asWritten.lastIndexOf('@');
  const values: Record<string, string> = {
    email: organizer.asWritten,
    localpart: at < 0 ? organizer.asWritten : organizer.asWritten.slice(0, at),
    domain: organizer.asWritten.slice(at + 1),
  };
  const path = template.replace(/\{([^}]*)\}/g, (_all, name: string) => encodeSegment(values[name] ?? ''));
  const leaves = path.split('/').some((segment) => segment === '.' || segment === '..');
  if (leaves || Object.values(values).includes('')) {
    throw new CalDavError('caldav-refused', `${organizer.asWritten} makes no calendar home path`);
  }
  return asCollection(new URL(path, asCollection(base)).href);
}

/** `<calendar>/<uid>.ics`, where most servers and clients put it; null for a UID that makes no path segment. */
export function conventionalUrl(calendar: string, uid: string): string | null {
  if (uid.includes('/') || uid.length > 200 || /\p{Cc}/u.test(uid)) return null;
  return `${asCollection(calendar)}${encodeSegment(uid)}.ics`;
}

/** Whether two URLs name one resource: servers write the same path with `@` here and %40 there. */
export function sameUrl(a: string, b: string): boolean {
  return a === b || decoded(asCollection(a)) === decoded(asCollection(b));
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url; // a path that is not UTF-8: only equal to itself
  }
}

export function asCollection(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/** Servers take `@` as itself and as %40; as itself it looks like what they list. Through a Buffer, for a lone surrogate is no UTF-8. */
function encodeSegment(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).replaceAll('%40', '@');
}
