// Reads single fields of a request, the form's before the query's; a field given twice or missing is ''.
import type { Context } from 'koa';

export function field(ctx: Context, name: string): string {
  const form: unknown = ctx.request.body;
  const posted =
    typeof form === 'object' && form !== null && Object.hasOwn(form, name) ? Reflect.get(form, name) : undefined;
  const value: unknown = posted ?? ctx.query[name];
  return typeof value === 'string' ? value : '';
}

/** Where links of this page stand relative to it: `/rsvp/` gives `./`, `/rsvp` gives `./rsvp/`. */
export function folderOf(path: string): string {
  return path.endsWith('/') ? './' : `./${path.slice(path.lastIndexOf('/') + 1)}/`;
}
