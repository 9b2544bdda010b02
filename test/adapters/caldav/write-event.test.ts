// Conditional PUTs against a server by hand: what is success, conflict, gone, a failure for now or for good; ETags.
import { describe, expect, it } from 'vitest';
import type { FakeAnswer } from './fake-caldav.ts';
import { accepted, answering, home, start, text } from './fake-store.ts';
import { alice } from './store-contract.ts';

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
    ['401, others being served', { status: 401 }, { code: 'caldav-unauthorized', temporary: false }],
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
    ['503 for a year', { status: 503, headers: { 'Retry-After': '31536000' } }, { retryAfterMs: 300_000 }],
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
