// Where an organizer's calendars are. In: the access, the home template or none, the organizer; out: the URL of the
// calendar home, null where the server knows no such principal. It refuses a server that tells no home at all.
import type { CalendarAddress } from '../../core/ical/types.ts';
import {
  type DavAnswer,
  type DavResource,
  emptyElements,
  hrefsOf,
  propfind,
  report,
  resolveWithin,
} from './ask-dav.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, expandHomeTemplate } from './event-url.ts';
import { sameAddress } from './is-event-of.ts';
import type { HttpClient } from './send-request.ts';

const principalProps = ['c:calendar-home-set', 'c:calendar-user-address-set'];

export async function findHome(
  http: HttpClient,
  access: Access,
  template: string | null,
  organizer: CalendarAddress,
): Promise<string | null> {
  if (template !== null) return expandHomeTemplate(template, access.url, organizer);
  const own = await ownPrincipal(http, access);
  if (access.actsAs === 'organizer' || speaksFor(own, organizer)) return homeOf(own);
  return searchPrincipal(http, access, own, organizer);
}

/** RFC 5397 at CALDAV_URL, else at the well-known URI (RFC 6764 §5); then the principal itself. */
async function ownPrincipal(http: HttpClient, access: Access): Promise<DavResource> {
  const wellKnown = new URL('/.well-known/caldav', access.url).href;
  let refused: CalDavError | null = null;
  for (const url of [access.url, wellKnown]) {
    const answer = await propfind(http, url, access.headers, ['d:current-user-principal'], '0');
    const principal = principalUrl(url, answer);
    if (principal !== null)
      return expectOne(principal, await propfind(http, principal, access.headers, principalProps, '0'));
    if (answer.kind === 'refused') refused ??= answer.error;
  }
  throw refused === null || refused.status === 404 || refused.status === 405
    ? new CalDavError('caldav-refused', `${access.url} names no current-user-principal: set CALDAV_HOME`, {
        cause: refused,
      })
    : unauthorized(refused);
}

function principalUrl(base: string, answer: DavAnswer): string | null {
  if (answer.kind === 'refused') return null;
  const href = hrefsOf(answer.resources[0]?.props['currentUserPrincipal'])[0];
  return href === undefined ? null : resolveWithin(base, href);
}

function expectOne(url: string, answer: DavAnswer): DavResource {
  if (answer.kind === 'refused') throw unauthorized(answer.error);
  const resource = answer.resources[0];
  if (resource === undefined)
    throw new CalDavError('caldav-answer-invalid', `PROPFIND ${url}: no response in the multistatus`);
  return resource;
}

/** 403 while looking around means that the account lacks rights; anything else stays as it is. */
function unauthorized(error: CalDavError): CalDavError {
  if (error.status !== 403) return error;
  return new CalDavError('caldav-unauthorized', error.message, { status: 403, cause: error });
}

function speaksFor(principal: DavResource, organizer: CalendarAddress): boolean {
  return hrefsOf(principal.props['calendarUserAddressSet']).some((href) => sameAddress(href, organizer));
}

function homeOf(principal: DavResource): string | null {
  const href = hrefsOf(principal.props['calendarHomeSet'])[0];
  const url = href === undefined ? null : resolveWithin(principal.url, href);
  return url === null ? null : asCollection(url);
}

/** RFC 3744 §9.4 by calendar user address (RFC 6638 §2.4.1); servers match substrings, so the address is compared again. */
async function searchPrincipal(
  http: HttpClient,
  access: Access,
  own: DavResource,
  organizer: CalendarAddress,
): Promise<string | null> {
  const search = {
    'd:property-search': {
      'd:prop': emptyElements(['c:calendar-user-address-set']),
      'd:match': { _text: `mailto:${organizer.asWritten}` },
    },
    'd:prop': emptyElements(principalProps),
  };
  for (const url of await principalCollections(http, access, own)) {
    const answer = await report(http, url, access.headers, 'd:principal-property-search', search, '0');
    const found = answer.kind === 'refused' ? undefined : answer.resources.find((one) => speaksFor(one, organizer));
    if (found !== undefined) return homeOf(found);
  }
  throw new CalDavError(
    'caldav-refused',
    `the service account cannot look up where ${organizer.asWritten} has calendars: set CALDAV_HOME`,
  );
}

async function principalCollections(http: HttpClient, access: Access, own: DavResource): Promise<string[]> {
  const answer = await propfind(http, own.url, access.headers, ['d:principal-collection-set'], '0');
  const hrefs = answer.kind === 'refused' ? [] : hrefsOf(answer.resources[0]?.props['principalCollectionSet']);
  const urls = hrefs.flatMap((href) => resolveWithin(own.url, href) ?? []);
  return urls.length > 0 ? urls : [access.url];
}
