// The HTTP server. In: use cases, keys and templates; out: a listening server with the routes callback, RSVP, decisions and
// health. It refuses unknown paths. `replyToErrors` wraps every route, so that no stack trace, file path or partial page is
// sent.
import { type Server, createServer } from 'node:http';
import { Router } from '@koa/router';
import Koa from 'koa';
import { listen, type ListenAddress } from '../listen.ts';
import { addCallback } from './callback-route.ts';
import { addDecisions } from './decision-routes.ts';
import { addHealth } from './health-routes.ts';
import { replyToErrors } from './reply-to-errors.ts';
import type { RouteContext } from './route-context.ts';
import { addRsvp } from './rsvp-routes.ts';
import { secureHeaders } from './secure-headers.ts';
import { preparePages } from './show-page.ts';

export interface HttpOptions extends ListenAddress, Omit<RouteContext, 'pages'> {
  /** The URL under which browsers reach this server. It only decides whether Strict-Transport-Security is sent. */
  readonly appUrl: string;
  /** The language for an Accept-Language header without any of our languages. */
  readonly defaultLanguage?: string;
}

export interface OpenHttp {
  readonly address: ListenAddress;
  /** Accepts no new connection, and waits up to `drainMs` for requests in progress. */
  close(drainMs: number): Promise<void>;
}

/** The time to receive a whole request. A client that needs longer only occupies a connection. */
const REQUEST_TIMEOUT = 60_000;
/** Node's error codes for a client that disconnects during a request or response, or sends invalid HTTP. */
const CLIENT_DISCONNECT = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+)$/;

/** Throws the error of `listen` if the address is in use or not on this machine. */
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
    if (CLIENT_DISCONNECT.test(error.code ?? '')) options.log.debug({ code: error.code }, 'http client disconnected');
    else options.log.error({ err: error }, 'http error');
  });
  app.use(secureHeaders(options.appUrl, pages.styleHash));
  app.use(replyToErrors(context));
  app.use(router.routes());
  app.use(router.allowedMethods());

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, app.callback());
  const address = await listen(server, options, 'HTTP_LISTEN');
  // Without an error listener, a connection that cannot be accepted would end the process.
  server.on('error', (error) => options.log.debug({ err: error }, 'http listener error'));
  return { address, close: (drainMs) => close(server, drainMs) };
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
