// Sends PROPFIND and REPORT with tsdav, over our own HTTP client. In: a URL and the property names or filter; out: the
// responses of the multistatus, with absolute URLs and plain property values. It refuses a body that is not a multistatus.
import { type DAVResponse, davRequest, getDAVAttribute, DAVNamespace } from 'tsdav';
import { CalDavError, errorForStatus } from './caldav-error.ts';
import type { HttpClient } from './send-request.ts';

/**
 * One `response` element of a multistatus. `props` holds the properties found (2xx) under tsdav's camel-cased local
 * names.
 */
export interface DavResource {
  readonly url: string;
  readonly status: number;
  readonly props: Readonly<Record<string, unknown>>;
}

export type DavResult =
  | { readonly kind: 'resources'; readonly resources: readonly DavResource[] }
  /** A 3xx, or a 4xx other than 401 and 429. Its meaning depends on the request, so the caller decides. */
  | { readonly kind: 'refused'; readonly error: CalDavError };

const namespaces = getDAVAttribute([DAVNamespace.DAV, DAVNamespace.CALDAV, DAVNamespace.CALENDAR_SERVER]);

export type Headers = Readonly<Record<string, string>>;

/** @param props names with the prefix `d:` (DAV), `c:` (CalDAV) or `cs:` (calendarserver.org). */
export function propfind(
  http: HttpClient,
  url: string,
  headers: Headers,
  props: readonly string[],
  depth: '0' | '1',
): Promise<DavResult> {
  const body = { 'd:propfind': { _attributes: namespaces, 'd:prop': emptyElements(props) } };
  return sendQuery(http, 'PROPFIND', url, { ...headers, Depth: depth }, body);
}

/** @param name the report's root element, with a prefix. @param content its children, in xml-js's compact form. */
export function report(
  http: HttpClient,
  url: string,
  headers: Headers,
  name: string,
  content: Readonly<Record<string, unknown>>,
  depth: '0' | '1',
): Promise<DavResult> {
  const body = { [name]: { _attributes: namespaces, ...content } };
  return sendQuery(http, 'REPORT', url, { ...headers, Depth: depth }, body);
}

export function emptyElements(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

async function sendQuery(
  http: HttpClient,
  method: 'PROPFIND' | 'REPORT',
  url: string,
  headers: Headers,
  body: object,
): Promise<DavResult> {
  let retryAfter: string | undefined;
  let finalUrl = url;
  const fetchThroughClient = async (_input: unknown, init?: { headers?: unknown; body?: unknown }) => {
    const response = await http.send({
      method,
      url,
      headers: init?.headers as Record<string, string>,
      body: String(init?.body),
    });
    retryAfter = response.headers['retry-after'];
    finalUrl = response.url;
    return new Response(mustHaveNoBody(response.status) ? null : response.body, {
      status: response.status,
      headers: response.headers,
    });
  };
  const responses = await davRequest({
    url,
    init: { method, headers: { ...headers }, body },
    fetch: fetchThroughClient as typeof fetch,
  });
  const what = `${method} ${url}`;
  const status = responses[0]?.status ?? 0;
  if (responses[0]?.ok === false && responses[0].props === undefined) {
    return { kind: 'refused', error: errorForStatus(what, status, retryAfter, Date.now()) };
  }
  return { kind: 'resources', resources: readMultistatus(what, finalUrl, responses) };
}

/** The Fetch API's Response throws if it is given a body for one of these statuses. */
function mustHaveNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function readMultistatus(what: string, base: string, responses: readonly DAVResponse[]): DavResource[] {
  const raw: unknown = responses[0]?.raw;
  if (typeof raw !== 'object' || raw === null || !('multistatus' in raw)) {
    throw new CalDavError('caldav-answer-invalid', `${what}: the response is not a multistatus`);
  }
  return responses.flatMap(({ href, status, props }) =>
    // A response element with a status and no propstat may list several hrefs (RFC 4918 §14.24).
    hrefsOf(href).flatMap((one) => {
      const url = resolveWithin(base, one);
      return url === null ? [] : [{ url, status, props: props ?? {} }];
    }),
  );
}

/**
 * Returns the href as an absolute URL on the origin of `base`, without query and fragment; null if it is not an HTTP URL.
 * Behind a proxy, servers write their internal host name or `http:` into hrefs. Only the path is used, so that the credentials
 * are not sent to another origin.
 */
export function resolveWithin(base: string, href: string): string | null {
  if (!URL.canParse(href, base)) return null;
  const { protocol, pathname } = new URL(href, base);
  return /^https?:$/.test(protocol) ? new URL(base).origin + pathname : null;
}

/** Returns the texts of an element's `href` children. tsdav gives one child as a value and several as an array. */
export function hrefsOf(value: unknown): string[] {
  const inner = isObject(value) && 'href' in value ? value['href'] : value;
  return (Array.isArray(inner) ? inner : [inner]).map(textOf).filter((text) => text !== '');
}

/** Returns the text content. tsdav gives Cyrus's CDATA as `{_cdata}`, and turns digits and `true` into other types. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (!isObject(value)) return '';
  return textOf(value['_cdata'] ?? value['_text'] ?? '');
}

/** Returns the camel-cased local names of a property's child elements. */
export function childNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(childNames);
  return isObject(value) ? Object.keys(value).filter((name) => !name.startsWith('_')) : [];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
