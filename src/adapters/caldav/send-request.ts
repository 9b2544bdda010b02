// Sends one HTTP request to a CalDAV server. In: method, URL, headers, body; out: status, headers and the whole body. It
// refuses a response that is too late or too large, and a redirect to another origin than the one of the credentials.
import { Agent, type Dispatcher, request as sendWithUndici } from 'undici';
import { GatewayError } from '../../core/errors.ts';
import { CalDavError, errorForStatus } from './caldav-error.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'PROPFIND' | 'REPORT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The URL that responded, after redirects within the origin. */
  readonly url: string;
}

export interface HttpClient {
  /**
   * Returns responses of every status except 401, 429 and 5xx, which throw. A lost connection and a time-out throw
   * `caldav-unreachable` (temporary), and a body over the limit throws `caldav-answer-invalid`.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

const maxRedirects = 3;

/**
 * RFC 9110 §10.1.5. SOGo treats a client without User-Agent as Apple's Calendar, and lists only the calendars that the
 * account owns.
 */
const userAgent = 'imip-gateway';

/** @param options `timeoutMs` limits one whole request, `maxBytes` one response body. */
export function openHttpClient(options: { timeoutMs: number; maxBytes: number }): HttpClient {
  const agent = new Agent({
    connections: 16,
    // A server may close an idle connection at any time (RFC 9112 §9.3.1). Closing it first loses fewer PUTs to that race.
    keepAliveTimeout: 4_000,
    connect: { timeout: Math.min(options.timeoutMs, 10_000) },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  });
  return {
    send: (request) => sendAndFollowRedirects(agent, options, request),
    close: () => agent.destroy(),
  };
}

async function sendAndFollowRedirects(
  agent: Dispatcher,
  limits: { timeoutMs: number; maxBytes: number },
  request: HttpRequest,
): Promise<HttpResponse> {
  let url = request.url;
  for (let redirects = 0; ; redirects++) {
    const response = await sendOnce(agent, limits, { ...request, url });
    const location = response.headers['location'];
    if (response.status < 300 || response.status > 399 || location === undefined) return response;
    url = redirectTarget(request, url, location);
    if (redirects === maxRedirects) throw new CalDavError('caldav-refused', `${request.url} redirects too often`);
  }
}

/**
 * Refuses another origin, which must not get the credentials, and any redirect of a PUT, whose URL the caller has
 * checked.
 */
function redirectTarget(request: HttpRequest, from: string, location: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : null;
  if (target === null || target.origin !== new URL(request.url).origin || request.method === 'PUT') {
    throw new CalDavError(
      'caldav-refused',
      `${request.method} ${request.url}: the redirect to ${location} is not followed`,
    );
  }
  return target.href;
}

async function sendOnce(
  agent: Dispatcher,
  limits: { timeoutMs: number; maxBytes: number },
  request: HttpRequest,
): Promise<HttpResponse> {
  const what = `${request.method} ${request.url}`;
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let status: number;
  let headers: Record<string, string>;
  let body: Buffer;
  try {
    const response = await sendWithUndici(request.url, {
      dispatcher: agent,
      // undici sends any method, but its type lists only the common ones.
      method: request.method as Dispatcher.HttpMethod,
      headers: { 'User-Agent': userAgent, ...encodeHeaders(request.headers) },
      body: request.body ?? null,
      signal,
    });
    status = response.statusCode;
    headers = joinValues(response.headers);
    body = await readBody(response.body, limits.maxBytes, what);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const why = signal.aborted ? `no complete response within ${limits.timeoutMs} ms` : describeError(cause);
    throw new CalDavError('caldav-unreachable', `${what}: ${why}`, { temporary: true, cause });
  }
  if (status === 401 || status === 429 || status >= 500) {
    const error = errorForStatus(what, status, headers['retry-after'], Date.now());
    error.challenge = headers['www-authenticate'] ?? null;
    throw error;
  }
  return { status, headers, body, url: request.url };
}

async function readBody(stream: AsyncIterable<Buffer>, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes)
      throw new CalDavError('caldav-answer-invalid', `${what}: the response is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Encodes header values as UTF-8 octets, which RFC 9110 §5.5 allows as opaque data, so that an internationalised address
 * arrives unchanged.
 */
function encodeHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (/\p{Cc}/u.test(value)) {
        throw new CalDavError('caldav-refused', `the value of the header ${name} has control characters`);
      }
      return [name, Buffer.from(value, 'utf8').toString('latin1')];
    }),
  );
}

function joinValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function describeError(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return cause.message === '' ? code : `${code}: ${cause.message}`;
}
