// Reads single fields of a request. In: a request and a name; out: the value from the form, else from the query; '' if the
// field is missing. It refuses a repeated field: the result is '' as well.
import type { Context } from 'koa';

export function field(ctx: Context, name: string): string {
  const form: unknown = ctx.request.body;
  const posted =
    typeof form === 'object' && form !== null && Object.hasOwn(form, name) ? Reflect.get(form, name) : undefined;
  const value: unknown = posted ?? ctx.query[name];
  return typeof value === 'string' ? value : '';
}

/** Returns the prefix for relative links of a page: `./` for `/rsvp/`, and `./rsvp/` for `/rsvp`. */
export function relativeFolder(path: string): string {
  return path.endsWith('/') ? './' : `./${path.slice(path.lastIndexOf('/') + 1)}/`;
}
