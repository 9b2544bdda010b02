// The attendee's door: a link from a mail shows the event and a form, and only the form's POST answers. GET and HEAD
// change nothing, because mail scanners follow links; the page after an answer has no token, so that it can be kept.
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
import { field, folderOf } from './request-fields.ts';
import type { RsvpShown } from '../../flow/use-cases.ts';

interface Visit {
  readonly claims: RsvpClaims;
  readonly token: string;
  readonly form: RsvpForm;
}

export function addRsvp(router: Router, context: RouteContext): void {
  const { useCases, pages } = context;
  const form = bodyParser({ enableTypes: ['form'], formLimit: '256kb', onError: () => undefined });

  router.get('/rsvp', async (ctx) => {
    const visit = await openVisit(ctx, context);
    if (visit !== null) showInvitation(ctx, context, visit, await useCases.showRsvp(visit.claims), null);
  });
  router.post('/rsvp', form, async (ctx) => {
    const visit = await openVisit(ctx, context);
    if (visit !== null) await answer(ctx, context, visit);
  });
  router.get('/rsvp/event.ics', async (ctx) => {
    const visit = await openVisit(ctx, context);
    if (visit !== null) sendFile(ctx, context, eventFile(await useCases.showRsvp(visit.claims), visit.claims));
  });
  for (const outcome of ['recorded', 'received'] as const) {
    router.get(`/rsvp/${outcome}`, (ctx) => {
      const action = field(ctx, 'answer');
      pages.showMessage(ctx, messagePage(outcome, { answer: isAction(action) ? action : null }));
    });
  }
}

/** null: the link is no good, and the page that says so is shown. */
async function openVisit(ctx: Context, { ring, now, pages }: RouteContext): Promise<Visit | null> {
  const token = field(ctx, 'token');
  const read = await readRsvpToken(ring, token, now());
  if (read.kind !== 'valid') {
    pages.showMessage(ctx, messagePage(read.kind === 'expired' ? 'expired-link' : 'invalid-link'));
    return null;
  }
  const form = readForm((name) => field(ctx, name));
  if (form === null) {
    const onward = `${folderOf(ctx.path)}?token=${encodeURIComponent(token)}`;
    pages.showMessage(ctx, messagePage('unknown-action', { onward }));
    return null;
  }
  return { claims: read.claims, token, form };
}

async function answer(ctx: Context, context: RouteContext, visit: Visit): Promise<void> {
  const { useCases } = context;
  const { claims, form } = visit;
  const { action, comment, sequence, wholeSeries } = form;
  if (action === null || form.commentTooLong) {
    return showInvitation(
      ctx,
      context,
      visit,
      await useCases.showRsvp(claims),
      action === null ? 'choose' : 'comment-too-long',
    );
  }
  const given = { partstat: partstatOf(action), comment: comment || null, sequence, wholeSeries };
  const outcome = await useCases.answerRsvp(claims, given);
  if (typeof outcome !== 'string') return showRefused(ctx, context, visit, outcome.refused);
  ctx.redirect(`${folderOf(ctx.path)}${outcome}?answer=${action}`);
  ctx.status = 303;
}

/** The invitation as it is now says why, mostly: it has changed, is over, or is gone. */
async function showRefused(ctx: Context, context: RouteContext, visit: Visit, reason: string): Promise<void> {
  const shown = await context.useCases.showRsvp(visit.claims);
  const changed = reason === 'changed' || reason === 'stale';
  if (changed || !isAnswerable(shown)) return showInvitation(ctx, context, visit, shown, changed ? 'changed' : null);
  context.pages.showMessage(ctx, messagePage('refused'));
}

function showInvitation(
  ctx: Context,
  context: RouteContext,
  visit: Visit,
  shown: RsvpShown,
  notice: RsvpNotice | null,
): void {
  const { pages, templates, displayTimezone } = context;
  const page = rsvpPage(shown, visit.claims, visit.form, notice, {
    templates,
    language: pages.languageOf(ctx),
    timezone: displayTimezone ?? 'UTC',
  });
  const folder = folderOf(ctx.path);
  const calendarLink = offersFile(shown) ? `${folder}event.ics?token=${encodeURIComponent(visit.token)}` : null;
  pages.show(ctx, pageStatus[page.kind], 'pages/rsvp.html', { ...page, folder, token: visit.token, calendarLink });
}

function sendFile(ctx: Context, { pages }: RouteContext, file: string | null): void {
  if (file === null) return pages.showMessage(ctx, messagePage('not-found'));
  ctx.attachment('invite.ics');
  ctx.type = 'text/calendar; charset=utf-8';
  ctx.body = file;
}
