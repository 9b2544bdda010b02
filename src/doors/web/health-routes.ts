// `/healthz`: the process answers. `/readyz`: what it needs to take work answers too; each check by name, no detail.
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
