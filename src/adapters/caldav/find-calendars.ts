// Lists the calendars that may hold an organizer's events. In: access and organizer; out: the collections for VEVENT or
// VTODO, cached for ten minutes. It leaves out scheduling inboxes and outboxes, subscriptions and deleted calendars.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { childNames, type DavResource, hrefsOf, isObject, propfind, resolveWithin } from './dav-query.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, distinctByUrl, sameUrl } from './event-url.ts';
import { findHomes } from './find-home.ts';
import type { HttpClient } from './send-request.ts';

export interface Calendar {
  readonly url: string;
  readonly components: readonly ('VEVENT' | 'VTODO')[];
  /** False for a calendar that somebody else shares with the owner of the home. */
  readonly own: boolean;
  /** False if the server says that we may only read it. */
  readonly writable: boolean;
  /** URLs and paths that identify the owner of the home. */
  readonly principals: readonly string[];
}

export interface CalendarList {
  readonly calendars: readonly Calendar[];
  /** True if the list comes from the cache, which misses calendars created or renamed since. */
  readonly cached: boolean;
}

export interface CalendarFinder {
  /** @param fresh read the list from the server even if it is cached. */
  list(access: Access, organizer: CalendarAddress, fresh: boolean): Promise<CalendarList>;
}

const cacheMs = 10 * 60_000;
const maxCached = 5_000;
const props = ['d:resourcetype', 'd:owner', 'd:current-user-privilege-set', 'c:supported-calendar-component-set'];
/** schedule-outbox is not in this list: a plain outbox has no type `calendar`, and SOGo gives every calendar both types. */
const excludedTypes = ['scheduleInbox', 'subscribed', 'deletedCalendar'];
const writePrivileges = ['all', 'write', 'writeContent', 'bind'];

export function openCalendarFinder(http: HttpClient, home: string | null): CalendarFinder {
  const cache = new Map<string, { readonly at: number; readonly calendars: Promise<readonly Calendar[]> }>();

  return {
    async list(access, organizer, fresh) {
      // The address as written: on a case-sensitive server, another spelling is another principal.
      const key = `${access.url} ${organizer.asWritten}`;
      const entry = cache.get(key);
      if (!fresh && entry !== undefined && performance.now() - entry.at < cacheMs) {
        return { calendars: await entry.calendars, cached: true };
      }
      const calendars = listCalendars(http, access, home, organizer);
      cache.delete(key);
      cache.set(key, { at: performance.now(), calendars });
      if (cache.size > maxCached) cache.delete(cache.keys().next().value ?? key);
      calendars.catch(() => {
        if (cache.get(key)?.calendars === calendars) cache.delete(key);
      });
      return { calendars: await calendars, cached: false };
    },
  };
}

async function listCalendars(
  http: HttpClient,
  access: Access,
  template: string | null,
  organizer: CalendarAddress,
): Promise<readonly Calendar[]> {
  const { homes, principals } = await findHomes(http, access, template, organizer);
  const listed = await Promise.allSettled(homes.map((home) => listHome(http, access, home, principals)));
  const failed = listed.flatMap((list) => (list.status === 'rejected' ? [list.reason as unknown] : []));
  // If one home is refused, the calendars of the others are used.
  const fatal = failed.find((error) => !isDenied(error)) ?? (failed.length === homes.length ? failed[0] : undefined);
  if (fatal !== undefined) throw fatal;
  const calendars = listed.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
  return distinctByUrl(calendars, ({ url }) => url);
}

function isDenied(error: unknown): boolean {
  return error instanceof CalDavError && error.status === 403;
}

async function listHome(
  http: HttpClient,
  access: Access,
  home: string,
  principals: readonly string[],
): Promise<readonly Calendar[]> {
  const result = await propfind(http, home, access.headers, props, '1');
  if (result.kind === 'refused') {
    const { status, message } = result.error;
    if (status === 404 || status === 410) return [];
    throw status === 403
      ? new CalDavError('caldav-unauthorized', message, { status, cause: result.error })
      : result.error;
  }
  const homeOwner = result.resources.filter((one) => sameUrl(one.url, home)).map(ownerOf)[0] ?? null;
  return result.resources.flatMap((resource) => {
    const components = componentsOf(resource);
    const owner = ownerOf(resource);
    const own = owner === null || homeOwner === null || sameUrl(owner, homeOwner);
    return components.length === 0
      ? []
      : [
          {
            url: asCollection(resource.url),
            components,
            writable: isWritable(resource),
            own,
            principals: [...principals, ...(homeOwner ? [homeOwner] : [])],
          },
        ];
  });
}

function ownerOf(resource: DavResource): string | null {
  const [href] = hrefsOf(resource.props['owner']);
  return href === undefined ? null : resolveWithin(resource.url, href);
}

/**
 * Returns which components that collection holds; none if it is not a calendar that we use. If the server reports no
 * component set, we assume both components.
 */
function componentsOf(resource: DavResource): Calendar['components'] {
  const types = childNames(resource.props['resourcetype']);
  if (!types.includes('calendar') || types.some((type) => excludedTypes.includes(type))) return [];
  const supported = supportedComponents(resource.props['supportedCalendarComponentSet']);
  return (['VEVENT', 'VTODO'] as const).filter((name) => supported.length === 0 || supported.includes(name));
}

/** If the server reports no privileges, we assume that we may write. */
function isWritable({ props: { currentUserPrivilegeSet: privileges } }: DavResource): boolean {
  return !isObject(privileges) || privilegesOf(privileges).some((name) => writePrivileges.includes(name));
}

function privilegesOf(set: Record<string, unknown>): string[] {
  return childNames(set['privilege']);
}

function supportedComponents(set: unknown): string[] {
  const components = isObject(set) ? set['comp'] : undefined;
  return (Array.isArray(components) ? components : [components]).flatMap((component) => {
    const attributes = isObject(component) ? component['_attributes'] : undefined;
    return isObject(attributes) && typeof attributes['name'] === 'string' ? [attributes['name'].toUpperCase()] : [];
  });
}
