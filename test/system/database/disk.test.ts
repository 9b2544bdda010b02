// Real disk errors: a small file system that fills up (a tmpfs in its own mount namespace), and system calls that fail with
// EIO (injected by strace). Acknowledged mails stay stored; all others get a temporary error.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSpool } from '../../../src/adapters/spool/open-spool.ts';
import { lacks } from '../requirements.ts';

const child = fileURLToPath(new URL('./disk-child.ts', import.meta.url));
const program = [process.execPath, '--import', 'tsx', child];

const namespaces = ['--user', '--map-root-user', '--mount'];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function run(command: string, args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

describe.skipIf(lacks('smallDisk'))('a disk that fills up', () => {
  it('refuses new mail while accepted work can still be finished, and accepts mail again when there is space', {
    timeout: 60_000,
  }, () => {
    const folder = newFolder();
    const script = 'mount -t tmpfs -o size=110m tmpfs "$0" && exec "$@"';
    const result = run('unshare', [...namespaces, 'sh', '-c', script, folder, ...program, 'fill', folder]);
    expect(result).toMatchObject({
      refusal: 'spool-full temporary',
      readyWhileShort: 'spool-full temporary',
      workedWhileShort: true,
      whileFull: 'spool-full temporary',
      probeWhileFull: 'spool-full temporary',
      committedAgain: true,
    });
    const { kept, waiting } = result as { kept: number; waiting: number };
    expect(kept).toBeGreaterThan(50);
    expect(waiting).toBe(kept - 2);
  });
});

describe.skipIf(lacks('strace'))('a disk that fails', () => {
  it.each([
    ['fsync,fdatasync', '40+9'],
    ['pwrite64', '200+70'],
  ])('acknowledges no mail for which %s failed', { timeout: 60_000 }, async (call, when) => {
    const folder = newFolder();
    const inject = `inject=${call}:error=EIO:when=${when}`;
    const tracing = ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
    const outcomes = run('strace', [...tracing, ...program, 'fail', folder]) as [string, string][];
    const failed = outcomes.filter(([, outcome]) => outcome !== 'kept');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(outcomes.length);
    for (const [, outcome] of failed) expect(outcome).toBe('spool-unavailable temporary');
    const { spool } = await openSpool({ url: `sqlite:${folder}/spool/gateway.db` });
    for (const [id, outcome] of outcomes) {
      const state = (await spool.task(id))?.state;
      if (outcome === 'kept') expect([id, state]).toEqual([id, 'waiting']);
    }
    await spool.close();
  });
});
