// The calendars in which an organizer's events may be. In: access and organizer; out: the collections that take VEVENT or
// VTODO and may be written, remembered for a while. Scheduling inboxes and outboxes, subscriptions and read-only calendars are left out.
import type { CalendarAddress } from '../../core/ical/types.ts';
import { childNames, type DavResource, hrefsOf, isObject, propfind } from './ask-dav.ts';
import type { Access } from './authorize.ts';
import { CalDavError } from './caldav-error.ts';
import { asCollection, sameUrl } from './event-url.ts';
import { findHome } from './find-home.ts';
import type { HttpClient } from './send-request.ts';

export interface Calendar {
  readonly url: string;
  readonly components: readonly ('VEVENT' | 'VTODO')[];
  /** Belongs to the owner of the home; a calendar that somebody shares does not. */
  readonly own: boolean;
}

export interface CalendarList {
  readonly calendars: readonly Calendar[];
  /** Was in memory: a calendar made or renamed meanwhile is not in it. */
  readonly remembered: boolean;
}

export interface CalendarFinder {
  /** @param fresh ask the server, whatever is remembered. */
  list(access: Access, organizer: CalendarAddress, fresh: boolean): Promise<CalendarList>;
}

const rememberForMs = 10 * 60_000;
const mostRemembered = 5_000;
const props = ['d:resourcetype', 'd:owner', 'd:current-user-privilege-set', 'c:supported-calendar-component-set'];
/** schedule-outbox is not among them: an outbox alone is no calendar, and SOGo has every calendar be one besides. */
const notOurs = ['scheduleInbox', 'subscribed', 'deletedCalendar'];
const writing = ['all', 'write', 'writeContent', 'bind'];

export function openCalendarFinder(http: HttpClient, home: string | null): CalendarFinder {
  const known = new Map<string, { readonly at: number; readonly calendars: Promise<readonly Calendar[]> }>();

  return {
    async list(access, organizer, fresh) {
      // As written: a case-sensitive server has another principal for another case.
      const key = `${access.url} ${organizer.asWritten}`;
      const remembered = known.get(key);
      if (!fresh && remembered !== undefined && performance.now() - remembered.at < rememberForMs) {
        return { calendars: await remembered.calendars, remembered: true };
      }
      const calendars = listCalendars(http, access, home, organizer);
      known.delete(key);
      known.set(key, { at: performance.now(), calendars });
      if (known.size > mostRemembered) known.delete(known.keys().next().value ?? key);
      calendars.catch(() => {
        if (known.get(key)?.calendars === calendars) known.delete(key);
      });
      return { calendars: await calendars, remembered: false };
    },
  };
}

async function listCalendars(
  http: HttpClient,
  access: Access,
  template: string | null,
  organizer: CalendarAddress,
): Promise<readonly Calendar[]> {
  const home = await findHome(http, access, template, organizer);
  if (home === null) return [];
  const answer = await propfind(http, home, access.headers, props, '1');
  if (answer.kind === 'refused') {
    const { status, message } = answer.error;
    if (status === 404 || status === 410) return [];
    throw status === 403
      ? new CalDavError('caldav-unauthorized', message, { status, cause: answer.error })
      : answer.error;
  }
  const homeOwner = answer.resources.filter((one) => sameUrl(one.url, home)).map(ownerOf)[0] ?? null;
  return answer.resources.flatMap((resource) => {
    const components = writableComponents(resource);
    const owner = ownerOf(resource);
    const own = owner === null || homeOwner === null || owner === homeOwner;
    return components.length === 0 ? [] : [{ url: asCollection(resource.url), components, own }];
  });
}

function ownerOf(resource: DavResource): string | null {
  return hrefsOf(resource.props['owner'])[0] ?? null;
}

/** What we may put there; nothing for what is no calendar of ours. A server that states no components or no privileges is taken at our word. */
function writableComponents(resource: DavResource): Calendar['components'] {
  const types = childNames(resource.props['resourcetype']);
  if (!types.includes('calendar') || types.some((type) => notOurs.includes(type))) return [];
  const privileges = resource.props['currentUserPrivilegeSet'];
  if (isObject(privileges) && !privilegesOf(privileges).some((name) => writing.includes(name))) return [];
  const stated = statedComponents(resource.props['supportedCalendarComponentSet']);
  return (['VEVENT', 'VTODO'] as const).filter((name) => stated.length === 0 || stated.includes(name));
}

function privilegesOf(set: Record<string, unknown>): string[] {
  return childNames(set['privilege']);
}

function statedComponents(set: unknown): string[] {
  const components = isObject(set) ? set['comp'] : undefined;
  return (Array.isArray(components) ? components : [components]).flatMap((component) => {
    const attributes = isObject(component) ? component['_attributes'] : undefined;
    return isObject(attributes) && typeof attributes['name'] === 'string' ? [attributes['name'].toUpperCase()] : [];
  });
}
