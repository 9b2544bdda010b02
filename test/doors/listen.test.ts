// Listening on an address, and the error if that fails.
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../src/doors/listen.ts';

describe('listen', () => {
  const servers: Server[] = [];
  const server = (): Server => {
    const created = createServer();
    servers.push(created);
    return created;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((each) => new Promise((resolve) => each.close(resolve))));
  });

  it('returns the chosen port, and removes its error listener', async () => {
    const one = server();
    const { host, port } = await listen(one, { host: '127.0.0.1', port: 0 }, 'HTTP_LISTEN');
    expect(host).toBe('127.0.0.1');
    expect(port).toBeGreaterThan(0);
    expect(one.listenerCount('error')).toBe(0);
  });

  it('refuses an address in use, and names the setting', async () => {
    const { port } = await listen(server(), { host: '127.0.0.1', port: 0 }, 'HTTP_LISTEN');
    await expect(listen(server(), { host: '127.0.0.1', port }, 'SMTP_LISTEN')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`SMTP_LISTEN: cannot listen on 127.0.0.1:${port}: `) as string,
      cause: expect.objectContaining({ code: 'EADDRINUSE' }) as object,
    });
  });
});
