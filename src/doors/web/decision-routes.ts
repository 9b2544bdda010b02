// The decision pages for organizers. In: a link from a notice, or its form; out: the page with the answers to decide about, or
// the decision. It refuses invalid tokens and choices that the page does not offer. GET and HEAD change nothing, because
// mail scanners follow links, and the page after a decision has no token.
import { bodyParser } from '@koa/bodyparser';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { choices, decisionPage, isChoice } from '../../core/pages/decision-page.ts';
import { messagePage } from '../../core/pages/message-page.ts';
import { readDecisionToken } from '../../core/signing/token.ts';
import type { DecisionClaims } from '../../core/signing/types.ts';
import type { RouteContext } from './route-context.ts';
import { pageStatus } from './reply-codes.ts';
import { field, relativeFolder } from './request-fields.ts';

export function addDecisions(router: Router, context: RouteContext): void {
  const { useCases, pages } = context;
  const form = bodyParser({ enableTypes: ['form'], formLimit: '64kb', onError: () => undefined });

  router.get('/decide', async (ctx) => {
    const claims = await readClaims(ctx, context);
    const page = claims === null ? null : await readPage(ctx, context, claims);
    if (page === null) return;
    const places = { folder: relativeFolder(ctx.path), token: field(ctx, 'token') };
    pages.show(ctx, pageStatus.decide, 'pages/decide.html', { ...page, ...places });
  });
  router.post('/decide', form, async (ctx) => {
    const claims = await readClaims(ctx, context);
    const page = claims === null ? null : await readPage(ctx, context, claims);
    if (claims === null || page === null) return;
    const choice = field(ctx, 'choice');
    if (!isChoice(choice) || !page.choices.includes(choice)) {
      const onward = `${relativeFolder(ctx.path)}?token=${encodeURIComponent(field(ctx, 'token'))}`;
      return pages.showMessage(ctx, messagePage('unknown-action', { onward }));
    }
    const outcome = await useCases.decideHeld(claims, choice);
    if (outcome === 'already-decided') return pages.showMessage(ctx, messagePage('already-decided'));
    ctx.redirect(`${relativeFolder(ctx.path)}${outcome === 'done' ? choice : outcome}`);
    ctx.status = 303;
  });
  router.get('/decide/not-entered', (ctx) => pages.showMessage(ctx, messagePage('decided-not-entered')));
  for (const choice of choices) {
    router.get(`/decide/${choice}`, (ctx) => pages.showMessage(ctx, messagePage(`decided-${choice}`)));
  }
}

/** Shows an error page and returns null if the link is invalid or expired. */
async function readClaims(ctx: Context, { ring, now, pages }: RouteContext): Promise<DecisionClaims | null> {
  const read = await readDecisionToken(ring, field(ctx, 'token'), now());
  if (read.kind === 'valid') return read.claims;
  pages.showMessage(ctx, messagePage(read.kind === 'expired' ? 'expired-link' : 'invalid-link'));
  return null;
}

/** Shows a page and returns null if everything has been decided already. */
async function readPage(
  ctx: Context,
  context: RouteContext,
  claims: DecisionClaims,
): Promise<ReturnType<typeof decisionPage> | null> {
  const { useCases, pages, templates, displayTimezone } = context;
  const held = await useCases.readDecision(claims);
  if (held === null || held.answers.length === 0) {
    pages.showMessage(ctx, messagePage('already-decided'));
    return null;
  }
  return decisionPage(held, { templates, language: pages.languageOf(ctx), timezone: displayTimezone });
}
