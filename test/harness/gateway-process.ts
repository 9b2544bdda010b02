// The built gateway in a separate process, for tests that kill it and for measurements. In: settings; out: where it
// listens, and functions that end it. It throws at once if the gateway does not start.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltGateway {
  readonly cli: string;
  remove(): void;
}

/**
 * Builds the package into a new folder, independent of `dist`. It does not check types, which would take most of the time;
 * `npm run typecheck` does.
 */
export function buildGateway(): BuiltGateway {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-built-'));
  for (const name of ['package.json', 'templates', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const built = spawnSync(
    process.execPath,
    [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(folder, 'dist')],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const cli = join(folder, 'dist/app/cli/cli.js');
  if (!existsSync(cli)) throw new Error(`the gateway cannot be built: ${built.stdout}${built.stderr}`);
  return { cli, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface GatewayProcess {
  readonly pid: number;
  readonly httpUrl: string;
  readonly smtpPort: number;
  readonly lmtpPort: number;
  alive(): boolean;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Sends SIGTERM, and SIGKILL if the process has not ended after 15 s. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * @param nodeArgs for node itself, such as `--cpu-prof`. @param startedBy a command that executes the gateway, such as
 * `prlimit`
 */
export async function startGatewayProcess(
  built: BuiltGateway,
  settings: Readonly<Record<string, string>>,
  nodeArgs: readonly string[] = [],
  startedBy: readonly string[] = [],
): Promise<GatewayProcess> {
  const [command = process.execPath, ...args] = [...startedBy, process.execPath, ...nodeArgs, built.cli, 'serve'];
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void gone.then(() => running.delete(child));
  const addresses = await listening(child);
  const portOf = (address: string | null): number => Number(address?.split(':').at(-1));
  return {
    pid: child.pid ?? -1,
    httpUrl: `http://${addresses.http}`,
    smtpPort: portOf(addresses.smtp),
    lmtpPort: portOf(addresses.lmtp),
    alive: () => running.has(child),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(late);
    },
  };
}

interface Addresses {
  readonly http: string;
  readonly smtp: string | null;
  readonly lmtp: string | null;
}

/** Returns the output up to the line `listening`. Later lines are read and dropped, so that the pipe never fills. */
function listening(child: ChildProcess): Promise<Addresses> {
  let said = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const line = said.split('\n').find((each) => each.includes('"msg":"listening"') && each.endsWith('}'));
      if (line === undefined) return;
      said = '';
      child.stdout?.off('data', read).resume();
      child.stderr?.off('data', read).resume();
      resolve(JSON.parse(line) as Addresses);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code, signal) => reject(new Error(`the gateway ended (${code ?? signal}): ${said}`)));
  });
}
