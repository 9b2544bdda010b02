// The page of the playground and its API on loopback. In: the actions of the organizer and the attendees; out: the state as
// JSON, and a server-sent event for every change. It refuses requests from other sites and by other host names.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import bodyParser from '@koa/bodyparser';
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { ZodError } from 'zod';
import { describeWhen } from '../core/compose/format-time.ts';
import type { Templates } from '../core/compose/types.ts';
import { GatewayError } from '../core/errors.ts';
import { listen } from '../doors/listen.ts';
import type { Outcomes } from '../flow/queue/outcomes.ts';
import type { Ledger } from '../flow/ports/spool.ts';
import { answerFromMailbox, calendarOf, canAnswer } from './answer-from-mailbox.ts';
import type { EmbeddedCaldav } from './embedded-caldav.ts';
import type { CapturedMail, Mailbox } from './mailbox.ts';
import type { OrganizerActions } from './organizer-actions.ts';

export interface PlaygroundPageOptions {
  readonly port: number;
  readonly organizer: string;
  readonly actions: OrganizerActions;
  readonly mailbox: Mailbox;
  readonly caldav: EmbeddedCaldav;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly smtp: string;
  readonly templates: Templates;
}

const ASSETS: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/playground.css': 'playground.css',
  '/playground.js': 'playground.js',
};
const ASSETS_FOLDER = new URL('../../templates/playground/', import.meta.url);
const MAX_ENTRIES = 60;
const MAX_SOURCE_BYTES = 40_000;

export async function openPlaygroundPage(
  options: PlaygroundPageOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const router = new Router();
  for (const [path, file] of Object.entries(ASSETS)) {
    router.get(path, async (ctx) => {
      ctx.type = file.slice(file.lastIndexOf('.'));
      ctx.body = await readFile(fileURLToPath(new URL(file, ASSETS_FOLDER)));
    });
  }
  addApi(router, options);
  addChanges(router, options);
  const app = new Koa();
  app.silent = true;
  app
    .use(respondToErrors)
    .use(refuseOtherSites)
    .use(bodyParser({ enableTypes: ['json'] }))
    .use(router.routes());
  const server = createServer(app.callback());
  const at = { host: '127.0.0.1', port: options.port };
  const { port } = await listen(server, at, 'playground').catch((cause: Error) => {
    throw new GatewayError('config-invalid', `${cause.message}: choose another one with --port`, { cause });
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function addApi(router: Router, { actions, mailbox, ledger, organizer, smtp, templates }: PlaygroundPageOptions): void {
  const mailWith = (id: string): CapturedMail => {
    const mail = mailbox.mails().find((each) => String(each.id) === id);
    if (mail === undefined) throw new GatewayError('internal', 'the mail no longer exists');
    return mail;
  };
  router.get('/api/state', async (ctx) => {
    const entries = await ledger.recent(MAX_ENTRIES);
    ctx.body = {
      organizer,
      events: describeEvents(actions, templates),
      mails: mailbox.mails().toReversed().map(describeCapturedMail),
      ledger: entries.toReversed(),
    };
  });
  router.get('/mail/:id/html', (ctx) => {
    ctx.set(
      'Content-Security-Policy',
      "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    );
    ctx.type = 'html';
    ctx.body = `<base target="_blank">${mailWith(ctx.params['id'] ?? '').parsed.html || ''}`;
  });
  router.post('/api/events', async (ctx) => {
    await actions.invite(ctx.request.body);
    ctx.status = 204;
  });
  router.post('/api/events/:uid/move', async (ctx) => {
    await actions.move(ctx.params['uid'] ?? '');
    ctx.status = 204;
  });
  router.post('/api/events/:uid/cancel', async (ctx) => {
    await actions.cancel(ctx.params['uid'] ?? '');
    ctx.status = 204;
  });
  router.post('/api/mails/:id/answer', async (ctx) => {
    await answerFromMailbox(mailWith(ctx.params['id'] ?? ''), ctx.request.body, smtp, Date.now());
    ctx.status = 204;
  });
}

function addChanges(router: Router, { mailbox, caldav, outcomes }: PlaygroundPageOptions): void {
  router.get('/api/changes', (ctx) => {
    const stream = new PassThrough();
    const notify = (): void => void stream.write('data: changed\n\n');
    const subscriptions = [mailbox.onMail(notify), caldav.onChange(notify), outcomes.subscribe(notify)];
    stream.on('close', () => {
      for (const unsubscribe of subscriptions) unsubscribe();
    });
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'text/event-stream';
    ctx.body = stream;
    notify();
  });
}

function describeEvents(actions: OrganizerActions, templates: Templates) {
  return actions.events().map(({ view, calendar }) => ({
    uid: view.uid,
    title: view.cancelled ? `${view.summary} (cancelled)` : view.summary,
    when: describeWhen(view.start, view.end, { language: 'en', timezone: 'UTC' }, templates).join('; '),
    attendees: view.guests.map(({ address, partstat }) => ({ address, partstat })),
    calendar,
  }));
}

function describeCapturedMail(mail: CapturedMail) {
  const { id, receivedAt, parsed, rcptTo, raw } = mail;
  const texts = {
    text: parsed.text ?? null,
    calendar: calendarOf(mail),
    source: raw.subarray(0, MAX_SOURCE_BYTES).toString('latin1'),
  };
  const parts = [
    ...(parsed.html ? ['html'] : []),
    ...Object.entries(texts).flatMap(([name, text]) => (text ? [name] : [])),
  ];
  const from = parsed.from?.text ?? '';
  const replyTo = parsed.replyTo?.text ?? '';
  return {
    id,
    receivedAt,
    from,
    replyTo,
    to: rcptTo[0] ?? '',
    subject: parsed.subject ?? '',
    parts,
    ...texts,
    canAnswer: canAnswer(mail),
  };
}

async function respondToErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    ctx.status = error instanceof ZodError || error instanceof GatewayError ? 400 : 500;
    ctx.body =
      error instanceof ZodError
        ? error.issues.map(({ message }) => message).join('. ')
        : error instanceof Error
          ? error.message
          : 'failed';
  }
}

/** A page of another site must not send actions, or read mails through a host name that resolves to loopback. */
async function refuseOtherSites(ctx: Context, next: Next): Promise<void> {
  const origin = ctx.get('Origin');
  const local = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(ctx.get('Host'));
  if (
    !local ||
    (origin !== '' && origin !== 'null' && origin !== `http://${ctx.get('Host')}`) ||
    (ctx.method !== 'GET' && ctx.get('Sec-Fetch-Site') === 'cross-site')
  ) {
    ctx.status = 403;
    ctx.body = 'The playground accepts requests only from its own page on this machine.';
    return;
  }
  await next();
}
