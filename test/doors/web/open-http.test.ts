import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/flow/ports/log.ts';
import { signRsvpToken } from '../../../src/core/signing/token.ts';
import { claims, ring, setStage, startHttp } from './start-http.ts';
import { makeGate, speak } from './wire.ts';

const stage = setStage();
const http = await startHttp(stage);
const token = await signRsvpToken(ring, claims);
afterAll(() => http.close(100));

describe('every page', () => {
  it.each(['/rsvp/', `/rsvp/?token=${token}`, '/rsvp/recorded', '/decide/', '/nowhere', '/'])(
    '%s tells nobody where it was and keeps nothing',
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

  it('may use its one style sheet and nothing else', async () => {
    const response = await fetch(`${http.url}/rsvp/?token=${token}`);
    const style = /<style>([^]*)<\/style>/.exec(await response.text())?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none';style-src 'sha256-${hash}';img-src data:;form-action 'self';base-uri 'none';frame-ancestors 'none'`,
    );
  });

  it('has no script, no foreign address and no style outside of its sheet', async () => {
    const page = await (await fetch(`${http.url}/rsvp/?token=${token}`)).text();
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|<iframe|<img|@import|url\(/i);
    expect(page.match(/<html lang="en">/)).not.toBeNull();
  });

  it('is told to stay with https where the gateway is reached by it', async () => {
    const secure = await startHttp(setStage(), { appUrl: 'https://calendar.example.com' });
    const { headers } = await fetch(`${secure.url}/rsvp/`);
    expect(headers.get('Strict-Transport-Security')).toBe('max-age=31536000');
    await secure.close(100);
  });
});

describe('the server', () => {
  it.each(['destroy', 'resetAndDestroy'] as const)('makes no fuss about a client that leaves (%s)', async (leave) => {
    const lines: string[] = [];
    const log = new Proxy(
      {},
      { get: (_, level) => (_facts: unknown, text: string) => lines.push(`${String(level)} ${text}`) },
    );
    const own = await startHttp(setStage(), { log: log as Log });
    const head = [
      'Host: x',
      'Expect: 100-continue',
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 100',
    ].join('\r\n');
    const request = `POST /rsvp/?token=${token} HTTP/1.1\r\n${head}\r\n\r\ncomment=`;
    const socket = connect(own.address.port, '127.0.0.1', () => socket.write(request));
    // Until the request is being read, which begins soon after the 100, there is nothing to break off.
    socket.once('data', () => setTimeout(() => socket[leave](), 200));
    await expect.poll(() => lines).toEqual(['debug a client hung up']);
    await own.close(100);
  });

  it('says that it is alive and ready, and by name what is not', async () => {
    expect(await (await fetch(`${http.url}/healthz`)).json()).toEqual({ ok: true });
    expect((await fetch(`${http.url}/readyz`)).status).toBe(200);
    stage.ready = { ok: false, checks: { spool: 'ok', smtp: 'not listening' } };
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
  ])('answers %s %s with %i', async (method, path, status) => {
    const answer = await speak(http.address.port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it.each([
    ['no HTTP', 'EHLO example.com\r\n\r\n'],
    ['a header without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: a\u0000b\r\n\r\n'],
    ['two lengths', 'POST /rsvp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'length and chunks',
      'POST /rsvp/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('refuses %s and lives', async (_, bytes) => {
    expect(await speak(http.address.port, bytes)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect((await fetch(`${http.url}/healthz`)).status).toBe(200);
  });

  it('rejects where its port is taken', async () => {
    await expect(startHttp(setStage(), { port: http.address.port })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/^HTTP_LISTEN: .*EADDRINUSE/),
    });
  });

  it('lets what is under way end, and then closes', async () => {
    const slow = setStage();
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

  it('does not wait longer than it was told to', async () => {
    const stuck = setStage();
    const own = await startHttp(stuck);
    Object.defineProperty(stuck, 'shown', { get: () => new Promise(() => undefined) });
    const response = fetch(`${own.url}/rsvp/?token=${token}`).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await own.close(50);
    expect(await response).toBe('cut');
  });
});
