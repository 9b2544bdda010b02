// TLS with a private CA: accepted if NODE_EXTRA_CA_CERTS names it, else refused.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../harness/make-certificate.ts';

describe('a private CA', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  const caFile = join(folder, 'cert.pem');
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const { cert, key } = makeCertificate('localhost');
    writeFileSync(caFile, cert);
    server = createServer({ cert, key }, (_request, response) => response.end('ok'));
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
