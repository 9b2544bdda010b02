// Debian's DAViCal under PHP's built-in web server, with a private PostgreSQL. In: nothing; out: a running server on a free
// loopback port with alice, bob and an administrator as the service account. It sends no mail.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { request } from 'undici';
import { startPostgres } from '../database/start-postgres.ts';
import { startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const script = '/usr/share/davical/dba/create-database.sh';

// One person and one calendar each. `**` before a password means plain text in DAViCal; an Admin may do everything.
const users = `DO $$ DECLARE name text; number int; BEGIN
FOREACH name IN ARRAY ARRAY['alice', 'bob', 'svc'] LOOP
  INSERT INTO usr (active, email_ok, username, password, fullname, email)
    VALUES (true, now(), name||'@example.com', '**'||name||'pw', initcap(name), name||'@example.com') RETURNING user_no INTO number;
  INSERT INTO principal (type_id, user_no, displayname, default_privileges)
    VALUES (1, number, initcap(name), privilege_to_bits(ARRAY['read-free-busy', 'schedule-deliver']));
  INSERT INTO collection (user_no, parent_container, dav_name, dav_etag, dav_displayname, is_calendar, created, modified, resourcetypes)
    VALUES (number, '/'||name||'@example.com/', '/'||name||'@example.com/cal/', md5(name), 'cal', true, now(), now(),
      '<DAV::collection/><urn:ietf:params:xml:ns:caldav:calendar/>');
END LOOP;
INSERT INTO role_member (user_no, role_no)
  SELECT user_no, (SELECT role_no FROM roles WHERE role_name = 'Admin') FROM usr WHERE username = 'svc@example.com';
END $$;`;

/** @param autoSchedule turns on DAViCal's own scheduling between its users. */
export async function startDavical(autoSchedule = true): Promise<CalendarServer> {
  const folder = await mkdtemp(join(tmpdir(), 'davical-'));
  const postgres = await startPostgres({ durable: false });
  const remove = async (): Promise<void> => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const databasePort = new URL(postgres.url).port;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  try {
    await makeDatabase(postgres.url, databasePort);
    await writeFile(join(folder, 'davical-conf.php'), configuration(databasePort, autoSchedule));
    await writeFile(join(folder, 'router.php'), router);
  } catch (error) {
    await remove();
    throw error;
  }
  const settings = {
    sendmail_path: '/bin/true',
    memory_limit: '512M',
    output_buffering: '4096',
    include_path: '/usr/share/awl/inc:/usr/share/davical/inc',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]);
  const php = startProcess('php', [...flags, '-S', `127.0.0.1:${port}`, join(folder, 'router.php')], {
    env: { PHP_CLI_SERVER_WORKERS: '6' },
  });
  const stop = async (): Promise<void> => {
    await php.stop();
    await remove();
  };
  try {
    await waitFor(`DAViCal's answer (${url})`, async () => (await request(url)).statusCode < 500);
  } catch (error) {
    await stop();
    throw new Error(`DAViCal did not start: ${php.output()}`, { cause: error });
  }
  return {
    name: 'DAViCal',
    url: `${url}caldav.php/`,
    users: { alice: user('alice'), bob: user('bob') },
    service: { username: 'svc@example.com', password: 'svcpw' },
    home: '/caldav.php/{email}/',
    ...requestsTo(url),
    stop,
  };
}

async function makeDatabase(databaseUrl: string, port: string): Promise<void> {
  const env = {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: port,
    PGUSER: 'gateway',
    DBAOPTS: `--dbhost 127.0.0.1 --dbport ${port}`,
  };
  await promisify(execFile)('sh', [script, 'davical', 'adminpw'], { env });
  const client = new Client({ connectionString: databaseUrl.replace(/[^/]+$/, 'davical') });
  await client.connect();
  await client.query(users);
  await client.end();
}

function user(name: string): CalendarUser {
  const email = `${name}@example.com`;
  return { email, username: email, password: `${name}pw`, calendar: `/caldav.php/${email}/cal/` };
}

function configuration(databasePort: string, autoSchedule: boolean): string {
  return `<?php
$_SERVER['SERVER_NAME'] = '127.0.0.1';
$c->pg_connect[] = 'host=127.0.0.1 port=${databasePort} dbname=davical user=davical_app';
$c->domain_name = 'example.com';
$c->admin_email = 'root@example.com';
$c->home_calendar_name = 'cal';
$c->enable_auto_schedule = ${String(autoSchedule)};
$c->readonly_webdav_collections = false;
`;
}

/** Routes every request to caldav.php. SERVER_NAME makes DAViCal read its configuration from our folder. */
const router = `<?php
ini_set('display_errors', '0');
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING);
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if (preg_match('#^/caldav\\.php(/.*)?$#', $path, $match)) $path = $match[1] ?? '/';
if (!isset($_SERVER['CONTENT_TYPE']) && isset($_SERVER['HTTP_CONTENT_TYPE'])) $_SERVER['CONTENT_TYPE'] = $_SERVER['HTTP_CONTENT_TYPE'];
$_SERVER['SERVER_NAME'] = '../..'.__DIR__.'/davical';
$_SERVER['PATH_INFO'] = $path;
$_SERVER['SCRIPT_NAME'] = '/caldav.php';
$_SERVER['PHP_SELF'] = '/caldav.php'.$path;
$_SERVER['DOCUMENT_ROOT'] = '/usr/share/davical/htdocs';
chdir('/usr/share/davical/htdocs');
require '/usr/share/davical/htdocs/caldav.php';
`;
