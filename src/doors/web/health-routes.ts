// The health checks. `/healthz` always responds with 200. `/readyz` responds with 503 if the gateway cannot accept work, and
// lists each check by name, without details. It refuses nothing.
import type { Router } from '@koa/router';
import type { RouteContext } from './route-context.ts';

export function addHealth(router: Router, { useCases }: RouteContext): void {
  router.get('/healthz', (ctx) => {
    ctx.body = { ok: true };
  });
  router.get('/readyz', async (ctx) => {
    const { ok, checks } = await useCases.ready();
    ctx.status = ok ? 200 : 503;
    ctx.body = { ok, checks };
  });
}
