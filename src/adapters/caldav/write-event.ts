// Sends one conditional PUT. In: an event as loaded and its new text; out: written, conflict or gone. It refuses an event
// without a strong ETag, and throws for every status other than 200, 201, 204, 404, 410 and 412.
import { octetsOfText } from '../../core/ical/octets.ts';
import type { StoredEvent } from '../../core/ical/types.ts';
import type { Headers } from './dav-query.ts';
import { CalDavError, errorForStatus } from './caldav-error.ts';
import { strongEtag } from './load-event.ts';
import type { HttpResponse, HttpClient } from './send-request.ts';
import type { WriteResult } from '../../flow/ports/calendar-store.ts';

export async function writeEvent(
  http: HttpClient,
  url: string,
  headers: Headers,
  event: StoredEvent,
  text: string,
): Promise<WriteResult> {
  const etag = strongEtag(event.etag ?? '');
  if (etag === null) throw new CalDavError('caldav-refused', `${url} has no strong ETag: it cannot be written safely`);
  const response = await http.send({
    method: 'PUT',
    url,
    headers: { ...headers, 'If-Match': etag, 'Content-Type': 'text/calendar; charset=utf-8' },
    body: octetsOfText(text),
  });
  return writeResult(`PUT ${url}`, response);
}

function writeResult(what: string, response: HttpResponse): WriteResult {
  const { status, headers } = response;
  if ([200, 201, 204].includes(status)) return { kind: 'written', etag: strongEtag(headers['etag']) };
  // Xandikos returns 207 with the real status in the body.
  const inner = status === 207 ? innerStatus(response.body.toString('utf8')) : status;
  if (inner === 412) return { kind: 'conflict' };
  if (inner === 404 || inner === 410) return { kind: 'gone' };
  if (inner === null) throw new CalDavError('caldav-answer-invalid', `${what}: HTTP 207 without a status in its body`);
  throw errorForStatus(what, inner, headers['retry-after'], Date.now());
}

/** Returns the first status of the multistatus that is not a success; if there is none, its first status. */
function innerStatus(xml: string): number | null {
  const statuses = [...xml.matchAll(/>\s*HTTP\/\d(?:\.\d)?\s+(\d{3})\b/gi)].map((match) => Number(match[1]));
  return statuses.find((status) => status >= 300) ?? statuses[0] ?? null;
}
