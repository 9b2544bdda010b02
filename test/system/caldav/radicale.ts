// Debian's Radicale as the organizers' CalDAV server. In: nothing; out: a running server on a free loopback port with
// alice, bob and a service account that may write everything. Its files are in a folder that `stop` removes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const rights = `[service]
user: svc
collection: .*
permissions: RrWw
[root]
user: .+
collection:
permissions: R
[principal]
user: .+
collection: {user}
permissions: RW
[calendars]
user: .+
collection: {user}/[^/]+
permissions: rw
`;

/**
 * @param auth `remote-user`: the header X-Remote-User names the user, as behind a proxy.
 * @param others further users with a calendar
 */
export async function startRadicale(
  auth: 'htpasswd' | 'remote-user' = 'htpasswd',
  others: readonly string[] = [],
): Promise<CalendarServer> {
  const folder = await mkdtemp(join(tmpdir(), 'radicale-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const users = { alice: user('alice@example.com'), bob: user('bob@example.com') };
  const owners = [...Object.values(users), ...others.filter((email) => email !== users.alice.email).map(user)];
  const logins = owners.map(({ username, password }) => `${username}:${password}\n`).join('');
  await writeFile(join(folder, 'users'), `${logins}svc:svcpw\n`);
  await writeFile(join(folder, 'rights'), rights);
  await writeFile(join(folder, 'config'), config(folder, port, auth));
  // With --config, /etc/radicale/config is not read.
  const radicale = startProcess('radicale', ['--config', join(folder, 'config')]);
  const stop = async (): Promise<void> => {
    await radicale.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(`Radicale's answer (${url})`, async () => (await request(url)).statusCode < 500);
    const requests = requestsTo(url);
    if (auth === 'htpasswd') for (const one of owners) await requests.makeCalendar(one, one.calendar);
    return {
      name: 'Radicale',
      url,
      users,
      service: { username: 'svc', password: 'svcpw' },
      home: '/{email}/',
      ...requests,
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`Radicale did not start: ${radicale.output()}`, { cause: error });
  }
}

function user(email: string): CalendarUser {
  return { email, username: email, password: `${email.split('@')[0]}pw`, calendar: `/${email}/cal/` };
}

function config(folder: string, port: number, auth: 'htpasswd' | 'remote-user'): string {
  const type = auth === 'htpasswd' ? 'htpasswd' : 'http_x_remote_user';
  return `[server]
hosts = 127.0.0.1:${port}
max_connections = 64
ssl = False
[auth]
type = ${type}
htpasswd_filename = ${folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = from_file
file = ${folder}/rights
[storage]
filesystem_folder = ${folder}/data
[logging]
level = warning
[web]
type = none
`;
}
