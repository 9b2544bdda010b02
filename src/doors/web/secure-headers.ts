// The security headers of every answer: pages load nothing, run nothing, are framed by nobody, are
// kept by no cache and tell no other site where they were; so a token in a link stays between its reader and us.
import type { Middleware } from 'koa';
import helmet from 'koa-helmet';

const YEAR = 365 * 24 * 60 * 60;

/** `styleHash` is the one inline style sheet that may apply, as CSP names it. */
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
    // Only where the operator serves https; never for the operator's other names.
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
