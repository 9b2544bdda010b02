// PROPFIND and REPORT through tsdav, over our own HTTP client. In: a URL, property names, a filter; out: the responses of
// the multistatus with absolute URLs and plain property values. It refuses an answer that is no multistatus.
import { type DAVResponse, davRequest, getDAVAttribute, DAVNamespace } from 'tsdav';
import { CalDavError, refusal } from './caldav-error.ts';
import type { HttpClient } from './send-request.ts';

/** One `response` of a multistatus. `props` holds what was found (2yz) under camel-cased local names, as tsdav makes them. */
export interface DavResource {
  readonly url: string;
  readonly status: number;
  readonly props: Readonly<Record<string, unknown>>;
}

export type DavAnswer =
  | { readonly kind: 'resources'; readonly resources: readonly DavResource[] }
  /** 3yz, 4yz other than 401 and 429: what it means depends on what was asked. */
  | { readonly kind: 'refused'; readonly error: CalDavError };

const namespaces = getDAVAttribute([DAVNamespace.DAV, DAVNamespace.CALDAV, DAVNamespace.CALENDAR_SERVER]);

export type Headers = Readonly<Record<string, string>>;

/** `props` with prefixes `d:`, `c:` (CalDAV) or `cs:` (calendarserver.org). */
export function propfind(
  http: HttpClient,
  url: string,
  headers: Headers,
  props: readonly string[],
  depth: '0' | '1',
): Promise<DavAnswer> {
  const body = { 'd:propfind': { _attributes: namespaces, 'd:prop': emptyElements(props) } };
  return ask(http, 'PROPFIND', url, { ...headers, Depth: depth }, body);
}

/** @param report the report's root element with its children, in xml-js's compact form. */
export function report(
  http: HttpClient,
  url: string,
  headers: Headers,
  name: string,
  content: Readonly<Record<string, unknown>>,
  depth: '0' | '1',
): Promise<DavAnswer> {
  return ask(http, 'REPORT', url, { ...headers, Depth: depth }, { [name]: { _attributes: namespaces, ...content } });
}

export function emptyElements(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

async function ask(
  http: HttpClient,
  method: 'PROPFIND' | 'REPORT',
  url: string,
  headers: Headers,
  body: object,
): Promise<DavAnswer> {
  let retryAfter: string | undefined;
  let answeredBy = url;
  const fetchThroughClient = async (_input: unknown, init?: { headers?: unknown; body?: unknown }) => {
    const answer = await http.send({
      method,
      url,
      headers: init?.headers as Record<string, string>,
      body: String(init?.body),
    });
    retryAfter = answer.headers['retry-after'];
    answeredBy = answer.url;
    return new Response(nullBody(answer.status) ? null : answer.body, {
      status: answer.status,
      headers: answer.headers,
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
    return { kind: 'refused', error: refusal(what, status, retryAfter, Date.now()) };
  }
  return { kind: 'resources', resources: readMultistatus(what, answeredBy, responses) };
}

/** A Response of these statuses must not have a body. */
function nullBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function readMultistatus(what: string, base: string, responses: readonly DAVResponse[]): DavResource[] {
  const raw: unknown = responses[0]?.raw;
  if (typeof raw !== 'object' || raw === null || !('multistatus' in raw)) {
    throw new CalDavError('caldav-answer-invalid', `${what}: the answer is no multistatus`);
  }
  return responses.flatMap(({ href, status, props }) =>
    // A response that only states a status may list several hrefs (RFC 4918 §14.24).
    hrefsOf(href).flatMap((one) => {
      const url = resolveWithin(base, one);
      return url === null ? [] : [{ url, status, props: props ?? {} }];
    }),
  );
}

/** An href as an absolute URL without query and fragment; null where it is unusable or leaves the origin of `base`. */
export function resolveWithin(base: string, href: string): string | null {
  if (!URL.canParse(href, base)) return null;
  const url = new URL(href, base);
  if (url.origin !== new URL(base).origin) return null;
  return url.origin + url.pathname;
}

/** The texts of an element's `href` children, whichever of its forms tsdav gives them. */
export function hrefsOf(value: unknown): string[] {
  const inner = isObject(value) && 'href' in value ? value['href'] : value;
  return (Array.isArray(inner) ? inner : [inner]).map(textOf).filter((text) => text !== '');
}

/** Text content: tsdav gives Cyrus's as `{_cdata}` and turns digits and `true` into other types. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (!isObject(value)) return '';
  return textOf(value['_cdata'] ?? value['_text'] ?? '');
}

/** Local names of the elements inside a property, camel-cased. */
export function childNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(childNames);
  return isObject(value) ? Object.keys(value).filter((name) => !name.startsWith('_')) : [];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
