// Debian's Xandikos as the organizers' CalDAV server. In: nothing; out: a running server on a free loopback port. It has no
// users and no authentication: a principal is a directory that everybody may write (a real installation is behind a proxy).
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** Creates two principals, as its own command does for one. */
const makePrincipals = `
import sys
from xandikos.web import XandikosBackend
backend = XandikosBackend(sys.argv[1])
for user in ('alice@example.com', 'bob@example.com'):
    backend.create_principal('/%s/' % user, create_defaults=True)
`;

export async function startXandikos(): Promise<CalendarServer> {
  const folder = await mkdtemp(join(tmpdir(), 'xandikos-'));
  await promisify(execFile)('/usr/bin/python3', ['-c', makePrincipals, folder]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const principal = '/alice@example.com/';
  const args = ['-d', folder, '-l', '127.0.0.1', '-p', String(port), '--current-user-principal', principal];
  const xandikos = startProcess('xandikos', args);
  const stop = async (): Promise<void> => {
    await xandikos.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(`Xandikos's answer (${url})`, async () => (await request(new URL('health', url))).statusCode === 200);
  } catch (error) {
    await stop();
    throw new Error(`Xandikos did not start: ${xandikos.output()}`, { cause: error });
  }
  return {
    name: 'Xandikos',
    url,
    users: { alice: user('alice'), bob: user('bob') },
    service: nobody,
    home: '/{email}/calendars/',
    ...requestsTo(url),
    stop,
  };
}

const nobody = { username: 'nobody', password: 'nothing' };

function user(name: string): CalendarUser {
  const email = `${name}@example.com`;
  return { ...nobody, email, calendar: `/${email}/calendars/calendar/` };
}
