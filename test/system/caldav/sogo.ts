// Debian's SOGo as the organizers' CalDAV server, with a private PostgreSQL, memcached and web server. In: nothing; out: a
// running server on a free loopback port with alice, bob and a service account that may write everything. It sends no mail.
// Its configuration is passed as arguments, which override /etc/sogo. Needs root, because sogod must run as another user.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as forward, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { request } from 'undici';
import { startPostgres } from '../database/start-postgres.ts';
import { type BackgroundProcess, startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const users = `CREATE TABLE sogo_users (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text);
INSERT INTO sogo_users SELECT name, name, password, name, mail FROM (VALUES
  ('alice@example.com', 'alicepw', 'alice@example.com'),
  ('bob@example.com', 'bobpw', 'bob@example.com'),
  ('svc', 'svcpw', 'svc@example.com')) AS everybody (name, password, mail);`;

export async function startSogo(): Promise<CalendarServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sogo-'));
  await promisify(execFile)('chown', ['sogo', folder]);
  const postgres = await startPostgres({ durable: false });
  const port = await freePort();
  const front = await openFront(port);
  const url = `http://127.0.0.1:${portOf(front)}/`;
  const asSogo = (command: string, args: readonly string[]) =>
    startProcess('setpriv', ['--reuid=sogo', '--regid=sogo', '--clear-groups', command, ...args], {
      cwd: folder,
      env: { HOME: folder },
    });
  const socket = join(folder, 'memcached');
  const memcached = asSogo('memcached', ['-s', socket]);
  const sogo = asSogo('sogod', sogodArguments(configuration(postgres.url, socket, port, folder)));
  const stop = async (): Promise<void> => {
    front.closeAllConnections();
    front.close();
    await stopWorkers(sogo);
    await sogo.stop();
    await memcached.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(users);
    await client.end();
    await waitFor(`SOGo's answer (${url})`, async () => (await request(new URL('/SOGo/dav/', url))).statusCode < 500);
    const accounts = { alice: user('alice'), bob: user('bob') };
    for (const one of Object.values(accounts)) await touchHome(url, one);
    return {
      name: 'SOGo',
      url: `${url}SOGo/dav/`,
      users: accounts,
      service: { username: 'svc', password: 'svcpw' },
      home: '/SOGo/dav/{email}/Calendar/',
      ...requestsTo(url),
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`SOGo did not start: ${sogo.output()}`, { cause: error });
  }
}

function user(name: string): CalendarUser {
  const email = `${name}@example.com`;
  return { email, username: email, password: `${name}pw`, calendar: `/SOGo/dav/${email}/Calendar/personal/` };
}

/** In the format of /etc/sogo/sogo.conf, one key per line. */
function configuration(databaseUrl: string, memcached: string, port: number, folder: string): string {
  const database = databaseUrl.replace(/^postgres:/, 'postgresql:');
  return `{
  SOGoSuperUsernames = ("svc");
  SOGoAppointmentSendEMailNotifications = NO;
  SOGoEnableEMailAlarms = NO;
  SOGoProfileURL = "${database}/sogo_user_profile";
  OCSFolderInfoURL = "${database}/sogo_folder_info";
  OCSSessionsFolderURL = "${database}/sogo_sessions_folder";
  OCSEMailAlarmsFolderURL = "${database}/sogo_alarms_folder";
  SOGoUserSources = ({ type = sql; id = users; viewURL = "${database}/sogo_users"; canAuthenticate = YES; isAddressBook = YES; userPasswordAlgorithm = plain; });
  SOGoMemcachedHost = "${memcached}";
  SOGoMailDomain = "example.com";
  SOGoTimeZone = UTC;
  WOPort = "127.0.0.1:${port}";
  WOWorkersCount = 3;
  WOPidFile = "${folder}/pid";
  WOLogFile = "-";
  WONoDetach = YES;
}`;
}

/** sogod always reads /etc/sogo/sogo.conf; its arguments (GNUstep's user defaults) override it. */
function sogodArguments(text: string): string[] {
  return [...text.matchAll(/^ {2}(\w+) = (.*);$/gm)].flatMap(([, key = '', value = '']) => [
    `-${key}`,
    value.replace(/^"(.*)"$/, '$1'),
  ]);
}

/**
 * The web server in front of sogod. It opens a connection for each request, like SOGo's configuration for Apache
 * (`proxy-nokeepalive`), because sogod closes kept connections together with requests in flight.
 */
async function openFront(port: number): Promise<Server> {
  const front = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const to = { host: '127.0.0.1', port, method, path, headers: { ...headers, connection: 'close' }, agent: false };
    const forwarded = forward(to, (answer) => {
      const { connection: _closed, ...fields } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, fields);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return front;
}

/**
 * sogod ends after its workers, which is slow. Each worker is in its own session, so that a signal to sogod's process group
 * does not reach it. What the workers would still write is deleted with the database.
 */
async function stopWorkers(sogo: BackgroundProcess): Promise<void> {
  if (!sogo.alive()) return;
  signal(sogo.pid, 'SIGTERM');
  const workers = await readFile(`/proc/${sogo.pid}/task/${sogo.pid}/children`, 'utf8').catch(() => '');
  for (const pid of workers.split(' ').filter((each) => /^\d+$/.test(each))) signal(Number(pid), 'SIGKILL');
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has already ended.
  }
}

/**
 * SOGo creates tables and the personal calendar at a user's first request; two concurrent first requests would both create
 * them.
 */
async function touchHome(url: string, { username, password, calendar }: CalendarUser): Promise<void> {
  const home = new URL('../..', new URL(calendar, url));
  const answer = await request(home, {
    method: 'PROPFIND' as 'GET',
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`, depth: '1' },
  });
  await answer.body.dump();
  if (answer.statusCode !== 207) throw new Error(`PROPFIND ${home.href}: ${answer.statusCode}`);
}
