// Use cases, keys and templates in, a listening HTTP server out: callback, RSVP, decisions, health. Every answer leaves
// through `replies to faults` below, so no stack trace, no path and no half-written page ever goes onto the wire.
import { type Server, createServer } from 'node:http';
import { Router } from '@koa/router';
import Koa from 'koa';
import { listen, type ListenAddress } from '../listen.ts';
import { addCallback } from './callback-route.ts';
import { addDecisions } from './decision-routes.ts';
import { addHealth } from './health-routes.ts';
import { replyToFaults } from './reply-to-faults.ts';
import type { RouteContext } from './route-context.ts';
import { addRsvp } from './rsvp-routes.ts';
import { secureHeaders } from './secure-headers.ts';
import { preparePages } from './show-page.ts';

export interface HttpOptions extends ListenAddress, Omit<RouteContext, 'pages'> {
  /** Where browsers reach this server; decides only whether they are told to stay with https. */
  readonly appUrl: string;
  /** Where Accept-Language names none of ours. */
  readonly defaultLanguage?: string;
}

export interface OpenHttp {
  readonly address: ListenAddress;
  /** Takes no new connection; those at work have `drainMs` to end. */
  close(drainMs: number): Promise<void>;
}

/** A request that takes longer than this to arrive is not a slow network but an open hand. */
const REQUEST_TIMEOUT = 60_000;
/** What Node calls it when a client leaves in the middle of a request or an answer, or breaks off HTTP. */
const HANG_UP = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+)$/;

/** Throws what `listen` throws: the address is in use, or not ours. */
export async function openHttp(options: HttpOptions): Promise<OpenHttp> {
  const pages = preparePages(options.templates, options.defaultLanguage ?? 'en');
  const context: RouteContext = { ...options, pages };
  const router = new Router();
  addHealth(router, context);
  addCallback(router, context);
  addRsvp(router, context);
  addDecisions(router, context);

  const app = new Koa();
  app.on('error', (error: NodeJS.ErrnoException) => {
    if (HANG_UP.test(error.code ?? '')) options.log.debug({ code: error.code }, 'a client hung up');
    else options.log.error({ err: error }, 'http');
  });
  app.use(secureHeaders(options.appUrl, pages.styleHash));
  app.use(replyToFaults(context));
  app.use(router.routes());
  app.use(router.allowedMethods());

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, app.callback());
  const address = await listen(server, options, 'HTTP_LISTEN');
  // Unheard, a connection that could not be accepted would end the process.
  server.on('error', (error) => options.log.debug({ err: error }, 'http listener'));
  return { address, close: (drainMs) => close(server, drainMs) };
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(impatience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
