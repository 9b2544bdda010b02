// TLS with a private CA: trusted where the file is given, refused where not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHttpClient } from '../../src/caldav/send-request.ts';
import { has } from '../system/programs.ts';

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

  it('is believed when named, and only then', async () => {
    const limits = { timeoutMs: 2_000, maxBytes: 1_000 };
    const knowing = openHttpClient({ ...limits, caFile });
    const unknowing = openHttpClient(limits);
    expect((await knowing.send({ method: 'GET', url, headers: {} })).body.toString()).toBe('ok');
    await expect(unknowing.send({ method: 'GET', url, headers: {} })).rejects.toMatchObject({
      code: 'caldav-unreachable',
      message: expect.stringMatching(/certificate|SELF_SIGNED/i),
    });
    await Promise.all([knowing.close(), unknowing.close()]);
  });

  it('is missed at start', () => {
    expect(() => openHttpClient({ timeoutMs: 1, maxBytes: 1, caFile: '/nowhere.pem' })).toThrow(/nowhere.pem/);
  });
});
