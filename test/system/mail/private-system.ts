// Runs a Debian program whose package conflicts with others on this machine: in a mount namespace, with the unpacked
// packages over /usr and /etc, and with a private /etc, /var and /run that are removed when it ends. In: packages,
// accounts, files, a command; out: the running program. Needs root.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BackgroundProcess, startProcess } from '../background-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { UNPACKED } from '../requirements.ts';

export interface PrivateSystem {
  /** Its /etc, /var and /run are visible under /proc/<pid>/root. */
  readonly process: BackgroundProcess;
  /** Runs a shell command inside and returns its output. Throws if it fails. */
  run(command: string): string;
  stop(): Promise<void>;
}

export interface PrivateProgram {
  /** Folders under /opt/mtas. */
  readonly packages: readonly string[];
  /** The accounts that its installation would create. */
  readonly accounts: readonly string[];
  /** Absolute path → text, `/etc/…`. */
  readonly files: Readonly<Record<string, string>>;
  /** Shell lines before the program: its configuration checks, for example. */
  readonly prepare?: readonly string[];
  readonly command: string;
}

/** @param ready returns true when the program responds. If it never does, the error contains the program's output. */
export async function startPrivately(program: PrivateProgram, ready: () => Promise<boolean>): Promise<PrivateSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'private-'));
  await chmod(folder, 0o755);
  for (const part of ['layers', 'files']) await mkdir(join(folder, part));
  for (const [path, text] of Object.entries(program.files)) {
    await mkdir(join(folder, 'files', dirname(path)), { recursive: true });
    await writeFile(join(folder, 'files', path), text);
  }
  await writeFile(join(folder, 'start.sh'), script(folder, program));
  const started = startProcess('unshare', ['-m', 'sh', join(folder, 'start.sh')]);
  const stop = async (): Promise<void> => {
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(program.command, async () => {
      if (!started.alive()) throw new Error('it ended');
      return ready();
    });
  } catch (error) {
    const said = started.output();
    await stop();
    throw new Error(`${program.command} did not start: ${said}`, { cause: error });
  }
  return {
    process: started,
    run: (command) =>
      execFileSync('nsenter', ['-m', '-t', String(started.pid), 'sh', '-c', `${command} 2>&1`], { encoding: 'utf8' }),
    stop,
  };
}

function script(folder: string, { packages, accounts, prepare = [], command }: PrivateProgram): string {
  const layers = join(folder, 'layers');
  const over = (place: string): string =>
    [...packages.map((name) => join(UNPACKED, name, place)).filter((path) => existsSync(path)), place].join(':');
  const writable = (place: string): string =>
    `mkdir -p ${layers}${place} ${layers}/work${place}
mount -t overlay overlay -o lowerdir=${over(place)},upperdir=${layers}${place},workdir=${layers}/work${place} ${place}`;
  const makeAccounts = accounts.map(
    (name, index) =>
      `echo ${name}:x:${64_001 + index}:${64_001 + index}::/:/usr/sbin/nologin >>/etc/passwd
echo ${name}:x:${64_001 + index}: >>/etc/group`,
  );
  return `set -e
mount --make-rprivate /
mount -t tmpfs none ${layers}
${packages.length === 0 ? '' : `mount -t overlay overlay -o lowerdir=${over('/usr')} /usr`}
${writable('/etc')}
${writable('/var')}
mount -t tmpfs none /run
echo mx.example.net >/etc/mailname
${makeAccounts.join('\n')}
cp -r ${folder}/files/. /
${prepare.join('\n')}
exec ${command}
`;
}
