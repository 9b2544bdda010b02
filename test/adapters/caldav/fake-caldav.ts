// A fake CalDAV server, for failures that real servers seldom show, and for SabreDAV as La Suite runs it: principals and a
// calendar appear at a user's first request, names are case-sensitive, UIDs match as substrings, and scheduling sends its
// callback during the PUT. In: options, among them an interceptor that may respond first; out: its URL and what is stored.
import { octetsOfText, textOfOctets } from '../../../src/core/ical/octets.ts';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface FakeRequest {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FakeOptions {
  /** The user of a request; null makes the server return 401. */
  readonly user?: (headers: IncomingMessage['headers']) => string | null;
  readonly etags?: 'strong' | 'weak' | 'none' | 'property-only';
  /** Written before the path of each href, such as `http://inner.test`. */
  readonly hrefOrigin?: string;
  /** More calendar homes of the user: absolute hrefs, or paths. */
  readonly moreHomes?: readonly string[];
  /** How hrefs contain an `@`. */
  readonly at?: '@' | '%40';
  /** Returns calendar-data in CDATA sections, as Cyrus does. */
  readonly cdata?: boolean;
  /** More collections in the home: name → properties in XML. */
  readonly collections?: Readonly<Record<string, string>>;
  /** Runs between the check of If-Match and the write, as SabreDAV's scheduling does. */
  readonly beforeWrite?: (path: string, text: string) => Promise<void>;
  /** As `beforeWrite`, and for DELETE as well; returns the text that is stored instead, null for none. */
  readonly schedule?: (change: FakeChange) => Promise<string | null>;
  /** The path that contains the homes. */
  readonly root?: string;
  /** Responds in place of the server unless it returns undefined. `hang` sends no response, `cut` closes the connection. */
  readonly intercept?: (request: FakeRequest) => FakeResponse | 'hang' | 'cut' | undefined;
}

export interface FakeChange {
  /** The owner of the calendar. */
  readonly user: string;
  readonly before: string | null;
  /** null for a DELETE. */
  readonly after: string | null;
  readonly headers: IncomingMessage['headers'];
}

export interface FakeCaldav {
  readonly url: string;
  /** Path (decoded) → text. */
  readonly objects: Map<string, string>;
  readonly requests: FakeRequest[];
  stop(): Promise<void>;
}

interface State {
  readonly objects: Map<string, string>;
  /** Paths of the calendars created by MKCALENDAR. */
  readonly calendars: Set<string>;
}

export const calendarProps = '<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>';

export async function startFakeCaldav(options: FakeOptions = {}): Promise<FakeCaldav> {
  const objects = new Map<string, string>();
  const state: State = { objects, calendars: new Set() };
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then(async (body) => {
      const request = {
        method: incoming.method ?? '',
        path: decodeURIComponent(new URL(incoming.url ?? '/', 'http://x').pathname),
        headers: incoming.headers,
        body,
      };
      requests.push(request);
      const response = options.intercept?.(request) ?? (await respond(options, state, request));
      if (response === 'cut') incoming.socket.destroy();
      else if (response !== 'hang') send(outgoing, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`,
    objects,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function homeOf(options: FakeOptions, user: string): string {
  return `${options.root ?? '/calendars/'}${user}/`;
}

async function respond(options: FakeOptions, state: State, request: FakeRequest): Promise<FakeResponse> {
  const user = options.user === undefined ? 'alice@example.com' : options.user(request.headers);
  if (user === null) return { status: 401 };
  const { method, path } = request;
  if (method === 'PROPFIND') return propfind(options, state, user, request);
  if (!path.startsWith(homeOf(options, user))) return { status: 403 };
  if (method === 'REPORT') return query(options, state.objects, request);
  if (method === 'GET') return get(options, state.objects, path);
  if (method === 'PUT' || method === 'DELETE') return write(options, state.objects, user, request);
  if (method === 'MKCALENDAR') {
    state.calendars.add(path);
    return { status: 201 };
  }
  if (method === 'PROPPATCH') return multistatus([[href(options, path), '<D:displayname/>']]);
  return { status: 405 };
}

function propfind(
  options: FakeOptions,
  { objects, calendars }: State,
  user: string,
  request: FakeRequest,
): FakeResponse {
  const { path } = request;
  const principal = href(options, `/principals/${user}/`);
  const home = homeOf(options, user);
  if (path === '/') {
    return multistatus([['/', `<D:current-user-principal><D:href>${principal}</D:href></D:current-user-principal>`]]);
  }
  if (path === `/principals/${user}/`) {
    const homes = [...(options.moreHomes ?? []), href(options, home)].map((one) => `<D:href>${one}</D:href>`);
    return multistatus([[principal, `<C:calendar-home-set>${homes.join('')}</C:calendar-home-set>`]]);
  }
  if (path === home) {
    const collections: [string, string][] = [
      [home, '<D:resourcetype><D:collection/></D:resourcetype>'],
      [`${home}default/`, calendarProps],
      ...Object.entries(options.collections ?? {}).map(([name, props]): [string, string] => [`${home}${name}/`, props]),
      ...[...calendars].filter((one) => one.startsWith(home)).map((one): [string, string] => [one, calendarProps]),
    ];
    return multistatus(collections.map(([url, props]) => [href(options, url), props]));
  }
  const text = objects.get(path);
  if (text === undefined || options.etags === 'none') return { status: 404 };
  return multistatus([[href(options, path), `<D:getetag>${etagOf(options, text)}</D:getetag>`]]);
}

function query(options: FakeOptions, objects: Map<string, string>, { path, body }: FakeRequest): FakeResponse {
  const wanted = unescapeXml(/<c:text-match[^>]*>([^<]*)</.exec(body)?.[1] ?? '');
  const hits = [...objects].filter(([url, text]) => url.startsWith(path) && text.includes(wanted));
  return multistatus(
    hits.map(([url, text]) => {
      const data = options.cdata === true ? `<![CDATA[${text}]]>` : escapeXml(text);
      return [
        href(options, url),
        `<D:getetag>${etagOf(options, text)}</D:getetag><C:calendar-data>${data}</C:calendar-data>`,
      ];
    }),
  );
}

function get(options: FakeOptions, objects: ReadonlyMap<string, string>, path: string): FakeResponse {
  const text = objects.get(path);
  if (text === undefined) return { status: 404 };
  const shown = options.etags !== 'none' && options.etags !== 'property-only';
  return {
    status: 200,
    body: text,
    headers: { 'Content-Type': 'text/calendar', ...(shown && { ETag: etagOf(options, text) }) },
  };
}

async function write(
  options: FakeOptions,
  objects: Map<string, string>,
  user: string,
  { method, path, body, headers }: FakeRequest,
): Promise<FakeResponse> {
  const before = objects.get(path) ?? null;
  const wanted = headers['if-match'];
  if (wanted !== undefined && (before === null || wanted !== strong(before))) return { status: 412 };
  if (method === 'DELETE' && before === null) return { status: 404 };
  const after = method === 'DELETE' ? null : body;
  if (after !== null) await options.beforeWrite?.(path, after);
  const stored = options.schedule === undefined ? after : await options.schedule({ user, before, after, headers });
  if (stored === null) objects.delete(path);
  else objects.set(path, stored);
  return { status: 204 };
}

function etagOf(options: FakeOptions, text: string): string {
  return options.etags === 'weak' ? `W/${strong(text)}` : strong(text);
}

function strong(text: string): string {
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
}

export function multistatus(responses: readonly (readonly [string, string])[]): FakeResponse {
  const each = responses.map(
    ([url, props]) =>
      `<D:response><D:href>${url}</D:href><D:propstat><D:prop>${props}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`,
  );
  const body = `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">${each.join('')}</D:multistatus>`;
  return { status: 207, headers: { 'Content-Type': 'application/xml; charset=utf-8' }, body };
}

function href(options: FakeOptions, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${options.hrefOrigin ?? ''}${options.at === '@' ? encoded.replaceAll('%40', '@') : encoded}`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\r', '&#13;');
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return textOfOctets(Buffer.concat(chunks));
}

function send(outgoing: ServerResponse, response: FakeResponse): void {
  outgoing.writeHead(response.status, response.headers);
  outgoing.end(response.body === undefined ? undefined : octetsOfText(response.body));
}
