// Finds an organizer's calendar homes. In: the access, the home template or null, the organizer; out: the URLs of the homes,
// none if the principal has no calendar home, and the other values of ORGANIZER that identify the organizer. It refuses a
// server that offers no way to find the organizer's principal.
import type { CalendarAddress } from '../../core/ical/types.ts';
import {
  type DavResult,
  type DavResource,
  emptyElements,
  hrefsOf,
  propfind,
  report,
  resolveWithin,
} from './dav-query.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, distinctByUrl, expandHomeTemplate } from './event-url.ts';
import { sameAddress } from './is-event-of.ts';
import type { HttpClient } from './send-request.ts';

const principalProps = ['c:calendar-home-set', 'c:calendar-user-address-set'];

export interface Homes {
  readonly homes: readonly string[];
  /** The URL of the principal and its calendar user addresses (RFC 6638 §2.4.1). Clients write them into ORGANIZER. */
  readonly principals: readonly string[];
}

export async function findHomes(
  http: HttpClient,
  access: Access,
  template: string | null,
  organizer: CalendarAddress,
): Promise<Homes> {
  if (template !== null) return { homes: [expandHomeTemplate(template, access.url, organizer)], principals: [] };
  const own = await ownPrincipal(http, access);
  if (access.actsAs === 'organizer' || hasAddress(own, organizer)) return homesOf(own);
  return searchPrincipal(http, access, own, organizer);
}

/**
 * Reads current-user-principal (RFC 5397) at CALDAV_URL, else at the well-known URI (RFC 6764 §5), and loads that
 * principal.
 */
async function ownPrincipal(http: HttpClient, access: Access): Promise<DavResource> {
  const wellKnown = new URL('/.well-known/caldav', access.url).href;
  let refused: CalDavError | null = null;
  for (const url of [access.url, wellKnown]) {
    const result = await propfind(http, url, access.headers, ['d:current-user-principal'], '0');
    const principal = principalUrl(url, result);
    if (principal !== null)
      return firstResource(principal, await propfind(http, principal, access.headers, principalProps, '0'));
    if (result.kind === 'refused') refused ??= result.error;
  }
  throw refused === null || refused.status === 404 || refused.status === 405
    ? new CalDavError('caldav-refused', `${access.url} reports no current-user-principal: set CALDAV_HOME`, {
        cause: refused,
      })
    : asUnauthorized(refused);
}

function principalUrl(base: string, result: DavResult): string | null {
  if (result.kind === 'refused') return null;
  const href = hrefsOf(result.resources[0]?.props['currentUserPrincipal'])[0];
  return href === undefined ? null : resolveWithin(base, href);
}

function firstResource(url: string, result: DavResult): DavResource {
  if (result.kind === 'refused') throw asUnauthorized(result.error);
  const resource = result.resources[0];
  if (resource === undefined)
    throw new CalDavError('caldav-answer-invalid', `PROPFIND ${url}: the multistatus is empty`);
  return resource;
}

/** During discovery, a 403 means that the account lacks rights. Any other error is returned unchanged. */
function asUnauthorized(error: CalDavError): CalDavError {
  if (error.status !== 403) return error;
  return new CalDavError('caldav-unauthorized', error.message, { status: 403, cause: error });
}

function hasAddress(principal: DavResource, organizer: CalendarAddress): boolean {
  return hrefsOf(principal.props['calendarUserAddressSet']).some((href) => sameAddress(href, organizer));
}

/** A principal may have several homes (RFC 4791 §6.2.1). */
function homesOf(principal: DavResource): Homes {
  const hrefs = hrefsOf(principal.props['calendarHomeSet']);
  const homes = hrefs.flatMap((href) => resolveWithin(principal.url, href) ?? []).map(asCollection);
  const principals = [principal.url, ...hrefsOf(principal.props['calendarUserAddressSet'])];
  return { homes: distinctByUrl(homes, (home) => home), principals };
}

/**
 * Searches for the principal (RFC 3744 §9.4) by its calendar user address (RFC 6638 §2.4.1). Servers match substrings, so
 * the address is compared again.
 */
async function searchPrincipal(
  http: HttpClient,
  access: Access,
  own: DavResource,
  organizer: CalendarAddress,
): Promise<Homes> {
  const search = {
    'd:property-search': {
      'd:prop': emptyElements(['c:calendar-user-address-set']),
      'd:match': { _text: `mailto:${organizer.asWritten}` },
    },
    'd:prop': emptyElements(principalProps),
  };
  for (const url of await principalCollections(http, access, own)) {
    const result = await report(http, url, access.headers, 'd:principal-property-search', search, '0');
    const found = result.kind === 'refused' ? undefined : result.resources.find((one) => hasAddress(one, organizer));
    if (found !== undefined) return homesOf(found);
  }
  throw new CalDavError(
    'caldav-refused',
    `the service account cannot find the calendar home of ${organizer.asWritten}: set CALDAV_HOME`,
  );
}

async function principalCollections(http: HttpClient, access: Access, own: DavResource): Promise<string[]> {
  const result = await propfind(http, own.url, access.headers, ['d:principal-collection-set'], '0');
  const hrefs = result.kind === 'refused' ? [] : hrefsOf(result.resources[0]?.props['principalCollectionSet']);
  const urls = hrefs.flatMap((href) => resolveWithin(own.url, href) ?? []);
  return urls.length > 0 ? urls : [access.url];
}
