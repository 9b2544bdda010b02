// Debian's php-sabre-dav (SabreDAV 1.8) under PHP's built-in web server. In: nothing; out: a running server on a free
// loopback port with alice and bob, without a service account; `X-Remote-User` with the shared key acts as any user, as
// behind a proxy.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { startProcess } from '../background-process.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const schemas = '/usr/share/doc/php-sabre-dav/examples/sql';

export const sabreApiKey = 'sabre-api-key';

const makeDatabase = `<?php
$pdo = new PDO('sqlite:'.$argv[1]);
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
foreach (['calendars', 'principals', 'users', 'locks'] as $name) {
  $file = '${schemas}/sqlite.'.$name.'.sql';
  $pdo->exec(file_exists($file) ? file_get_contents($file) : gzdecode(file_get_contents($file.'.gz')));
}
$pdo->exec('DELETE FROM users');
$pdo->exec('DELETE FROM principals');
foreach (['alice', 'bob'] as $name) {
  $email = "$name@example.com";
  $pdo->exec("INSERT INTO principals (uri, email, displayname) VALUES ('principals/$email', '$email', '$name')");
  $pdo->exec("INSERT INTO users (username, digesta1) VALUES ('$email', '".md5("$email:SabreDAV:{$name}pw")."')");
  $pdo->exec("INSERT INTO calendars (principaluri, displayname, uri, ctag, components) VALUES ('principals/$email', 'cal', 'cal', 1, 'VEVENT')");
}
`;

const server = `<?php
error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');
require_once 'Sabre/autoload.php';
$pdo = new PDO('sqlite:'.__DIR__.'/db.sqlite');
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
class Login extends Sabre\\DAV\\Auth\\Backend\\AbstractBasic {
  public $pdo;
  function authenticate(Sabre\\DAV\\Server $server, $realm) {
    if (hash_equals('${sabreApiKey}', $_SERVER['HTTP_X_API_KEY'] ?? '')) {
      $this->currentUser = $_SERVER['HTTP_X_FORWARDED_USER'];
      return true;
    }
    return parent::authenticate($server, $realm);
  }
  function validateUserPass($user, $password) {
    $statement = $this->pdo->prepare('SELECT digesta1 FROM users WHERE username = ?');
    $statement->execute([$user]);
    return $statement->fetchColumn() === md5("$user:SabreDAV:$password");
  }
}
$login = new Login;
$login->pdo = $pdo;
$principals = new Sabre\\DAVACL\\PrincipalBackend\\PDO($pdo);
$calendars = new Sabre\\CalDAV\\Backend\\PDO($pdo);
$server = new Sabre\\DAV\\Server([new Sabre\\CalDAV\\Principal\\Collection($principals), new Sabre\\CalDAV\\CalendarRootNode($principals, $calendars)]);
$server->setBaseUri('/');
$server->addPlugin(new Sabre\\DAV\\Auth\\Plugin($login, 'SabreDAV'));
$server->addPlugin(new Sabre\\DAVACL\\Plugin());
$server->addPlugin(new Sabre\\CalDAV\\Plugin());
$server->exec();
`;

export async function startPhpSabreDav(): Promise<CalendarServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sabre-'));
  await writeFile(join(folder, 'make.php'), makeDatabase);
  await writeFile(join(folder, 'server.php'), server);
  await promisify(execFile)('php', [join(folder, 'make.php'), join(folder, 'db.sqlite')]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const php = startProcess('php', ['-S', `127.0.0.1:${port}`, '-t', folder, join(folder, 'server.php')], {
    env: { PHP_CLI_SERVER_WORKERS: '4' },
  });
  const stop = async (): Promise<void> => {
    await php.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(`SabreDAV's answer (${url})`, async () => (await request(url)).statusCode < 500);
  } catch (error) {
    await stop();
    throw new Error(`php-sabre-dav did not start: ${php.output()}`, { cause: error });
  }
  return {
    name: 'php-sabre-dav',
    url,
    users: { alice: user('alice'), bob: user('bob') },
    service: null,
    home: '/calendars/{email}/',
    ...requestsTo(url),
    stop,
  };
}

function user(name: string): CalendarUser {
  const email = `${name}@example.com`;
  return { email, username: email, password: `${name}pw`, calendar: `/calendars/${email}/cal/` };
}
