// The HTTP server: security headers, malformed requests, disconnecting clients, shutdown.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/flow/ports/log.ts';
import { signRsvpToken } from '../../../src/core/signing/token.ts';
import { claims, ring, makeFakes, startHttp } from './start-http.ts';
import { makeGate, sendBytes } from './wire.ts';

const fakes = makeFakes();
const http = await startHttp(fakes);
const token = await signRsvpToken(ring, claims);
afterAll(() => http.close(100));

describe('every page', () => {
  it.each(['/rsvp/', `/rsvp/?token=${token}`, '/rsvp/recorded', '/decide/', '/nowhere', '/'])(
    '%s has the security headers',
    async (path) => {
      const { headers } = await fetch(http.url + path);
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('X-Frame-Options')).toBe('DENY');
      expect(headers.get('X-Robots-Tag')).toContain('noindex');
      expect(headers.get('X-Powered-By')).toBeNull();
      expect(headers.get('Strict-Transport-Security')).toBeNull();
    },
  );

  it('allows only its one style sheet', async () => {
    const response = await fetch(`${http.url}/rsvp/?token=${token}`);
    const style = /<style>([^]*)<\/style>/.exec(await response.text())?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none';style-src 'sha256-${hash}';img-src data:;form-action 'self';base-uri 'none';frame-ancestors 'none'`,
    );
  });

  it('has no script, no external resource and no style outside its style sheet', async () => {
    const page = await (await fetch(`${http.url}/rsvp/?token=${token}`)).text();
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|<iframe|<img|@import|url\(/i);
    expect(page.match(/<html lang="en">/)).not.toBeNull();
  });

  it('has Strict-Transport-Security if the app URL is https', async () => {
    const secure = await startHttp(makeFakes(), { appUrl: 'https://calendar.example.com' });
    const { headers } = await fetch(`${secure.url}/rsvp/`);
    expect(headers.get('Strict-Transport-Security')).toBe('max-age=31536000');
    await secure.close(100);
  });
});

describe('the server', () => {
  it.each(['destroy', 'resetAndDestroy'] as const)(
    'logs a disconnecting client only at level debug (%s)',
    async (leave) => {
      const lines: string[] = [];
      const log = new Proxy(
        {},
        { get: (_, level) => (_facts: unknown, text: string) => lines.push(`${String(level)} ${text}`) },
      );
      const own = await startHttp(makeFakes(), { log: log as Log });
      const head = [
        'Host: x',
        'Expect: 100-continue',
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 100',
      ].join('\r\n');
      const request = `POST /rsvp/?token=${token} HTTP/1.1\r\n${head}\r\n\r\ncomment=`;
      const socket = connect(own.address.port, '127.0.0.1', () => socket.write(request));
      // The server starts to read the request soon after it has sent 100.
      socket.once('data', () => setTimeout(() => socket[leave](), 200));
      await expect.poll(() => lines).toEqual(['debug http client disconnected']);
      await own.close(100);
    },
  );

  it('reports that it is alive and ready, or which check has failed', async () => {
    expect(await (await fetch(`${http.url}/healthz`)).json()).toEqual({ ok: true });
    expect((await fetch(`${http.url}/readyz`)).status).toBe(200);
    fakes.ready = { ok: false, checks: { spool: 'ok', smtp: 'not listening' } };
    const response = await fetch(`${http.url}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { ok: false, checks: { spool: 'ok', smtp: 'not listening' } },
    ]);
  });

  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/rsvp/../../etc/passwd', 404],
    ['GET', '/%00', 404],
    ['GET', '/rsvp/recorded/x', 404],
    ['DELETE', '/rsvp/', 405],
    ['PUT', '/healthz', 405],
    ['PROPFIND', '/', 501],
  ])('responds to %s %s with %i', async (method, path, status) => {
    const response = await sendBytes(
      http.address.port,
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it.each([
    ['a text that is not HTTP', 'EHLO example.com\r\n\r\n'],
    ['an overlong header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: a\u0000b\r\n\r\n'],
    ['two lengths', 'POST /rsvp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'length and chunks',
      'POST /rsvp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('refuses %s and continues to work', async (_, bytes) => {
    expect(await sendBytes(http.address.port, bytes)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect((await fetch(`${http.url}/healthz`)).status).toBe(200);
  });

  it('does not start if its port is in use', async () => {
    await expect(startHttp(makeFakes(), { port: http.address.port })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/^HTTP_LISTEN: .*EADDRINUSE/),
    });
  });

  it('finishes requests in progress before it closes', async () => {
    const slow = makeFakes();
    const own = await startHttp(slow);
    const gate = makeGate();
    Object.defineProperty(slow, 'shown', {
      get: () => gate.opened.then(() => ({ state: 'gone', event: null, partstat: null, sequence: null })),
    });
    const response = fetch(`${own.url}/rsvp/?token=${token}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = own.close(5000);
    await expect(fetch(`${own.url}/healthz`)).rejects.toThrow();
    gate.open();
    expect((await response).status).toBe(410);
    await closed;
  });

  it('does not wait longer than the given time', async () => {
    const stuck = makeFakes();
    const own = await startHttp(stuck);
    Object.defineProperty(stuck, 'shown', { get: () => new Promise(() => undefined) });
    const response = fetch(`${own.url}/rsvp/?token=${token}`).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await own.close(50);
    expect(await response).toBe('cut');
  });
});
