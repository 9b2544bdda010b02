// Starts a PostgreSQL server on a free port of 127.0.0.1, in a folder that is deleted with it. Needs initdb and postgres.
// Under root, it runs as `postgres` or `nobody`, because the server refuses to run as root.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../../harness/free-port.ts';
import { locate } from '../requirements.ts';

/** The folder of an installation that has both programs. */
const bin = dirname(locate('initdb') ?? '');

export interface Postgres {
  readonly url: string;
  /** Like a power cut: `pg_ctl stop -m immediate`. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** With `durable: false`, the server runs without fsync, for tests that do not crash it. */
export async function startPostgres(options: { readonly durable: boolean }): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'spool-postgres-'));
  const identity = serverIdentity(folder);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'gateway', '-E', 'UTF8', '--locale=C', '-N'],
    identity,
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
  if (!options.durable) settings.push('fsync=off', 'full_page_writes=off');
  let server: ChildProcess | undefined;
  const url = `postgres://gateway@127.0.0.1:${port}/postgres`;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === undefined || server.exitCode !== null) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill(signal);
    await gone;
    server = undefined;
  };
  const start = async (): Promise<void> => {
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    server = spawn(join(bin, 'postgres'), args, { ...identity, stdio: 'ignore' });
    await waitUntilReady(url);
  };
  await start();
  // In case the test is aborted before it stops the server.
  process.once('exit', () => server?.kill('SIGQUIT'));
  return {
    url,
    start,
    crash: () => end('SIGQUIT'),
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serverIdentity(folder: string): { cwd: string; uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return { cwd: folder };
  const user = Number.isNaN(idOf('-u', 'postgres')) ? 'nobody' : 'postgres';
  const [uid, gid] = [idOf('-u', user), idOf('-g', user)];
  chownSync(folder, uid, gid);
  return { cwd: folder, uid, gid };
}

/** Returns NaN if there is no such user. */
function idOf(flag: string, user: string): number {
  return Number(spawnSync('id', [flag, user]).stdout.toString() || Number.NaN);
}

async function waitUntilReady(url: string): Promise<void> {
  // After a crash, the server first replays its write-ahead log.
  const end = Date.now() + 60_000;
  for (;;) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
