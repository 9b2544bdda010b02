// Conditional PUTs to a fake server: which responses mean written, conflict or gone, a temporary or a permanent error;
// ETags.
import { describe, expect, it } from 'vitest';
import type { FakeResponse } from './fake-caldav.ts';
import { accepted, respondingTo, home, start, text } from './fake-store.ts';
import { alice } from './store-contract.ts';

/** Xandikos's response to a refused PUT. */
const multistatusWith = (status: string): FakeResponse => ({
  status: 207,
  headers: { 'Content-Type': 'text/xml' },
  body: `<ns0:multistatus xmlns:ns0="DAV:"><ns0:response><ns0:href>/x</ns0:href><ns0:status>HTTP/1.1 ${status}</ns0:status></ns0:response></ns0:multistatus>`,
});

describe('a PUT', () => {
  it('has an If-Match header and goes to the URL of the event', async () => {
    const { server, store, find } = await start();
    const event = await find();
    expect(await store.write(alice, event, accepted)).toEqual({ kind: 'written', etag: null });
    expect(server.objects.get(`${home}default/one.ics`)).toBe(accepted);
    const put = server.requests.find((one) => one.method === 'PUT');
    expect(put?.headers).toMatchObject({ 'if-match': event.etag, 'content-type': 'text/calendar; charset=utf-8' });
  });

  it.each<[string, FakeResponse, object]>([
    ['200', { status: 200, headers: { ETag: '"new"' } }, { kind: 'written', etag: '"new"' }],
    ['201', { status: 201 }, { kind: 'written', etag: null }],
    ['204 with a weak ETag', { status: 204, headers: { ETag: 'W/"new"' } }, { kind: 'written', etag: null }],
    ['412', { status: 412 }, { kind: 'conflict' }],
    ['207 with 412 in the body (Xandikos)', multistatusWith('412 Precondition Failed'), { kind: 'conflict' }],
    ['207 with 404 in the body', multistatusWith('404 Not Found'), { kind: 'gone' }],
    ['404', { status: 404 }, { kind: 'gone' }],
    ['410', { status: 410 }, { kind: 'gone' }],
  ])('with the response %s', async (_what, response, result) => {
    const { store, find } = await start(respondingTo('PUT', response));
    expect(await store.write(alice, await find(), accepted)).toEqual(result);
  });

  it.each<[string, FakeResponse | 'hang' | 'cut', object]>([
    ['202', { status: 202 }, { code: 'caldav-refused', temporary: false }],
    ['207 with 200 in the body', multistatusWith('200 OK'), { code: 'caldav-refused', temporary: false }],
    ['207 with an empty body', { status: 207, body: '' }, { code: 'caldav-answer-invalid' }],
    ['401 while other users are served', { status: 401 }, { code: 'caldav-unauthorized', temporary: false }],
    ['423', { status: 423 }, { code: 'caldav-refused', temporary: true }],
    ['500', { status: 500 }, { code: 'caldav-refused', temporary: true }],
    ['501', { status: 501 }, { code: 'caldav-refused', temporary: false }],
    ['a redirect within the origin', { status: 308, headers: { Location: '/elsewhere' } }, { code: 'caldav-refused' }],
    ['no response in time', 'hang', { code: 'caldav-unreachable', temporary: true, retryAfterMs: null }],
    ['a cut connection', 'cut', { code: 'caldav-unreachable', temporary: true }],
    [
      '503 with Retry-After',
      { status: 503, headers: { 'Retry-After': '120' } },
      { code: 'caldav-unreachable', temporary: true, retryAfterMs: 120_000 },
    ],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'Retry-After': '7' } },
      { code: 'caldav-unreachable', temporary: true, retryAfterMs: 7_000 },
    ],
    [
      '503 with a Retry-After of a year',
      { status: 503, headers: { 'Retry-After': '31536000' } },
      { retryAfterMs: 300_000 },
    ],
  ])('fails with the response %s', async (_what, response, failure) => {
    const { store, find } = await start(respondingTo('PUT', response), { timeoutMs: 1_500 });
    await expect(store.write(alice, await find(), accepted)).rejects.toMatchObject(failure);
  });

  it.each(['none', 'weak'] as const)('is not sent if the ETag is %s', async (etags) => {
    const { server, store, find } = await start({ etags });
    const event = await find();
    expect(event.etag).toBeNull();
    for (const etag of [null, 'W/"x"', '']) {
      expect(await store.write(alice, { ...event, etag }, accepted)).toMatchObject({
        kind: 'refused',
        reason: 'no-strong-etag',
        detail: expect.stringContaining('no strong ETag'),
      });
    }
    expect(server.requests.some((one) => one.method === 'PUT')).toBe(false);
  });

  it('uses the ETag of the property getetag if the header has none', async () => {
    const { store, find } = await start({ etags: 'property-only' });
    expect(await store.write(alice, await find(), accepted)).toMatchObject({ kind: 'written' });
  });

  it('does not use an ETag that is newer than the text', async () => {
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

  it('succeeds although the server sends a callback before it responds', async () => {
    const callbacks: string[] = [];
    const { store, find } = await start({
      beforeWrite: async (path) => {
        callbacks.push(path);
        // On the callback, the gateway reads the same event while its own PUT is in flight.
        expect((await find()).text).toBe(text);
      },
    });
    expect(await store.write(alice, await find(), accepted)).toMatchObject({ kind: 'written' });
    expect(callbacks).toHaveLength(1);
    expect((await find()).text).toBe(accepted);
  });
});
