// swaks as a mail client. In: an envelope and a mail; out: the server's last reply and the complete dialogue.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SwaksResult {
  /** Exit status: 0 accepted, 24 no recipient accepted, 26 refused at the end of DATA, others in swaks(1). */
  readonly status: number;
  readonly dialogue: string;
}

export async function sendWithSwaks(options: {
  port: number;
  from: string;
  to: string | readonly string[];
  /** The mail, with CRLF or LF. */
  raw: string | Uint8Array;
  protocol?: 'SMTP' | 'LMTP';
  /** Additional arguments, such as `--helo name`. */
  args?: readonly string[];
}): Promise<SwaksResult> {
  const folder = await mkdtemp(join(tmpdir(), 'swaks-'));
  try {
    const file = join(folder, 'mail.eml');
    await writeFile(file, options.raw);
    const to = [options.to].flat().join(',');
    const { port, from, protocol = 'ESMTP', args = [] } = options;
    const envelope = ['--from', from, '--to', to, '--data', `@${file}`, '--timeout', '30'];
    const server = ['--server', '127.0.0.1', '--port', String(port), '--protocol', protocol];
    return await runSwaks([...server, ...envelope, ...args]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runSwaks(args: readonly string[]): Promise<SwaksResult> {
  return new Promise((resolve) => {
    execFile('swaks', args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, dialogue: stdout + stderr });
    });
  });
}
