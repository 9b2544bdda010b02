// Debian's Cyrus IMAP as the organizers' CalDAV server. In: nothing; out: a private instance on free loopback ports with
// alice, bob and a service account that may act for any user by Authorize-As. Needs root, like Cyrus itself.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const run = promisify(execFile);

export interface CyrusServer extends CalendarServer {
  /** The base URL at which Authorize-As lets the service account act for a user. */
  readonly proxyUrl: string;
}

interface Ports {
  readonly http: number;
  readonly proxy: number;
  readonly imap: number;
  readonly lmtp: number;
  readonly smtp: number;
}

/** @param smtpPort the port to which Cyrus sends its own invitations; it may be closed. */
export async function startCyrus(smtpPort?: number): Promise<CyrusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cyrus-'));
  await chmod(folder, 0o755);
  const ports = {
    http: await freePort(),
    proxy: await freePort(),
    imap: await freePort(),
    lmtp: await freePort(),
    smtp: smtpPort ?? (await freePort()),
  };
  const url = `http://127.0.0.1:${ports.http}/`;
  await writeConfiguration(folder, ports);
  const args = ['-C', join(folder, 'imapd.conf'), '-M', join(folder, 'cyrus.conf'), '-p', join(folder, 'master.pid')];
  const cyrus = startProcess(locateMaster, args);
  const stop = async (): Promise<void> => {
    await cyrus.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(`Cyrus's answer (${url})`, async () => (await request(url)).statusCode < 500);
    const users = { alice: user('alice'), bob: user('bob') };
    await makeMailboxes(ports.imap, Object.values(users));
    for (const one of Object.values(users)) await touchHome(url, one);
    return {
      name: 'Cyrus',
      url,
      proxyUrl: `http://127.0.0.1:${ports.proxy}/`,
      users,
      service: { username: 'svc', password: 'svcpw' },
      home: '/dav/calendars/user/{email}/',
      ...requestsTo(url),
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`Cyrus did not start: ${cyrus.output()}`, { cause: error });
  }
}

const locateMaster = '/usr/sbin/cyrmaster';

function user(name: string): CalendarUser {
  const email = `${name}@example.com`;
  return { email, username: email, password: `${name}pw`, calendar: `/dav/calendars/user/${email}/Default/` };
}

async function writeConfiguration(folder: string, ports: Ports): Promise<void> {
  for (const part of ['db', 'socket', 'proc', 'log', 'msg', 'lock']) {
    await mkdir(join(folder, 'conf', part), { recursive: true });
  }
  for (const part of ['spool', 'sieve']) await mkdir(join(folder, part));
  await writeFile(join(folder, 'imapd.conf'), imapdConfiguration(folder, ports));
  // httpd accepts Authorize-As only when configured as a back end of a Murder, and then creates no mailboxes.
  const proxy = `${imapdConfiguration(folder, ports)}mupdate_server: 127.0.0.1\n`;
  await writeFile(join(folder, 'proxy.conf'), proxy);
  await writeFile(join(folder, 'cyrus.conf'), masterConfiguration(folder, ports));
  const passwords = [
    ['alice', 'alicepw', 'example.com'],
    ['bob', 'bobpw', 'example.com'],
    ...['svc', 'cyrus'].flatMap((name) => ['internal', 'cal.example.com'].map((realm) => [name, `${name}pw`, realm])),
  ];
  for (const [name = '', password = '', realm = ''] of passwords) {
    await setPassword(join(folder, 'sasldb2'), name, password, realm);
  }
  await run('chown', ['-R', 'cyrus:mail', folder]);
}

/** saslpasswd2 reads the password from its standard input. */
function setPassword(file: string, name: string, password: string, realm: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('saslpasswd2', ['-f', file, '-p', '-c', '-u', realm, name], (error) =>
      error === null ? resolve() : reject(error),
    );
    child.stdin?.end(password);
  });
}

function imapdConfiguration(folder: string, ports: Ports): string {
  return `configdirectory: ${folder}/conf
defaultpartition: default
partition-default: ${folder}/spool
sievedir: ${folder}/sieve
idlesocket: ${folder}/conf/socket/idle
notifysocket: ${folder}/conf/socket/notify
lmtpsocket: ${folder}/conf/socket/lmtp
admins: cyrus
servername: cal.example.com
virtdomains: userid
defaultdomain: internal
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: ${folder}/sasldb2
sasl_mech_list: PLAIN
proxyservers: svc
httpmodules: caldav
calendar_user_address_set: example.com
caldav_allowscheduling: on
caldav_historical_age: -1
smtp_backend: host
smtp_host: 127.0.0.1:${ports.smtp}/noauth
autocreate_quota: 0
autocreate_post: 1
`;
}

function masterConfiguration(folder: string, ports: Ports): string {
  const conf = `-C ${folder}/imapd.conf`;
  return `START { recover cmd="/usr/sbin/cyrus ctl_cyrusdb ${conf} -r" }
SERVICES {
  http cmd="httpd ${conf}" listen="127.0.0.1:${ports.http}" prefork=2 maxchild=40
  proxy cmd="httpd -C ${folder}/proxy.conf" listen="127.0.0.1:${ports.proxy}" prefork=2 maxchild=40
  imap cmd="imapd ${conf}" listen="127.0.0.1:${ports.imap}" prefork=1 maxchild=5
  lmtp cmd="lmtpd ${conf} -a" listen="127.0.0.1:${ports.lmtp}" prefork=0 maxchild=5
}
EVENTS { }
`;
}

function makeMailboxes(port: number, users: readonly CalendarUser[]): Promise<void> {
  return imapAsAdmin(
    port,
    users.map(({ email }) => `CREATE "user/${email}"`),
  );
}

/** Cyrus creates a user's calendars at the first request of that user. */
async function touchHome(url: string, { email, username, password }: CalendarUser): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const home = new URL(`/dav/calendars/user/${email}/`, url);
  const answer = await request(home, { method: 'PROPFIND' as 'GET', headers: { authorization, depth: '1' } });
  await answer.body.dump();
  if (answer.statusCode !== 207) throw new Error(`PROPFIND ${home.href}: ${answer.statusCode}`);
}

/** Sends IMAP commands one by one; each must return OK. */
function imapAsAdmin(port: number, commands: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    const left = ['LOGIN cyrus cyruspw', ...commands, 'LOGOUT'];
    let sent = 0;
    let text = '';
    const next = (): void => {
      const command = left.shift();
      if (command === undefined) return;
      socket.write(`a${++sent} ${command}\r\n`);
    };
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      text += String(chunk);
      const tagged = new RegExp(`^a${sent} (\\w+)(.*)$`, 'm').exec(text);
      if (sent === 0 ? text.includes('\n') : tagged !== null) {
        if (tagged !== null && tagged[1] !== 'OK') reject(new Error(`IMAP: ${text}`));
        text = '';
        next();
      }
    });
  });
}
