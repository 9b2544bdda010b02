// Renders pages. In: a page model; out: an HTML response in the reader's language. The style sheet is inside the page and is
// allowed by its hash, because the Content-Security-Policy forbids further requests. It refuses to start without a style
// sheet.
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { Language, Templates } from '../../core/compose/types.ts';
import type { MessagePage } from '../../core/pages/message-page.ts';
import { messageStatus } from './reply-codes.ts';

export interface Pages {
  /** The hash of the style sheet for the Content-Security-Policy, such as `sha256-…`. */
  readonly styleHash: string;
  /** Returns the best of our languages for this reader. */
  languageOf(ctx: Context): Language;
  /** @param template a name such as `pages/rsvp.html`. */
  show(ctx: Context, status: number, template: string, data: Readonly<Record<string, unknown>>): void;
  showMessage(ctx: Context, page: MessagePage): void;
}

/** Throws GatewayError `template-invalid` if the style sheet is missing. */
export function preparePages(templates: Templates, defaultLanguage: Language): Pages {
  const style = templates.render('pages/style.css', defaultLanguage, {});
  const languages = [defaultLanguage, ...templates.languages.filter((language) => language !== defaultLanguage)];

  const languageOf = (ctx: Context): Language => ctx.acceptsLanguages(languages) || defaultLanguage;

  const show: Pages['show'] = (ctx, status, template, data) => {
    const language = languageOf(ctx);
    ctx.status = status;
    ctx.type = 'text/html; charset=utf-8';
    ctx.vary('Accept-Language');
    ctx.set('Content-Language', language);
    ctx.body = templates.render(template, language, { ...data, language, style });
  };

  return {
    styleHash: `sha256-${createHash('sha256').update(style).digest('base64')}`,
    languageOf,
    show,
    showMessage: (ctx, page) => show(ctx, messageStatus[page.kind], 'pages/message.html', { ...page }),
  };
}
