// What the system tests need from the machine. The tests use the table to skip what cannot run, and the list of skips is
// printed from it. In: names of requirements; out: what is missing for them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Requirement {
  /** The tests that are skipped without it. */
  readonly tests: string;
  /** Programs in PATH or an sbin folder; a name with a slash is a file. */
  readonly programs: readonly string[];
  /** The Debian packages that contain them; `.ci/run` installs these. */
  readonly packages: string;
  readonly root?: true;
  /** A harmless command that succeeds only if the tests can run. */
  readonly probe?: readonly [command: string, ...args: string[]];
  /** Whether CI may lack it, because containers may forbid it. */
  readonly optional?: true;
}

/** The folder where .ci/run unpacks packages that Debian cannot install together, one folder each. */
export const UNPACKED = '/opt/mtas';
export const CHROMIUM = '/usr/bin/chromium';
/** Mails and test suites of other projects, next to the checkout. */
export const CORPORA = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url));
export const PYTHON = '/usr/bin/python3';

const postgresFolders = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`);
const faketimeName = 'faketime/libfaketimeMT.so.1';

export const requirements = {
  radicale: { tests: 'Radicale', programs: ['radicale'], packages: 'radicale' },
  xandikos: { tests: 'Xandikos', programs: ['xandikos'], packages: 'xandikos python3-aiohttp' },
  sabredav: {
    tests: 'SabreDAV and its plugin',
    programs: ['php', '/usr/share/php/Sabre/autoload.php', '/usr/share/doc/php-sabre-dav/examples/sql'],
    packages: 'php-sabre-dav php-cli php-sqlite3 php-xml php-mbstring php-curl',
  },
  davical: {
    tests: 'DAViCal',
    programs: ['php', 'psql', '/usr/share/davical/dba/create-database.sh', 'initdb', 'postgres'],
    packages: 'davical php-cli php-pgsql postgresql',
  },
  cyrus: {
    tests: 'Cyrus IMAP',
    programs: ['cyrmaster', 'saslpasswd2', '/usr/lib/cyrus/bin/httpd'],
    packages: 'cyrus-caldav cyrus-imapd cyrus-admin sasl2-bin libsasl2-modules libsasl2-modules-db',
    root: true,
  },
  sogo: {
    tests: 'SOGo',
    programs: ['sogod', 'memcached', 'setpriv', 'initdb', 'postgres'],
    packages: 'sogo memcached postgresql',
    root: true,
  },
  postgres: { tests: 'PostgreSQL', programs: ['initdb', 'postgres'], packages: 'postgresql' },
  swaks: { tests: 'mail that swaks sends', programs: ['swaks'], packages: 'swaks' },
  postfix: { tests: 'Postfix', programs: ['postfix', 'swaks'], packages: 'postfix swaks', root: true },
  exim: {
    tests: 'Exim',
    programs: ['unshare', 'swaks', `${UNPACKED}/exim4`],
    packages: 'swaks, and exim4 unpacked by .ci/run',
    root: true,
    probe: ['unshare', '-m', 'true'],
  },
  opensmtpd: {
    tests: 'OpenSMTPD',
    programs: ['unshare', 'swaks', `${UNPACKED}/opensmtpd`],
    packages: 'swaks, and opensmtpd unpacked by .ci/run',
    root: true,
    probe: ['unshare', '-m', 'true'],
  },
  sieve: {
    tests: 'Sieve in Dovecot behind Postfix',
    programs: ['unshare', 'swaks', 'postfix', 'dovecot', 'sievec', '/usr/lib/dovecot/lmtp'],
    packages: 'swaks postfix dovecot-core dovecot-lmtpd dovecot-sieve',
    root: true,
    probe: ['unshare', '-m', 'true'],
  },
  chromium: { tests: 'pages in Chromium', programs: [CHROMIUM], packages: 'chromium' },
  vobject: {
    tests: 'our calendars as vobject reads them',
    programs: [PYTHON],
    packages: 'python3-vobject',
    probe: [PYTHON, '-c', 'import vobject'],
  },
  libical: {
    tests: 'our calendars as libical reads them',
    programs: [PYTHON],
    packages: 'python3 libical3',
    probe: [PYTHON, '-c', "import ctypes; ctypes.CDLL('libical.so.3')"],
  },
  faketime: { tests: 'a clock that is set', programs: [faketimeLibrary()], packages: 'libfaketime' },
  prlimit: { tests: 'a gateway without file descriptors', programs: ['prlimit'], packages: 'util-linux' },
  smallDisk: {
    tests: 'a disk that fills up (a tmpfs in a user namespace)',
    programs: ['unshare'],
    packages: 'util-linux',
    probe: ['unshare', '--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'],
    optional: true,
  },
  strace: {
    tests: 'a disk that fails (strace injects it)',
    programs: ['strace'],
    packages: 'strace',
    probe: ['strace', '-f', '-o', '/dev/null', 'true'],
    optional: true,
  },
} as const satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof requirements;

/** Whether something is missing, as in `describe.skipIf(lacks('postfix'))`. */
export function lacks(...names: readonly RequirementName[]): boolean {
  return names.some((name) => missingFor(name).length > 0);
}

const known = new Map<RequirementName, readonly string[]>();

/** Returns the missing programs, files and rights. */
export function missingFor(name: RequirementName): readonly string[] {
  const before = known.get(name);
  if (before !== undefined) return before;
  const { programs, root, probe }: Requirement = requirements[name];
  const missing = programs.filter((program) => locate(program) === null);
  if (root && process.getuid?.() !== 0) missing.push('the rights of root');
  if (missing.length === 0 && probe !== undefined) {
    const [command, ...args] = probe;
    if (spawnSync(command, args).status !== 0) missing.push(`\`${probe.join(' ')}\` fails`);
  }
  known.set(name, missing);
  return missing;
}

/** Returns the path of that program or file, or null. */
export function locate(name: string): string | null {
  if (name.includes('/')) return existsSync(name) ? name : null;
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    ...postgresFolders,
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** The path of the library that is preloaded to set a clock; Debian's folder depends on the machine's architecture. */
export function faketimeLibrary(): string {
  const paths = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/${faketimeName}`)
    : [];
  return paths.find((path) => existsSync(path)) ?? `/usr/lib/${faketimeName}`;
}

export function systemTestFiles(): string[] {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.test.ts'));
}
