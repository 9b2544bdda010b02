// One HTTP request to a CalDAV server. In: method, URL, headers, body; out: status, headers and the whole body. It
// refuses an answer that comes too late or is too large, and a redirect that leaves the origin the credentials are for.
import { Agent, type Dispatcher, request } from 'undici';
import { GatewayError } from '../../core/errors.ts';
import { CalDavError, refusal } from './caldav-error.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'PROPFIND' | 'REPORT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects within the origin. */
  readonly url: string;
}

export interface HttpClient {
  /**
   * Answers of every status come back as they are, except 401, 429 and 5xx, which throw; so do a lost connection and a
   * time-out (`caldav-unreachable`, temporary) and a body over the cap (`caldav-answer-invalid`).
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

const mostRedirects = 3;

/** RFC 9110 §10.1.5. SOGo takes whoever sends none for Apple's Calendar, and lists to that no calendars but its user's own. */
const userAgent = 'imip-gateway';

/** @param options `timeoutMs` is for one whole request, `maxBytes` for one answer. */
export function openHttpClient(options: { timeoutMs: number; maxBytes: number }): HttpClient {
  const agent = new Agent({
    connections: 16,
    // RFC 9112 §9.3.1: a server may close an idle connection at any time; leaving early loses fewer PUTs to that race.
    keepAliveTimeout: 4_000,
    connect: { timeout: Math.min(options.timeoutMs, 10_000) },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  });
  return {
    send: (wanted) => follow(agent, options, wanted),
    close: () => agent.destroy(),
  };
}

async function follow(
  agent: Dispatcher,
  limits: { timeoutMs: number; maxBytes: number },
  wanted: HttpRequest,
): Promise<HttpAnswer> {
  let url = wanted.url;
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange(agent, limits, { ...wanted, url });
    const location = answer.headers['location'];
    if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
    url = redirectTarget(wanted, url, location);
    if (redirects === mostRedirects) throw new CalDavError('caldav-refused', `${wanted.url} redirects too often`);
  }
}

/** Credentials and impersonation headers go to one origin only; a PUT goes nowhere but where it was decided for. */
function redirectTarget(wanted: HttpRequest, from: string, location: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : null;
  if (target === null || target.origin !== new URL(wanted.url).origin || wanted.method === 'PUT') {
    throw new CalDavError(
      'caldav-refused',
      `${wanted.method} ${wanted.url} is redirected to ${location}: not followed`,
    );
  }
  return target.href;
}

async function exchange(
  agent: Dispatcher,
  limits: { timeoutMs: number; maxBytes: number },
  wanted: HttpRequest,
): Promise<HttpAnswer> {
  const what = `${wanted.method} ${wanted.url}`;
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let status: number;
  let headers: Record<string, string>;
  let body: Buffer;
  try {
    const answer = await request(wanted.url, {
      dispatcher: agent,
      // undici sends any method; its type lists the common ones only.
      method: wanted.method as Dispatcher.HttpMethod,
      headers: { 'User-Agent': userAgent, ...encodeHeaders(wanted.headers) },
      body: wanted.body ?? null,
      signal,
    });
    status = answer.statusCode;
    headers = flatten(answer.headers);
    body = await readBody(answer.body, limits.maxBytes, what);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const why = signal.aborted ? `no answer within ${limits.timeoutMs} ms` : describe(cause);
    throw new CalDavError('caldav-unreachable', `${what}: ${why}`, { temporary: true, cause });
  }
  if (status === 401 || status === 429 || status >= 500)
    throw refusal(what, status, headers['retry-after'], Date.now());
  return { status, headers, body, url: wanted.url };
}

async function readBody(stream: AsyncIterable<Buffer>, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes)
      throw new CalDavError('caldav-answer-invalid', `${what}: the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Field values go out as UTF-8 octets (RFC 9110 §5.5 has them opaque): an internationalised address stays itself. */
function encodeHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (/\p{Cc}/u.test(value)) {
        throw new CalDavError('caldav-refused', `the value for ${name} has control characters`);
      }
      return [name, Buffer.from(value, 'utf8').toString('latin1')];
    }),
  );
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return cause.message === '' ? code : `${code}: ${cause.message}`;
}
