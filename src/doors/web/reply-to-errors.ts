// Turns errors of routes and unknown paths into replies. In: the next middleware; out: a page for people, or a sentence for
// the CalDAV server. It refuses nothing. A temporary error gives 503 with Retry-After. The cause is only logged.
import type { Middleware } from 'koa';
import { GatewayError } from '../../core/errors.ts';
import { messagePage } from '../../core/pages/message-page.ts';
import { CALLBACK_PATH, replyToCallback } from './callback-route.ts';
import type { RouteContext } from './route-context.ts';
import { RETRY_AFTER } from './reply-codes.ts';

export function replyToErrors({ pages, log }: Pick<RouteContext, 'pages' | 'log'>): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) pages.showMessage(ctx, messagePage('not-found'));
    } catch (error) {
      const temporary = error instanceof GatewayError && error.temporary;
      // Only the path is logged, because the query may contain a token.
      log.error({ err: error, method: ctx.method, path: ctx.path }, 'http request failed');
      if (temporary) ctx.set('Retry-After', String(RETRY_AFTER));
      if (ctx.path.startsWith(CALLBACK_PATH)) replyToCallback(ctx, temporary ? 'try-later' : 'failed');
      else pages.showMessage(ctx, messagePage(temporary ? 'try-later' : 'failed'));
    }
  };
}
