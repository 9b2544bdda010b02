// The scheduling callback. In: a POST from the CalDAV server with a calendar to be scheduled by mail; out: `200 OK` when it
// is on disk. It refuses everything else with one sentence that says what to do (reply-codes.ts). The API key is checked
// before the body is read.
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { GatewayError } from '../../core/errors.ts';
import { checkCalendar, decodeBody, isValidKey, readCallbackHeaders } from './check-callback.ts';
import type { RouteContext } from './route-context.ts';
import { makeSchedulingReader } from './read-scheduling.ts';
import { type CallbackReply, RETRY_AFTER, callbackReplies } from './reply-codes.ts';
import type { CallbackRequest } from '../../flow/use-cases.ts';

/** The trailing slash is optional. */
export const CALLBACK_PATH = '/api/v1.0/caldav-scheduling-callback';

/** An event with 2,000 attendees has about 300 kB. */
const BODY_LIMIT = 4 * 1024 * 1024;

export function addCallback(router: Router, { useCases, inboundApiKey, log }: RouteContext): void {
  const readScheduling = makeSchedulingReader();

  const receive = async (ctx: Context): Promise<CallbackRequest | CallbackReply> => {
    if (!isValidKey(ctx.headers, inboundApiKey)) return 'wrong-key';
    const headers = readCallbackHeaders(ctx.headers);
    if (typeof headers === 'string') return headers;
    const body = await readBody(ctx);
    if (typeof body === 'string') return body;
    if (body.length === 0) return 'no-body';
    const calendar = decodeBody(body, ctx.headers['content-type']);
    if (calendar === null) return 'body-not-text';
    return checkCalendar(headers, calendar, readScheduling);
  };

  /** The use case parses more than `checkCalendar`, so it may still find the calendar invalid, for example two masters. */
  const store = async (request: CallbackRequest): Promise<CallbackReply> => {
    try {
      await useCases.receiveCallback(request);
      return 'accepted';
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'calendar-unparseable') return error.code;
      throw error;
    }
  };

  router.post(CALLBACK_PATH, async (ctx) => {
    const request = await receive(ctx);
    const reply = typeof request === 'string' ? request : await store(request);
    if (reply !== 'accepted') log.warn({ reason: reply, door: 'callback' }, 'callback refused');
    replyToCallback(ctx, reply);
  });
}

export function replyToCallback(ctx: Context, reply: CallbackReply): void {
  const [status, sentence] = callbackReplies[reply];
  ctx.status = status;
  ctx.type = 'text/plain; charset=utf-8';
  if (status === 401) ctx.set('WWW-Authenticate', 'X-Api-Key realm="caldav-scheduling-callback"');
  if (status === 503) ctx.set('Retry-After', String(RETRY_AFTER));
  ctx.body = `${sentence}\n`;
}

async function readBody(ctx: Context): Promise<Uint8Array | CallbackReply> {
  const encoding = ctx.get('Content-Encoding').toLowerCase();
  if (encoding !== '' && encoding !== 'identity') return 'body-compressed';
  try {
    return await getRawBody(ctx.req, { length: ctx.headers['content-length'] ?? null, limit: BODY_LIMIT });
  } catch (error) {
    if (!(error instanceof Error && 'type' in error)) throw error;
    // raw-body leaves the rest of the body unread, which would block the next request on this connection.
    ctx.req.resume();
    return error.type === 'entity.too.large' ? 'body-too-large' : 'body-broken';
  }
}
