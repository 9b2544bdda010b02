// Builds dist/ if src/ has changed. In: the checkout, and `--always` to build in any case; out: dist/, with the hash of its
// sources in dist/.sources. It does not touch a dist/ that was built from the same sources, because a gateway may be running
// from it. Without sources or a compiler, as in a production image, it leaves dist/ as it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const compiler = 'node_modules/typescript/bin/tsc';
const lock = '.dist-lock';
const built = '.dist-new';
const replaced = '.dist-old';

/** Hashes the contents of everything that dist/ is built from. A clone or a change of branch sets new times, but not new contents. */
function hashSources() {
  const hash = createHash('sha256');
  const sources = readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const file of [...sources.toSorted(), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) {
    hash.update(`${file}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const isBuiltFrom = (hash) => existsSync('dist/.sources') && readFileSync('dist/.sources', 'utf8') === hash;

/** Of two simultaneous starts, the second waits until the first has built. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      process.once('exit', () => rmSync(lock, { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) rmSync(lock, { force: true });
    else await sleep(50);
  }
}

/** Whether the build that took the lock was killed. In a container, this process may have the same id. */
function isAbandoned() {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    const age = Date.now() - statSync(lock).mtimeMs;
    if (holder === 0) return age > 5_000;
    return holder === process.pid || !isRunning(holder) || age > 600_000;
  } catch {
    return false;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Builds into a temporary folder and renames it to dist, so that dist is never incomplete and a failed build changes nothing. */
function build(hash) {
  removeTemporary();
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', built], {
    stdio: 'inherit',
  });
  if (status === 0) {
    writeFileSync(join(built, '.sources'), hash);
    if (existsSync('dist')) renameSync('dist', replaced);
    renameSync(built, 'dist');
  }
  removeTemporary();
  return status ?? 1;
}

function removeTemporary() {
  for (const folder of [built, replaced]) rmSync(folder, { recursive: true, force: true });
}

const always = process.argv.includes('--always');
if (!existsSync('src') || !existsSync(compiler)) {
  if (always || !existsSync('dist')) {
    console.error('dist/ is missing and cannot be built, because src/ or TypeScript is missing.');
    process.exitCode = 1;
  }
} else {
  const hash = hashSources();
  if (always || !isBuiltFrom(hash)) {
    await takeLock();
    if (always || !isBuiltFrom(hash)) process.exitCode = build(hash);
  }
}
