// Sends one conditional PUT. In: an event as loaded and its new text; out: written, conflict, gone or refused. It refuses an
// event without a strong ETag, and throws for a status that says nothing about the event, such as 500.
import type { WriteRefusal } from '../../core/compose/types.ts';
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
  if (etag === null) {
    const detail = `${url} has no strong ETag: it cannot be written safely`;
    return { kind: 'refused', reason: 'no-strong-etag', detail };
  }
  const what = `PUT ${url}`;
  try {
    const response = await http.send({
      method: 'PUT',
      url,
      headers: { ...headers, 'If-Match': etag, 'Content-Type': 'text/calendar; charset=utf-8' },
      body: octetsOfText(text),
    });
    return writeResult(what, response);
  } catch (error) {
    // The client throws for 5xx, but a full server is a refusal.
    const refused = error instanceof CalDavError && error.status !== null ? refusal(what, error.status) : null;
    if (refused === null) throw error;
    return refused;
  }
}

const refusals: ReadonlyMap<number, WriteRefusal> = new Map([
  [403, 'not-allowed'],
  [409, 'conflict'],
  [413, 'too-large'],
  [507, 'no-space'],
]);

function refusal(what: string, status: number): WriteResult | null {
  const reason = refusals.get(status);
  return reason === undefined ? null : { kind: 'refused', reason, detail: `${what}: HTTP ${status}` };
}

function writeResult(what: string, response: HttpResponse): WriteResult {
  const { status, headers } = response;
  if ([200, 201, 204].includes(status)) return { kind: 'written', etag: strongEtag(headers['etag']) };
  // Xandikos returns 207 with the real status in the body.
  const inner = status === 207 ? innerStatus(response.body.toString('utf8')) : status;
  if (inner === 412) return { kind: 'conflict' };
  if (inner === 404 || inner === 410) return { kind: 'gone' };
  const refused = inner === null ? null : refusal(what, inner);
  if (refused !== null) return refused;
  if (inner === null) throw new CalDavError('caldav-answer-invalid', `${what}: HTTP 207 without a status in its body`);
  throw errorForStatus(what, inner, headers['retry-after'], Date.now());
}

/** Returns the first status of the multistatus that is not a success; if there is none, its first status. */
function innerStatus(xml: string): number | null {
  const statuses = [...xml.matchAll(/>\s*HTTP\/\d(?:\.\d)?\s+(\d{3})\b/gi)].map((match) => Number(match[1]));
  return statuses.find((status) => status >= 300) ?? statuses[0] ?? null;
}
