// The store on a fake server: late, large, malformed and redirecting responses; the headers that La Suite's SabreDAV needs.
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CalDavAuth } from '../../../src/adapters/caldav/authorize.ts';
import { openCalendarStore } from '../../../src/adapters/caldav/open-calendar-store.ts';
import { type FakeOptions, multistatus, startFakeCaldav } from './fake-caldav.ts';
import { respondingTo, start, text } from './fake-store.ts';
import { address, alice } from './store-contract.ts';

const userFromHeaders = (names: { key: string; user: string }): FakeOptions => ({
  user: (headers) => (headers[names.key] === 'secret' ? String(headers[names.user] ?? '') : null),
});

describe('a response', () => {
  it.each<[string, FakeOptions, object]>([
    [
      'too late',
      respondingTo('GET', 'hang'),
      { code: 'caldav-unreachable', temporary: true, message: expect.stringContaining('300 ms') },
    ],
    ['too large', respondingTo('GET', { status: 200, body: 'x'.repeat(200_000) }), { code: 'caldav-answer-invalid' }],
    [
      'no multistatus',
      respondingTo('PROPFIND', { status: 200, body: '<html>Welcome</html>' }),
      { code: 'caldav-answer-invalid' },
    ],
    [
      'broken XML',
      respondingTo('PROPFIND', { status: 207, headers: { 'Content-Type': 'text/xml' }, body: '<D:multi' }),
      { code: 'caldav-answer-invalid' },
    ],
    ['home forbidden', respondingTo('PROPFIND', { status: 403 }), { code: 'caldav-unauthorized', temporary: false }],
    [
      'no DAV at all',
      respondingTo('PROPFIND', { status: 405 }),
      { code: 'caldav-refused', message: expect.stringContaining('CALDAV_HOME') },
    ],
    [
      'query refused',
      {
        intercept: ({ method }) =>
          method === 'GET' ? { status: 404 } : method === 'REPORT' ? { status: 403 } : undefined,
      },
      { code: 'caldav-refused' },
    ],
    [
      'query refused for now',
      {
        intercept: ({ method }) =>
          method === 'GET'
            ? { status: 404 }
            : method === 'REPORT'
              ? { status: 503, headers: { 'Retry-After': '3' } }
              : undefined,
      },
      { code: 'caldav-unreachable', retryAfterMs: 3_000 },
    ],
  ])('that is %s', async (_what, options, failure) => {
    const { store } = await start(options, { timeoutMs: 300, maxBytes: 100_000 });
    await expect(store.find(alice, 'one', null)).rejects.toMatchObject(failure);
  });

  it('that never ends is aborted: the time-out covers the whole response', async () => {
    const endless = createServer((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const bound = endless.address();
    const url = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}/`;
    const store = openCalendarStore({ url, auth: { kind: 'api-key', key: 'k' }, home: '/{email}/', timeoutMs: 300 });
    onTestFinished(async () => {
      await store.close();
      endless.close();
    });
    await expect(store.find(alice, 'one', '/x.ics')).rejects.toMatchObject({
      code: 'caldav-unreachable',
      temporary: true,
    });
  });
});

describe('a redirect', () => {
  it('is followed within the origin', async () => {
    const { store } = await start({
      intercept: ({ method, path }) =>
        method === 'PROPFIND' && path === '/'
          ? { status: 404 }
          : path === '/.well-known/caldav'
            ? { status: 301, headers: { Location: '/dav' } }
            : path === '/dav'
              ? multistatus([
                  [
                    '/dav',
                    '<D:current-user-principal><D:href>/principals/alice%40example.com/</D:href></D:current-user-principal>',
                  ],
                ])
              : undefined,
    });
    expect((await store.find(alice, 'one', null)).kind).toBe('found');
  });

  it('to another origin is not followed, so that it does not get the credentials', async () => {
    const other = await startFakeCaldav();
    onTestFinished(() => other.stop());
    const { store } = await start({
      intercept: ({ path }) => ({ status: 302, headers: { Location: new URL(path, other.url).href } }),
    });
    await expect(store.find(alice, 'one', null)).rejects.toMatchObject({
      code: 'caldav-refused',
      message: expect.stringContaining('not followed'),
    });
    expect(other.requests).toEqual([]);
  });

  it('to itself is followed only a few times', async () => {
    const { store } = await start({ intercept: ({ path }) => ({ status: 302, headers: { Location: path } }) });
    await expect(store.find(alice, 'one', null)).rejects.toThrow(/too often/);
  });
});

describe('SabreDAV as La Suite runs it', () => {
  it.each<[CalDavAuth, { key: string; user: string }]>([
    [
      { kind: 'api-key', key: 'secret' },
      { key: 'x-api-key', user: 'x-forwarded-user' },
    ],
    [
      { kind: 'ls', key: 'secret' },
      { key: 'x-ls-api-key', user: 'x-ls-user' },
    ],
  ])('gets the organizer in the header, in the original spelling: %j', async (auth, names) => {
    const { server, store } = await start(userFromHeaders(names), { auth, home: '/calendars/{email}/' });
    const mixed = address('Alice.Doe@Example.com');
    server.objects.set(
      '/calendars/Alice.Doe@Example.com/default/one.ics',
      text.replaceAll('alice@example.com', 'alice.doe@example.com'),
    );
    expect((await store.find(mixed, 'one', null)).kind).toBe('found');
    expect((await store.find(address('alice.doe@example.com'), 'one', null)).kind).toBe('none');
    expect(server.requests.at(0)?.headers[names.user]).toBe('Alice.Doe@Example.com');
  });

  it('supports discovery with these headers, and refuses a wrong key', async () => {
    const names = { key: 'x-ls-api-key', user: 'x-ls-user' };
    const right = await start(userFromHeaders(names), { auth: { kind: 'ls', key: 'secret' } });
    expect((await right.store.find(alice, 'one', null)).kind).toBe('found');
    const wrong = await start(userFromHeaders(names), { auth: { kind: 'ls', key: 'guess' } });
    await expect(wrong.store.find(alice, 'one', null)).rejects.toMatchObject({ code: 'caldav-unauthorized' });
  });

  it('gets an internationalised address as UTF-8 octets, and never a line break', async () => {
    const { server, store } = await start(
      {},
      { auth: { kind: 'remote-user', header: 'X-Remote-User' }, home: '/calendars/{email}/' },
    );
    await store.find(address('jürgen@example.com'), 'one', null);
    const seen = String(server.requests[0]?.headers['x-remote-user']);
    expect(Buffer.from(seen, 'latin1').toString('utf8')).toBe('jürgen@example.com');
    const evil = { key: 'x', asWritten: 'a@example.com\r\nX-Api-Key: k' };
    await expect(store.find(evil, 'one', null)).rejects.toMatchObject({ code: 'caldav-refused' });
  });
});

it.each(['/calendars/{user}/', '/calendars/', '{}'])('refuses the CALDAV_HOME %j at start-up', (template) => {
  const auth: CalDavAuth = { kind: 'api-key', key: 'k' };
  expect(() => openCalendarStore({ url: 'http://caldav', auth, home: template })).toThrow(/home template/);
});
