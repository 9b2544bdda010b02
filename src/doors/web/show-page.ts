// A page model in, an HTML answer in the reader's language out. The style sheet stands in the page itself, allowed by
// its hash: a page needs no second request, and none can be made.
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { Language, Templates } from '../../core/compose/types.ts';
import type { MessagePage } from '../../core/pages/message-page.ts';
import { messageStatus } from './reply-codes.ts';

export interface Pages {
  /** Such as `sha256-…`, for the Content-Security-Policy. */
  readonly styleHash: string;
  /** The best of our languages for this reader. */
  languageOf(ctx: Context): Language;
  /** `template` such as `pages/rsvp.html`. */
  show(ctx: Context, status: number, template: string, data: Readonly<Record<string, unknown>>): void;
  showMessage(ctx: Context, page: MessagePage): void;
}

/** Throws GatewayError `template-invalid` where the style sheet is missing. */
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
