// The store against a server by hand: late, large, redirecting, half-refusing, tagless answers; ways of access; searches.
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { CalDavAuth } from '../../src/caldav/authorize.ts';
import { type CalendarStoreOptions, openCalendarStore } from '../../src/caldav/open-calendar-store.ts';
import type { CalendarStore } from '../../src/caldav/types.ts';
import type { StoredEvent } from '../../src/itip/types.ts';
import { meeting } from '../system/calendar-server.ts';
import {
  calendarProps,
  type FakeAnswer,
  type FakeCaldav,
  type FakeOptions,
  multistatus,
  startFakeCaldav,
} from './fake-caldav.ts';
import { address, alice, answer } from './store-contract.ts';

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop();
});

const home = '/calendars/alice@example.com/';
const text = meeting({ uid: 'one', organizer: 'alice@example.com', attendees: [{ email: 'guest@remote.test' }] });
const accepted = answer(text, 'guest@remote.test', 'ACCEPTED');

interface Started {
  readonly server: FakeCaldav;
  readonly store: CalendarStore;
  find(uid?: string): Promise<StoredEvent>;
}

async function start(options: FakeOptions = {}, settings: Partial<CalendarStoreOptions> = {}): Promise<Started> {
  const server = await startFakeCaldav(options);
  const auth: CalDavAuth = { kind: 'api-key', key: 'k' };
  const store = openCalendarStore({ url: server.url, auth, home: null, timeoutMs: 2_000, ...settings });
  running.push(
    () => server.stop(),
    () => store.close(),
  );
  server.objects.set(`${home}default/one.ics`, text);
  const find = async (uid = 'one'): Promise<StoredEvent> => {
    const found = await store.find(alice, uid, null);
    if (found.kind !== 'found') throw new Error(found.kind);
    return found.event;
  };
  return { server, store, find };
}

/** A server that gives that answer to one method, and itself answers the rest. */
function answering(method: string, made: FakeAnswer | 'hang' | 'cut'): FakeOptions {
  return { intercept: (request) => (request.method === method ? made : undefined) };
}

const owner = (who: string): string => `<D:owner><D:href>/principals/${who}/</D:href></D:owner>`;
const privileges = (...names: string[]): string =>
  `<D:current-user-privilege-set>${names.map((name) => `<D:privilege><D:${name}/></D:privilege>`).join('')}</D:current-user-privilege-set>`;
const components = (...names: string[]): string =>
  `<C:supported-calendar-component-set>${names.map((name) => `<C:comp name="${name}"/>`).join('')}</C:supported-calendar-component-set>`;
const plain = (extra: string): string => `<D:resourcetype><D:collection/>${extra}</D:resourcetype>`;

const bySignature = (names: { key: string; user: string }): FakeOptions => ({
  user: (headers) => (headers[names.key] === 'secret' ? String(headers[names.user] ?? '') : null),
});

/** What Xandikos answers to a refused PUT. */
const inside = (status: string): FakeAnswer => ({
  status: 207,
  headers: { 'Content-Type': 'text/xml' },
  body: `<ns0:multistatus xmlns:ns0="DAV:"><ns0:response><ns0:href>/x</ns0:href><ns0:status>HTTP/1.1 ${status}</ns0:status></ns0:response></ns0:multistatus>`,
});

describe('a PUT', () => {
  it('goes out with If-Match and only there', async () => {
    const { server, store, find } = await start();
    const event = await find();
    expect(await store.write(alice, event, accepted)).toEqual({ kind: 'written', etag: null });
    expect(server.objects.get(`${home}default/one.ics`)).toBe(accepted);
    const put = server.requests.find((one) => one.method === 'PUT');
    expect(put?.headers).toMatchObject({ 'if-match': event.etag, 'content-type': 'text/calendar; charset=utf-8' });
  });

  it.each<[string, FakeAnswer, object]>([
    ['200', { status: 200, headers: { ETag: '"new"' } }, { kind: 'written', etag: '"new"' }],
    ['201', { status: 201 }, { kind: 'written', etag: null }],
    ['204 and a weak tag', { status: 204, headers: { ETag: 'W/"new"' } }, { kind: 'written', etag: null }],
    ['412', { status: 412 }, { kind: 'conflict' }],
    ['207 with 412 inside (Xandikos)', inside('412 Precondition Failed'), { kind: 'conflict' }],
    ['207 with 404 inside', inside('404 Not Found'), { kind: 'gone' }],
    ['404', { status: 404 }, { kind: 'gone' }],
    ['410', { status: 410 }, { kind: 'gone' }],
  ])('answered %s', async (_what, made, result) => {
    const { store, find } = await start(answering('PUT', made));
    expect(await store.write(alice, await find(), accepted)).toEqual(result);
  });

  it.each<[string, FakeAnswer | 'hang' | 'cut', object]>([
    ['202 is no success', { status: 202 }, { code: 'caldav-refused', temporary: false }],
    ['207 with 200 inside is no success', inside('200 OK'), { code: 'caldav-refused', temporary: false }],
    ['207 with nothing inside', { status: 207, body: '' }, { code: 'caldav-answer-invalid' }],
    ['401', { status: 401 }, { code: 'caldav-unauthorized', temporary: true }],
    ['403', { status: 403 }, { code: 'caldav-refused', temporary: false }],
    ['409', { status: 409 }, { code: 'caldav-refused', temporary: false }],
    ['423', { status: 423 }, { code: 'caldav-refused', temporary: true }],
    ['500', { status: 500 }, { code: 'caldav-refused', temporary: true }],
    ['501', { status: 501 }, { code: 'caldav-refused', temporary: false }],
    ['a redirect, even here', { status: 308, headers: { Location: '/elsewhere' } }, { code: 'caldav-refused' }],
    ['no answer in time', 'hang', { code: 'caldav-unreachable', temporary: true, retryAfterMs: null }],
    ['a cut connection', 'cut', { code: 'caldav-unreachable', temporary: true }],
    [
      '503 and when',
      { status: 503, headers: { 'Retry-After': '120' } },
      { code: 'caldav-unreachable', temporary: true, retryAfterMs: 120_000 },
    ],
    [
      '429 and when',
      { status: 429, headers: { 'Retry-After': '7' } },
      { code: 'caldav-unreachable', temporary: true, retryAfterMs: 7_000 },
    ],
    ['503 for a year', { status: 503, headers: { 'Retry-After': '31536000' } }, { retryAfterMs: 3_600_000 }],
  ])('fails: %s', async (_what, made, failure) => {
    const { store, find } = await start(answering('PUT', made), { timeoutMs: 300 });
    await expect(store.write(alice, await find(), accepted)).rejects.toMatchObject(failure);
  });

  it.each(['none', 'weak'] as const)('does not happen where the ETag is %s', async (etags) => {
    const { server, store, find } = await start({ etags });
    const event = await find();
    expect(event.etag).toBeNull();
    await expect(store.write(alice, event, accepted)).rejects.toMatchObject({
      code: 'caldav-refused',
      temporary: false,
    });
    await expect(store.write(alice, { ...event, etag: 'W/"x"' }, accepted)).rejects.toThrow(/no strong ETag/);
    await expect(store.write(alice, { ...event, etag: '' }, accepted)).rejects.toThrow(/no strong ETag/);
    expect(server.requests.some((one) => one.method === 'PUT')).toBe(false);
  });

  it('takes the ETag from the property where the header has none', async () => {
    const { store, find } = await start({ etags: 'property-only' });
    expect(await store.write(alice, await find(), accepted)).toMatchObject({ kind: 'written' });
  });

  it('takes no ETag that is newer than the text', async () => {
    const { server, find } = await start({
      etags: 'property-only',
      intercept: ({ method, path }) => {
        // The organizer's client writes while we read.
        if (method === 'GET' && path.endsWith('one.ics')) {
          queueMicrotask(() => server.objects.set(path, text.replace('Planning', `Planning ${Math.random()}`)));
          return { status: 200, body: text };
        }
        return undefined;
      },
    });
    expect((await find()).etag).toBeNull();
  });

  it('loses no answer though the server calls back from within it', async () => {
    const callbacks: string[] = [];
    const { store, find } = await start({
      beforeWrite: async (path) => {
        callbacks.push(path);
        // What the callback leads to: the gateway reads the same event while its own PUT is under way.
        expect((await find()).text).toBe(text);
      },
    });
    expect(await store.write(alice, await find(), accepted)).toMatchObject({ kind: 'written' });
    expect(callbacks).toHaveLength(1);
    expect((await find()).text).toBe(accepted);
  });
});

describe('an answer', () => {
  it.each<[string, FakeOptions, object]>([
    [
      'too late',
      answering('GET', 'hang'),
      { code: 'caldav-unreachable', temporary: true, message: expect.stringContaining('300 ms') },
    ],
    ['too large', answering('GET', { status: 200, body: 'x'.repeat(200_000) }), { code: 'caldav-answer-invalid' }],
    [
      'no multistatus',
      answering('PROPFIND', { status: 200, body: '<html>Welcome</html>' }),
      { code: 'caldav-answer-invalid' },
    ],
    [
      'broken XML',
      answering('PROPFIND', { status: 207, headers: { 'Content-Type': 'text/xml' }, body: '<D:multi' }),
      { code: 'caldav-answer-invalid' },
    ],
    ['home forbidden', answering('PROPFIND', { status: 403 }), { code: 'caldav-unauthorized', temporary: false }],
    [
      'no DAV at all',
      answering('PROPFIND', { status: 405 }),
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
      'query later',
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

  it('drips for ever: the deadline is for the whole of it', async () => {
    const dripping = createServer((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    const made = dripping.address();
    const url = `http://127.0.0.1:${made !== null && typeof made === 'object' ? made.port : 0}/`;
    const store = openCalendarStore({ url, auth: { kind: 'api-key', key: 'k' }, home: '/{email}/', timeoutMs: 300 });
    running.push(
      async () => void dripping.close(),
      () => store.close(),
    );
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

  it('never takes the credentials to another origin', async () => {
    const other = await startFakeCaldav();
    running.push(() => other.stop());
    const { store } = await start({
      intercept: ({ path }) => ({ status: 302, headers: { Location: new URL(path, other.url).href } }),
    });
    await expect(store.find(alice, 'one', null)).rejects.toMatchObject({
      code: 'caldav-refused',
      message: expect.stringContaining('not followed'),
    });
    expect(other.requests).toEqual([]);
  });

  it('does not run in circles', async () => {
    const { store } = await start({ intercept: ({ path }) => ({ status: 302, headers: { Location: path } }) });
    await expect(store.find(alice, 'one', null)).rejects.toThrow(/too often/);
  });

  it('by href to another origin is no href', async () => {
    const { store, server } = await start({
      intercept: ({ path }) =>
        path === '/'
          ? multistatus([
              ['/', '<D:current-user-principal><D:href>http://evil.test/p/</D:href></D:current-user-principal>'],
            ])
          : undefined,
    });
    await expect(store.find(alice, 'one', null)).rejects.toThrow(/current-user-principal/);
    const event = { href: 'http://evil.test/one.ics', etag: '"x"', text, lastModified: null };
    await expect(store.write(alice, event, accepted)).rejects.toThrow(/is not on/);
    expect(server.requests.every((one) => one.headers.host?.startsWith('127.0.0.1'))).toBe(true);
  });
});

describe('a search', () => {
  it('looks only where an event can be written', async () => {
    const { server, store } = await start({
      collections: {
        inbox: plain('<C:calendar/><C:schedule-inbox/>'),
        outbox: plain('<C:schedule-outbox/>'),
        contacts: plain(''),
        subscribed: plain('<C:calendar/><CS:subscribed xmlns:CS="http://calendarserver.org/ns/"/>'),
        journal: calendarProps + components('VJOURNAL'),
        'read-only': calendarProps + privileges('read'),
        team: calendarProps + privileges('read', 'write') + components('VEVENT'),
        mine: calendarProps + privileges('all') + components('VTODO'),
      },
    });
    expect((await store.find(alice, 'nothing', null)).kind).toBe('none');
    const asked = new Set(
      server.requests.filter((one) => one.method === 'REPORT').map((one) => one.path.split('/')[3]),
    );
    expect([...asked].toSorted()).toEqual(['default', 'mine', 'team']);
    const inMine = server.requests.filter((one) => one.method === 'REPORT' && one.path.endsWith('/mine/'));
    expect(inMine.map((one) => /comp-filter name="(VTODO|VEVENT)"/.exec(one.body)?.[1])).toEqual(['VTODO']);
    expect(server.requests.filter((one) => one.method === 'REPORT').every((one) => one.headers.depth === '1')).toBe(
      true,
    );
  });

  it.each<FakeOptions>([{ at: '@' }, { at: '%40' }, { cdata: true }, { at: '@', cdata: true }])(
    'takes hrefs and data as they come: %j',
    async (options) => {
      const { server, find } = await start(options);
      server.objects.set(`${home}default/odd name+1.ics`, text.replace('UID:one', 'UID:two'));
      expect(decodeURIComponent((await find('two')).href)).toBe(`${home}default/odd name+1.ics`);
    },
  );

  it("prefers the organizer's own calendar to a colleague's shared copy, and says where copies are its own", async () => {
    const { server, store } = await start({
      collections: { shared: calendarProps + owner('bob'), second: calendarProps + owner('alice') },
    });
    server.objects.set(`${home}shared/one.ics`, text);
    const homeless = await store.find(alice, 'one', null);
    expect(homeless.kind).toBe('ambiguous');
    server.objects.delete(`${home}shared/one.ics`);
    server.objects.set(`${home}second/one.ics`, text);
    expect(await store.find(alice, 'one', null)).toMatchObject({
      kind: 'ambiguous',
      hrefs: [expect.stringContaining('default'), expect.stringContaining('second')],
    });
  });

  it('tells a shared copy by the owner of the home', async () => {
    const listing = multistatus([
      [home, plain('') + owner('alice')],
      [`${home}default/`, calendarProps + owner('alice')],
      [`${home}shared/`, calendarProps + owner('bob')],
    ]);
    const { server, find } = await start({
      intercept: ({ method, path }) => (method === 'PROPFIND' && path === home ? listing : undefined),
    });
    server.objects.set(`${home}shared/one.ics`, text);
    expect(decodeURIComponent((await find()).href)).toBe(`${home}default/one.ics`);
  });

  it('asks for the calendars once, and again where an event is missing', async () => {
    const { server, store, find } = await start();
    const listings = (): number =>
      server.requests.filter((one) => one.method === 'PROPFIND' && one.path === home).length;
    await find();
    await find();
    expect(listings()).toBe(1);
    await store.find(alice, 'nothing', null);
    expect(listings()).toBe(2);
  });

  it('does without to-dos where a calendar refuses to look for them', async () => {
    const { store } = await start({
      intercept: ({ method, body }) => (method === 'REPORT' && body.includes('VTODO') ? { status: 403 } : undefined),
    });
    expect(await store.find(alice, 'nothing', null)).toEqual({ kind: 'none' });
  });

  it('asks once for many at the same time', async () => {
    const { server, find } = await start();
    await Promise.all(Array.from({ length: 10 }, () => find()));
    expect(server.requests.filter((one) => one.method === 'PROPFIND' && one.path === home)).toHaveLength(1);
  });

  it('needs one request where the href is known', async () => {
    const { server, store, find } = await start();
    const { href } = await find();
    server.requests.length = 0;
    expect((await store.find(alice, 'one', href)).kind).toBe('found');
    expect(server.requests.map((one) => one.method)).toEqual(['GET']);
  });

  it.each(['a/b', '../../x', 'a b', 'ü', '%41', 'x'.repeat(300), "it's", 'a&b<c>'])('finds the UID %j', async (uid) => {
    const { server, find } = await start();
    server.objects.set(`${home}default/by-query.ics`, text.replace('UID:one', `UID:${uid}`));
    expect(decodeURIComponent((await find(uid)).href)).toBe(`${home}default/by-query.ics`);
  });

  it('does not put a UID with control characters into a request', async () => {
    const { server, store } = await start();
    expect(await store.find(alice, 'a\u0000b', null)).toEqual({ kind: 'none' });
    expect(server.requests).toEqual([]);
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
  ])('is asked as the organizer, as written: %j', async (auth, names) => {
    const { server, store } = await start(bySignature(names), { auth, home: '/calendars/{email}/' });
    const mixed = address('Alice.Doe@Example.com');
    server.objects.set(
      '/calendars/Alice.Doe@Example.com/default/one.ics',
      text.replaceAll('alice@example.com', 'alice.doe@example.com'),
    );
    expect((await store.find(mixed, 'one', null)).kind).toBe('found');
    expect((await store.find(address('alice.doe@example.com'), 'one', null)).kind).toBe('none');
    expect(server.requests.at(0)?.headers[names.user]).toBe('Alice.Doe@Example.com');
  });

  it('is discovered with the header alone, and refuses a wrong key', async () => {
    const names = { key: 'x-ls-api-key', user: 'x-ls-user' };
    const right = await start(bySignature(names), { auth: { kind: 'ls', key: 'secret' } });
    expect((await right.store.find(alice, 'one', null)).kind).toBe('found');
    const wrong = await start(bySignature(names), { auth: { kind: 'ls', key: 'guess' } });
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

it.each(['/calendars/{user}/', '/calendars/', '{}'])('does not start with CALDAV_HOME %j', (template) => {
  const auth: CalDavAuth = { kind: 'api-key', key: 'k' };
  expect(() => openCalendarStore({ url: 'http://caldav', auth, home: template })).toThrow(/home template/);
});
