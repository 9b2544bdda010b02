// TLS with a private CA: accepted if NODE_EXTRA_CA_CERTS names it, else refused.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../../system/programs.ts';

describe.skipIf(!has('a private CA', 'openssl'))('a private CA', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  const caFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const command = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...command, '-keyout', keyFile, '-out', caFile, ...subject], { stdio: 'ignore' });
    server = createServer({ cert: readFileSync(caFile), key: readFileSync(keyFile) }, (_request, response) =>
      response.end('ok'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `https://localhost:${address !== null && typeof address === 'object' ? address.port : 0}/`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** Sends the request from a new process, because Node reads the variable at start-up. */
  async function requestInNewProcess(env: Readonly<Record<string, string>>): Promise<string> {
    const client = new URL('../../../src/adapters/caldav/send-request.ts', import.meta.url).href;
    const code = `
      const { openHttpClient } = await import('${client}');
      const http = openHttpClient({ timeoutMs: 5000, maxBytes: 1000 });
      const response = http.send({ method: 'GET', url: '${url}', headers: {} });
      console.log(await response.then(({ body }) => String(body), ({ code, message }) => code + ' ' + message));
      await http.close();`;
    const command = ['--import', 'tsx', '--input-type=module', '--eval', code];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...env } });
    return stdout.trim();
  }

  it('is accepted only if NODE_EXTRA_CA_CERTS names it', async () => {
    expect(await requestInNewProcess({ NODE_EXTRA_CA_CERTS: caFile })).toBe('ok');
    expect(await requestInNewProcess({})).toMatch(/^caldav-unreachable .*(?:certificate|SELF_SIGNED)/i);
  });
});
