// Why GET and PUT are our own code and tsdav handles only the XML (docs/decisions/tsdav.md): what tsdav does with a server
// on loopback whose behaviour depends on the path. `node --import tsx test/bench/decisions/tsdav.ts`.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { davRequest, updateCalendarObject } from 'tsdav';
import { openHttpClient } from '../../../src/adapters/caldav/send-request.ts';
import { writeEvent } from '../../../src/adapters/caldav/write-event.ts';
import type { StoredEvent } from '../../../src/core/ical/types.ts';
import { type Finding, printIfMain } from './findings.ts';
import { eventOf } from './stored-events.ts';

const MEGABYTE = 2 ** 20;
const LARGE = 50 * MEGABYTE;
const WAIT_MS = 3000;
const LIMITS = { timeoutMs: 1000, maxBytes: MEGABYTE };
const KEY = { 'X-Api-Key': 'a-secret' };

interface Seen {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

interface TestServer {
  readonly url: string;
  /** The requests, oldest first. */
  readonly seen: Seen[];
  /** Bytes of the large response that were read. */
  taken(): number;
  close(): Promise<void>;
}

export async function measureTsdav(): Promise<Finding[]> {
  const other = await startServer('');
  const server = await startServer(`${other.url}elsewhere`);
  const http = openHttpClient(LIMITS);
  try {
    return [
      await unconditional(server, http),
      await conflict(server, http),
      await moved(server, other, http),
      await silent(server, http),
      await large(server, http),
    ];
  } finally {
    await http.close();
    await Promise.all([server.close(), other.close()]);
  }
}

type Client = ReturnType<typeof openHttpClient>;

async function unconditional(server: TestServer, http: Client): Promise<Finding> {
  const ours = await outcome(() => writeEvent(http, `${server.url}kept`, KEY, stored(null), eventOf(1)));
  const requests = server.seen.length;
  await put(`${server.url}kept`);
  const ifMatch = server.seen.at(-1)?.headers['if-match'];
  return {
    what: 'tsdav updates an event of which no ETag is known',
    figure: ifMatch === undefined ? 'PUT without If-Match: whatever is there is overwritten' : `If-Match: ${ifMatch}`,
    beside: `ours: ${requests} requests, ${ours}`,
  };
}

async function conflict(server: TestServer, http: Client): Promise<Finding> {
  return {
    what: 'tsdav updates an event that has changed (412)',
    figure: await outcome(async () => {
      const { ok, status } = await put(`${server.url}changed`, '"1"');
      return `resolves with ok ${ok}, status ${status}`;
    }),
    beside: `ours: ${await outcome(() => writeEvent(http, `${server.url}changed`, KEY, stored('"1"'), eventOf(1)))}`,
  };
}

async function moved(server: TestServer, other: TestServer, http: Client): Promise<Finding> {
  const ours = await outcome(() => writeEvent(http, `${server.url}moved`, KEY, stored('"1"'), eventOf(1)));
  const before = other.seen.length;
  await put(`${server.url}moved`, '"1"');
  const reached = other.seen.at(-1);
  const key = reached?.headers['x-api-key'] === KEY['X-Api-Key'] ? 'with our X-Api-Key' : 'without our X-Api-Key';
  return {
    what: 'tsdav updates an event and is redirected to another origin (308)',
    figure:
      reached === undefined ? 'the other origin gets nothing' : `the other origin gets the ${reached.method} ${key}`,
    beside: `ours: the other origin gets ${before} requests, ${ours}`,
  };
}

async function silent(server: TestServer, http: Client): Promise<Finding> {
  const asking = davRequest({ url: `${server.url}silent`, init: { method: 'PROPFIND', headers: {}, body: {} } });
  const stop = new AbortController();
  const still = sleep(WAIT_MS, `still waiting after ${WAIT_MS / 1000} s`, { signal: stop.signal });
  const figure = await Promise.race([outcome(async () => `${(await asking).length} answers`), still]);
  stop.abort();
  const ours = await outcome(() => http.send({ method: 'PROPFIND', url: `${server.url}silent`, headers: {} }));
  return {
    what: 'tsdav asks a server that never answers',
    figure,
    beside: `ours, with a limit of ${LIMITS.timeoutMs} ms: ${ours}`,
  };
}

async function large(server: TestServer, http: Client): Promise<Finding> {
  const init = { method: 'PROPFIND', headers: {}, body: {} } as const;
  const theirs = await outcome(() => davRequest({ url: `${server.url}large`, init }));
  const read = server.taken();
  const ours = await outcome(() => http.send({ method: 'PROPFIND', url: `${server.url}large`, headers: {} }));
  return {
    what: `tsdav is answered with ${LARGE / MEGABYTE} MB`,
    figure: `${theirs === 'answered' ? 'reads it whole' : theirs}: the server wrote ${inMegabytes(read)}`,
    beside: `ours, with a limit of ${inMegabytes(LIMITS.maxBytes)}: the server wrote ${inMegabytes(server.taken() - read)}, ${ours}`,
  };
}

function inMegabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(0)} MB`;
}

function put(url: string, etag?: string): Promise<Response> {
  const calendarObject = etag === undefined ? { url, data: eventOf(1) } : { url, data: eventOf(1), etag };
  return updateCalendarObject({ calendarObject, headers: KEY });
}

function stored(etag: string | null): StoredEvent {
  return { href: '/kept', etag, text: eventOf(1), lastModified: null };
}

/** Returns the result or the error as text. */
async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    const value = await work();
    if (typeof value === 'string') return value;
    return typeof value === 'object' && value !== null && 'kind' in value
      ? `gives "${String(value.kind)}"`
      : 'answered';
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return `throws "${text.replace(/http:\/\/127\.0\.0\.1:\d+/g, '')}"`;
  }
}

/** @param elsewhere the target of the redirect at `/moved` */
async function startServer(elsewhere: string): Promise<TestServer> {
  const seen: Seen[] = [];
  let taken = 0;
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', headers: request.headers });
    request.resume();
    request.once('end', () => {
      if (request.url === '/silent') return;
      if (request.url === '/large') void writeLarge(response, (bytes) => (taken += bytes));
      else if (request.url === '/moved') response.writeHead(308, { location: elsewhere }).end();
      else response.writeHead(request.url === '/changed' ? 412 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, seen, taken: () => taken, close: () => close(server) };
}

/** Sends only as fast as the reader reads, so that the count is what was read, apart from socket buffers. */
async function writeLarge(response: ServerResponse, took: (bytes: number) => void): Promise<void> {
  const chunk = Buffer.alloc(MEGABYTE / 4, 'x');
  function* chunks(): Generator<Buffer> {
    for (let written = 0; written < LARGE; written += chunk.length) {
      took(chunk.length);
      yield chunk;
    }
  }
  response.writeHead(207, { 'content-type': 'text/plain' });
  // It ends when the reader closes the connection.
  await pipeline(chunks, response).catch(() => undefined);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

await printIfMain(import.meta.url, measureTsdav);
