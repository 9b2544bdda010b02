// A CalDAV server in a separate process: the embedded one, or Radicale. In: which; out: its URL, and its own speed: GET,
// one PARTSTAT changed, PUT with If-Match.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { startEmbeddedCaldav } from '../../src/playground/embedded-caldav.ts';
import type { Login } from '../harness/calendar-server.ts';
import { startRadicale } from '../system/caldav/radicale.ts';
import { inParallel } from './bench-kit.ts';

const self = fileURLToPath(import.meta.url);
export const organizer = 'alice@example.com';

export interface BackEnd {
  readonly name: string;
  readonly url: string;
  readonly service: Login;
  /** CALDAV_HOME; null if it is discovered. */
  readonly home: string | null;
  /** The path of that organizer's calendar. */
  pathOf(email: string): string;
  stop(): Promise<void>;
}

interface Told {
  readonly url: string;
  readonly service: Login;
}

/** Reads the port and password from the output of the new process. */
export async function startEmbedded(organizers: readonly string[] = [organizer]): Promise<BackEnd> {
  const child: ChildProcess = fork(self, ['embedded', ...organizers], { execArgv: ['--import', 'tsx'] });
  const told = await new Promise<Told>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Told));
    child.once('exit', () => reject(new Error('the embedded server did not start')));
  });
  return {
    name: 'embedded',
    ...told,
    home: '/calendars/{email}/',
    pathOf: (email) => `/calendars/${encodeURIComponent(email)}/calendar/`,
    stop: async () => void child.kill('SIGKILL'),
  };
}

export async function startRadicaleBackEnd(organizers: readonly string[] = [organizer]): Promise<BackEnd> {
  const server = await startRadicale('htpasswd', organizers);
  if (server.service === null) throw new Error('Radicale has no service account');
  const { url, service, home, stop } = server;
  return { name: 'Radicale', url, service, home, pathOf: (email) => `/${email}/cal/`, stop };
}

export interface CalendarClient {
  get(uid: string): Promise<{ readonly text: string; readonly etag: string }>;
  put(uid: string, text: string, etag: string | null): Promise<void>;
  close(): Promise<void>;
}

export function calendarClient(backEnd: BackEnd, connections: number, owner = organizer): CalendarClient {
  const pool = new Pool(new URL(backEnd.url).origin, { connections });
  const { username, password } = backEnd.service;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const pathOf = (uid: string): string => `${backEnd.pathOf(owner)}${encodeURIComponent(uid)}.ics`;
  return {
    async get(uid) {
      const answer = await pool.request({ method: 'GET', path: pathOf(uid), headers: { authorization } });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`GET ${uid}: ${answer.statusCode}`);
      return { text, etag: String(answer.headers['etag']) };
    },
    async put(uid, text, etag) {
      const headers = { authorization, 'content-type': 'text/calendar', ...(etag !== null && { 'if-match': etag }) };
      const answer = await pool.request({ method: 'PUT', path: pathOf(uid), headers, body: text });
      await answer.body.dump();
      if (answer.statusCode > 204) throw new Error(`PUT ${uid}: ${answer.statusCode}`);
    },
    close: () => pool.close(),
  };
}

/** Returns the events edited per second by a loop that does nothing else. */
export async function measureGetPut(backEnd: BackEnd, uids: readonly string[], width: number): Promise<number> {
  const client = calendarClient(backEnd, width);
  const begun = performance.now();
  await inParallel(uids, width, async (uid) => {
    const { text, etag } = await client.get(uid);
    const answered = text.replace(/PARTSTAT=[A-Z-]+/, (was) =>
      was.endsWith('ACCEPTED') ? 'PARTSTAT=DECLINED' : 'PARTSTAT=ACCEPTED',
    );
    await client.put(uid, answered, etag);
  });
  await client.close();
  return (uids.length * 1_000) / (performance.now() - begun);
}

if (process.argv[2] === 'embedded' && process.argv[1] === self) {
  const { url, service, addUser } = await startEmbeddedCaldav();
  for (const email of process.argv.slice(3)) addUser(email);
  process.send?.({ url, service });
  process.once('disconnect', () => process.exit());
}
