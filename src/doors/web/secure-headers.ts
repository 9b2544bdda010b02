// Sets the security headers of every response, so that the token in a link stays secret. In: the app URL and the hash of the
// style sheet; out: a middleware. It refuses scripts, external resources, framing, caching and the Referer header.
import type { Middleware } from 'koa';
import helmet from 'koa-helmet';

const YEAR = 365 * 24 * 60 * 60;

/** @param styleHash the CSP hash of the one inline style sheet that is allowed. */
export function secureHeaders(appUrl: string, styleHash: string): Middleware {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [`'${styleHash}'`],
        imgSrc: ['data:'],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Only if the operator serves https, and never for subdomains, which may serve something else.
    strictTransportSecurity: appUrl.startsWith('https:') ? { maxAge: YEAR, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  return (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Robots-Tag', 'noindex, nofollow');
    return protect(ctx, next);
  };
}
