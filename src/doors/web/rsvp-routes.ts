// The RSVP pages for attendees. In: a link from a mail, or its form; out: the page with the event, or the answer. It refuses
// invalid tokens and unknown actions. GET and HEAD change nothing, because mail scanners follow links. The page after an
// answer has no token, so that it may stay in the browser's history.
import { bodyParser } from '@koa/bodyparser';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { eventFile, offersFile } from '../../core/pages/event-file.ts';
import { messagePage } from '../../core/pages/message-page.ts';
import {
  type RsvpForm,
  type RsvpNotice,
  isAction,
  isAnswerable,
  partstatOf,
  readForm,
  rsvpPage,
} from '../../core/pages/rsvp-page.ts';
import { readRsvpToken } from '../../core/signing/token.ts';
import type { RsvpClaims } from '../../core/signing/types.ts';
import type { RouteContext } from './route-context.ts';
import { pageStatus } from './reply-codes.ts';
import { field, relativeFolder } from './request-fields.ts';
import type { RsvpView } from '../../flow/use-cases.ts';

interface RsvpRequest {
  readonly claims: RsvpClaims;
  readonly token: string;
  readonly form: RsvpForm;
}

export function addRsvp(router: Router, context: RouteContext): void {
  const { useCases, pages } = context;
  const form = bodyParser({ enableTypes: ['form'], formLimit: '256kb', onError: () => undefined });

  router.get('/rsvp', async (ctx) => {
    const request = await readRequest(ctx, context);
    if (request !== null) showInvitation(ctx, context, request, await useCases.showRsvp(request.claims), null);
  });
  router.post('/rsvp', form, async (ctx) => {
    const request = await readRequest(ctx, context);
    if (request !== null) await submitAnswer(ctx, context, request);
  });
  router.get('/rsvp/event.ics', async (ctx) => {
    const request = await readRequest(ctx, context);
    if (request !== null) sendFile(ctx, context, eventFile(await useCases.showRsvp(request.claims), request.claims));
  });
  for (const outcome of ['recorded', 'received'] as const) {
    router.get(`/rsvp/${outcome}`, (ctx) => {
      const action = field(ctx, 'answer');
      pages.showMessage(ctx, messagePage(outcome, { answer: isAction(action) ? action : null }));
    });
  }
}

/** Shows an error page and returns null if the link is invalid or expired, or names an unknown action. */
async function readRequest(ctx: Context, { ring, now, pages }: RouteContext): Promise<RsvpRequest | null> {
  const token = field(ctx, 'token');
  const read = await readRsvpToken(ring, token, now());
  if (read.kind !== 'valid') {
    pages.showMessage(ctx, messagePage(read.kind === 'expired' ? 'expired-link' : 'invalid-link'));
    return null;
  }
  const form = readForm((name) => field(ctx, name));
  if (form === null) {
    const onward = `${relativeFolder(ctx.path)}?token=${encodeURIComponent(token)}`;
    pages.showMessage(ctx, messagePage('unknown-action', { onward }));
    return null;
  }
  return { claims: read.claims, token, form };
}

async function submitAnswer(ctx: Context, context: RouteContext, request: RsvpRequest): Promise<void> {
  const { useCases } = context;
  const { claims, form } = request;
  const { action, comment, sequence, schedule, wholeSeries } = form;
  if (action === null || form.commentTooLong) {
    return showInvitation(
      ctx,
      context,
      request,
      await useCases.showRsvp(claims),
      action === null ? 'choose' : 'comment-too-long',
    );
  }
  const given = { partstat: partstatOf(action), comment: comment || null, sequence, schedule, wholeSeries };
  const outcome = await useCases.answerRsvp(claims, given);
  if (typeof outcome !== 'string') return showRefusal(ctx, context, request, outcome.refused);
  ctx.redirect(`${relativeFolder(ctx.path)}${outcome}?answer=${action}`);
  ctx.status = 303;
}

/** Shows the invitation as it is now, which usually shows the reason: it has changed, is over, or was deleted. */
async function showRefusal(ctx: Context, context: RouteContext, request: RsvpRequest, reason: string): Promise<void> {
  const shown = await context.useCases.showRsvp(request.claims);
  const changed = reason === 'changed' || reason === 'stale';
  if (changed || !isAnswerable(shown)) return showInvitation(ctx, context, request, shown, changed ? 'changed' : null);
  context.pages.showMessage(ctx, messagePage('refused'));
}

function showInvitation(
  ctx: Context,
  context: RouteContext,
  request: RsvpRequest,
  shown: RsvpView,
  notice: RsvpNotice | null,
): void {
  const { pages, templates, displayTimezone } = context;
  const page = rsvpPage(shown, request.claims, request.form, notice, {
    templates,
    language: pages.languageOf(ctx),
    timezone: displayTimezone,
  });
  const folder = relativeFolder(ctx.path);
  const calendarLink = offersFile(shown) ? `${folder}event.ics?token=${encodeURIComponent(request.token)}` : null;
  pages.show(ctx, pageStatus[page.kind], 'pages/rsvp.html', { ...page, folder, token: request.token, calendarLink });
}

function sendFile(ctx: Context, { pages }: RouteContext, file: string | null): void {
  if (file === null) return pages.showMessage(ctx, messagePage('not-found'));
  ctx.attachment('invite.ics');
  ctx.type = 'text/calendar; charset=utf-8';
  ctx.body = file;
}
