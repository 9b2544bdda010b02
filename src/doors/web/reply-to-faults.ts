// Whatever a route throws, and a path that no route knows, become a plain answer: a page for people, a sentence for the
// CalDAV server. A temporary fault is a 503 with Retry-After; the cause goes to the log only.
import type { Middleware } from 'koa';
import { GatewayError } from '../../core/errors.ts';
import { messagePage } from '../../core/pages/message-page.ts';
import { CALLBACK_PATH, replyToCallback } from './callback-route.ts';
import type { RouteContext } from './route-context.ts';
import { RETRY_AFTER } from './reply-codes.ts';

export function replyToFaults({ pages, log }: Pick<RouteContext, 'pages' | 'log'>): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) pages.showMessage(ctx, messagePage('not-found'));
    } catch (error) {
      const temporary = error instanceof GatewayError && error.temporary;
      // The path alone: the query may hold a token.
      log.error({ err: error, method: ctx.method, path: ctx.path }, 'http request failed');
      if (temporary) ctx.set('Retry-After', String(RETRY_AFTER));
      if (ctx.path.startsWith(CALLBACK_PATH)) replyToCallback(ctx, temporary ? 'try-later' : 'failed');
      else pages.showMessage(ctx, messagePage(temporary ? 'try-later' : 'failed'));
    }
  };
}
