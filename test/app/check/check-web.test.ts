// The check of APP_URL.
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkWeb } from '../../../src/app/check/check-web.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { freePort } from '../../harness/free-port.ts';

let gateway: Server;
let listens: string;
beforeAll(async () => {
  gateway = createServer(({ url }, response) => {
    response.writeHead(url === '/healthz' || url === '/odd/healthz' ? 200 : 404);
    response.end(url === '/odd/healthz' ? '<html>' : '{"ok":true}');
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const address = gateway.address();
  listens = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => gateway.close());

const check = (appUrl: string, httpListen: string) =>
  checkWeb(requireConfig({ GATEWAY_SECRETS: `k1:${'A'.repeat(43)}=`, APP_URL: appUrl, HTTP_LISTEN: httpListen }));

describe('the check of APP_URL', () => {
  it('succeeds if it leads to the gateway', async () => {
    expect(await check(`http://${listens}/`, listens)).toMatchObject({ status: 'ok' });
  });

  it('fails if it leads to another server, or to none', async () => {
    const odd = await check(`http://${listens}/odd`, listens);
    expect(odd).toMatchObject({ status: 'failed', finding: expect.stringContaining('another server answers') });
    const wrong = await check(`http://${listens}/x`, listens);
    expect(wrong).toMatchObject({ status: 'failed', finding: expect.stringContaining('HTTP 404') });
    const nowhere = await check(`http://127.0.0.1:${await freePort()}`, listens);
    expect(nowhere).toMatchObject({ status: 'failed', finding: expect.stringContaining('ECONNREFUSED') });
  });

  it('is skipped while the gateway does not run', async () => {
    const port = await freePort();
    const result = await check(`http://127.0.0.1:${port}`, `127.0.0.1:${port}`);
    expect(result).toMatchObject({ status: 'skipped', finding: expect.stringContaining('start the gateway') });
  });
});
