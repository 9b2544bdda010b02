// One calendar object, exactly as stored. In: its URL; out: text, strong ETag and time of change, null where nothing is
// there. It refuses nothing; where the server gives no strong ETag the event comes with none and will not be written.
import type { StoredEvent } from '../../core/ical/types.ts';
import { type Headers, propfind, textOf } from './ask-dav.ts';
import { refusal } from './caldav-error.ts';
import type { HttpAnswer, HttpClient } from './send-request.ts';

/** 403 is nothing there as well: a calendar that is no longer shared with us. */
const nothingThere = [403, 404, 410];

/** GET rather than calendar-data: XML would not bring every byte, and the ETag belongs to these bytes. */
export async function loadEvent(http: HttpClient, url: string, headers: Headers): Promise<StoredEvent | null> {
  const answer = await get(http, url, headers);
  if (answer === null) return null;
  const etag = strongEtag(answer.headers['etag']);
  return etag === null ? loadWithPropertyEtag(http, url, headers) : asStored(answer, etag);
}

/**
 * The header had no strong ETag: getetag may. Asked before and after the GET, for an ETag that is newer than the text
 * would let our PUT erase a change we never saw.
 */
async function loadWithPropertyEtag(http: HttpClient, url: string, headers: Headers): Promise<StoredEvent | null> {
  const before = await propertyEtag(http, url, headers);
  const answer = await get(http, url, headers);
  const after = await propertyEtag(http, url, headers);
  return answer === null ? null : asStored(answer, before === after ? before : null);
}

async function propertyEtag(http: HttpClient, url: string, headers: Headers): Promise<string | null> {
  const answer = await propfind(http, url, headers, ['d:getetag'], '0');
  return answer.kind === 'refused' ? null : strongEtag(textOf(answer.resources[0]?.props['getetag']));
}

async function get(http: HttpClient, url: string, headers: Headers): Promise<HttpAnswer | null> {
  // identity: a proxy that compresses weakens the ETag.
  const answer = await http.send({
    method: 'GET',
    url,
    headers: { ...headers, Accept: 'text/calendar', 'Accept-Encoding': 'identity' },
  });
  if (answer.status === 200) return answer;
  if (nothingThere.includes(answer.status)) return null;
  throw refusal(`GET ${url}`, answer.status, answer.headers['retry-after'], Date.now());
}

function asStored(answer: HttpAnswer, etag: string | null): StoredEvent {
  const lastModified = Date.parse(answer.headers['last-modified'] ?? '');
  return {
    href: new URL(answer.url).pathname,
    etag,
    text: answer.body.toString('utf8'),
    lastModified: Number.isNaN(lastModified) ? null : lastModified,
  };
}

/** If-Match compares strongly (RFC 9110 §13.1.1): a weak ETag would never match. */
export function strongEtag(value: string | undefined): string | null {
  const etag = value?.trim() ?? '';
  return etag === '' || /^w\//i.test(etag) ? null : etag;
}
