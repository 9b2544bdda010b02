// What the system tests need of the machine. In: names of programs or files; out: which are missing, said once on stderr.
// It refuses to skip in CI, where a missing part is a fault.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createServer } from 'node:net';

/** True where all are there: use with `describe.skipIf(!has(…))`. A name with a slash is a file, else a program in PATH or sbin. */
export function has(what: string, ...names: string[]): boolean {
  const missing = names.filter((name) => locate(name) === null);
  if (missing.length === 0) return true;
  const line = `${what}: skipped, for ${missing.join(', ')} is not installed`;
  if (process.env['CI']) throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}

export function locate(name: string): string | null {
  if (name.includes('/')) return existsSync(name) ? name : null;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** A TCP port on 127.0.0.1 that was free a moment ago, for programs that cannot pick one themselves. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Polls until `probe` is true; it may throw while the thing is not there yet. */
export async function waitFor(what: string, probe: () => Promise<boolean>, timeoutMs = 45_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      if (await probe()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: last });
}
