// One conditional PUT. In: an event as loaded and its new text; out: written, conflict or gone. It refuses to write
// without a strong ETag, and to take anything but 200, 201 and 204 for success.
import type { StoredEvent } from '../../core/ical/types.ts';
import type { Headers } from './ask-dav.ts';
import { CalDavError, refusal } from './caldav-error.ts';
import { strongEtag } from './load-event.ts';
import type { HttpAnswer, HttpClient } from './send-request.ts';
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
  const answer = await http.send({
    method: 'PUT',
    url,
    headers: { ...headers, 'If-Match': etag, 'Content-Type': 'text/calendar; charset=utf-8' },
    body: text,
  });
  return judge(`PUT ${url}`, answer);
}

function judge(what: string, answer: HttpAnswer): WriteResult {
  const { status, headers } = answer;
  if ([200, 201, 204].includes(status)) return { kind: 'written', etag: strongEtag(headers['etag']) };
  // Xandikos answers 207 with the real status inside.
  const inner = status === 207 ? innerStatus(answer.body.toString('utf8')) : status;
  if (inner === 412) return { kind: 'conflict' };
  if (inner === 404 || inner === 410) return { kind: 'gone' };
  if (inner === null) throw new CalDavError('caldav-answer-invalid', `${what}: HTTP 207 without a status inside`);
  throw refusal(what, inner, headers['retry-after'], Date.now());
}

/** The first status line of a multistatus that is no success, else its first one. */
function innerStatus(xml: string): number | null {
  const statuses = [...xml.matchAll(/>\s*HTTP\/\d(?:\.\d)?\s+(\d{3})\b/gi)].map((match) => Number(match[1]));
  return statuses.find((status) => status >= 300) ?? statuses[0] ?? null;
}
