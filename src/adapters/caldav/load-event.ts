// Loads one calendar object, byte for byte as stored. In: its URL; out: text, strong ETag and time of the last change; null
// if there is no object, `not-visible` if the server refuses to show it. It refuses nothing: an event without a strong ETag
// is returned, but write-event.ts refuses to write it.
import { textOfOctets } from '../../core/ical/octets.ts';
import type { StoredEvent } from '../../core/ical/types.ts';
import { type Headers, propfind, textOf } from './dav-query.ts';
import { errorForStatus } from './caldav-error.ts';
import type { HttpResponse, HttpClient } from './send-request.ts';

/** The object at a URL; null if there is none. */
export type Loaded = StoredEvent | 'not-visible' | null;

/** Uses GET and not calendar-data, because XML does not preserve every byte and the ETag belongs to the exact bytes. */
export async function loadEvent(http: HttpClient, url: string, headers: Headers): Promise<Loaded> {
  const response = await get(http, url, headers);
  if (response === null || response === 'not-visible') return response;
  const etag = strongEtag(response.headers['etag']);
  return etag === null ? loadWithPropertyEtag(http, url, headers) : toStoredEvent(response, etag);
}

/**
 * Takes the ETag from the property getetag, because the header has no strong one. The property is read before and after the
 * GET and must not change in between: with an ETag newer than the text, our PUT would overwrite a change that we never saw.
 */
async function loadWithPropertyEtag(http: HttpClient, url: string, headers: Headers): Promise<Loaded> {
  const before = await propertyEtag(http, url, headers);
  const response = await get(http, url, headers);
  const after = await propertyEtag(http, url, headers);
  if (response === null || response === 'not-visible') return response;
  return toStoredEvent(response, before === after ? before : null);
}

async function propertyEtag(http: HttpClient, url: string, headers: Headers): Promise<string | null> {
  const result = await propfind(http, url, headers, ['d:getetag'], '0');
  return result.kind === 'refused' ? null : strongEtag(textOf(result.resources[0]?.props['getetag']));
}

async function get(http: HttpClient, url: string, headers: Headers): Promise<HttpResponse | 'not-visible' | null> {
  // `identity`, because a compressing proxy makes the ETag weak.
  const response = await http.send({
    method: 'GET',
    url,
    headers: { ...headers, Accept: 'text/calendar', 'Accept-Encoding': 'identity' },
  });
  if (response.status === 200) return response;
  if (response.status === 404 || response.status === 410) return null;
  // 403: the event may still exist, in a calendar that is no longer shared with us.
  if (response.status === 403) return 'not-visible';
  throw errorForStatus(`GET ${url}`, response.status, response.headers['retry-after'], Date.now());
}

function toStoredEvent(response: HttpResponse, etag: string | null): StoredEvent {
  const lastModified = Date.parse(response.headers['last-modified'] ?? '');
  return {
    href: new URL(response.url).pathname,
    etag,
    text: textOfOctets(response.body),
    lastModified: Number.isNaN(lastModified) ? null : lastModified,
  };
}

/** Returns the ETag; null if it is missing or weak, because a weak one never matches in If-Match (RFC 9110 §13.1.1). */
export function strongEtag(value: string | undefined): string | null {
  const etag = value?.trim() ?? '';
  return etag === '' || /^w\//i.test(etag) ? null : etag;
}
