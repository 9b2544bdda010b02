// Debian's Postfix as a mail provider's MTA: a private instance whose configuration, queue and data are in one folder, on a
// free loopback port. In: the transport of each domain; out: its port, its log, its queue. Needs root, like Postfix itself.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProcess } from '../background-process.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';

const run = promisify(execFile);

export interface Postfix {
  readonly port: number;
  readonly smtpUrl: string;
  /** The log so far. */
  log(): Promise<string>;
  /** The queue ids of waiting mails. */
  queue(): Promise<string[]>;
  /** Retries the waiting mails now. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param options.transports domain → transport, such as `smtp:[127.0.0.1]:2525` or `lmtp:inet:127.0.0.1:2424`.
 * @param options.relayhost the relay for all other domains, such as `[127.0.0.1]:2526`; without it, their mail bounces.
 * @param options.settings additional lines of main.cf.
 * @param options.services additional lines of master.cf.
 */
export async function startPostfix(options: {
  transports: Readonly<Record<string, string>>;
  relayhost?: string;
  settings?: readonly string[];
  services?: readonly string[];
}): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'postfix-'));
  // Daemons that do not run as root must be able to enter it.
  await chmod(folder, 0o755);
  const port = await freePort();
  const config = join(folder, 'config');
  const logFile = join(folder, 'mail.log');
  await writeConfiguration(folder, config, port, logFile, options);
  const postfix = startProcess('postfix', ['-c', config, 'start-fg']);
  const log = (): Promise<string> => readFile(logFile, 'utf8').catch(() => '');
  const stop = async (): Promise<void> => {
    await run('postfix', ['-c', config, 'stop']).catch(() => undefined);
    await postfix.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor('the start of Postfix', async () => (await log()).includes('daemon started'));
  } catch (error) {
    const said = `${postfix.output()}\n${await log()}`;
    await stop();
    throw new Error(`Postfix did not start: ${said}`, { cause: error });
  }
  return {
    port,
    smtpUrl: `smtp://127.0.0.1:${port}`,
    log,
    async queue() {
      const { stdout } = await run('postqueue', ['-c', config, '-j']);
      const lines = stdout.split('\n').filter((line) => line !== '');
      return lines.map((line) => (JSON.parse(line) as { queue_id: string }).queue_id);
    },
    async flush() {
      await run('postqueue', ['-c', config, '-f']);
    },
    stop,
  };
}

async function writeConfiguration(
  folder: string,
  config: string,
  port: number,
  logFile: string,
  options: Parameters<typeof startPostfix>[0],
): Promise<void> {
  if (userInfo().uid !== 0) throw new Error('Postfix can be started by root only');
  const queue = join(folder, 'queue');
  const data = join(folder, 'data');
  for (const made of [config, queue, data]) await mkdir(made);
  const { stdout } = await run('id', ['-u', 'postfix']);
  await chown(data, Number(stdout), 0);
  const transports = Object.entries(options.transports);
  const routes = transports.map(([domain, transport]) => `{ ${domain} = ${transport} }`);
  const main = [
    'compatibility_level = 3.6',
    'myhostname = mta.example.net',
    'mydestination =',
    `queue_directory = ${queue}`,
    `data_directory = ${data}`,
    `maillog_file = ${logFile}`,
    `maillog_file_prefixes = ${folder}`,
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mynetworks = 127.0.0.0/8',
    'smtpd_tls_security_level = none',
    'smtp_dns_support_level = disabled',
    'smtp_host_lookup = native',
    'alias_maps =',
    'alias_database =',
    'local_recipient_maps =',
    'biff = no',
    // Short retry intervals.
    'queue_run_delay = 1s',
    'minimal_backoff_time = 1s',
    'maximal_backoff_time = 2s',
    'smtp_connection_cache_on_demand = no',
    `relay_domains = ${transports.map(([domain]) => domain).join(' ')}`,
    `transport_maps = ${transports.length === 0 ? '' : `inline:{ ${routes.join(', ')} }`}`,
    ...(options.relayhost === undefined
      ? ['default_transport = error:5.1.2 no such domain here']
      : [`relayhost = ${options.relayhost}`]),
    ...(options.settings ?? []),
  ];
  await writeFile(join(config, 'main.cf'), `${main.join('\n')}\n`);
  await writeFile(join(config, 'master.cf'), `${masterConfiguration(port)}${(options.services ?? []).join('\n')}\n`);
}

/** Without chroot, which would need copies of system files. */
function masterConfiguration(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
