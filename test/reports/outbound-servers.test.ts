// Faults with CalDAV servers (O3, O12, O15, O16). Each case is named after its row; the tables cover the whole kind.
import { describe, expect, it, onTestFinished } from 'vitest';
import { calendarProps, type FakeOptions, multistatus, startFakeCaldav } from '../adapters/caldav/fake-caldav.ts';
import { home, start, text } from '../adapters/caldav/fake-store.ts';
import { alice } from '../flow/flow-kit.ts';

const collection = '<D:resourcetype><D:collection/></D:resourcetype>';

describe('O12: several hrefs in calendar-home-set', () => {
  const team = '/homes/team/';
  const teamHome = (status?: number): FakeOptions => ({
    moreHomes: [team],
    intercept({ method, path }) {
      if (!path.startsWith(team)) return undefined;
      if (status !== undefined) return { status };
      if (method === 'GET') return { status: 404 };
      if (method === 'REPORT') {
        const object = `${team}work/seven.ics`;
        return multistatus(path === `${team}work/` ? [[object, '<D:getetag>"7"</D:getetag>']] : []);
      }
      return multistatus([
        [team, collection],
        [`${team}work/`, calendarProps],
      ]);
    },
  });

  it.each([
    { what: 'the first home', object: `${team}work/seven.ics` },
    { what: 'the second home', object: `${home}default/seven.ics` },
  ])('the event is found in $what', async ({ object }) => {
    const other = teamHome();
    const { server, store } = await start({
      moreHomes: [team],
      intercept: (request) =>
        request.method === 'GET' && request.path === object
          ? { status: 200, body: text.replaceAll('UID:one', 'UID:seven'), headers: { ETag: '"7"' } }
          : other.intercept?.(request),
    });
    if (object.startsWith(home)) server.objects.set(object, text.replaceAll('UID:one', 'UID:seven'));
    const found = await store.find(alice, 'seven', null);
    expect(found.kind === 'found' && decodeURIComponent(found.event.href)).toBe(object);
  });

  it.each([403, 404, 410])('one home that is refused with %i does not hide the other', async (status) => {
    const { store } = await start(teamHome(status));
    expect(await store.find(alice, 'one', null)).toMatchObject({ kind: 'found' });
  });

  it('if a home cannot be read now, it is unknown whether the event exists', async () => {
    const { store } = await start(teamHome(503));
    await expect(store.find(alice, 'two', null)).rejects.toMatchObject({ code: 'caldav-unreachable' });
  });

  it('it is an error if all homes are denied', async () => {
    const { store } = await start({
      moreHomes: [team],
      intercept: ({ path }) => (path.startsWith(team) || path === home ? { status: 403 } : undefined),
    });
    await expect(store.find(alice, 'one', null)).rejects.toMatchObject({ code: 'caldav-unauthorized' });
  });

  it('two spellings of one home are one home', async () => {
    const { server, store } = await start({ moreHomes: [`https://inner.test${home.replace('@', '%40')}`] });
    await store.find(alice, 'two', null);
    expect(server.requests.filter(({ method, path }) => method === 'PROPFIND' && path === home)).toHaveLength(1);
  });
});

describe('O12: hrefs with another host or scheme', () => {
  const origins = ['http://inner.test:8080', 'https://127.0.0.1', 'http://10.0.0.7', '//inner.test', ''];

  it.each(origins)('are paths on our own origin: %s', async (hrefOrigin) => {
    const { server, store } = await start({ hrefOrigin });
    server.objects.set(`${home}default/odd-name.ics`, text.replaceAll('UID:one', 'UID:seven'));
    const found = await store.find(alice, 'seven', null);
    expect(found).toMatchObject({ kind: 'found', event: { href: expect.stringContaining('odd-name') } });
    if (found.kind !== 'found') return;
    expect(await store.write(alice, found.event, text)).toMatchObject({ kind: 'written' });
    expect(await store.find(alice, 'seven', `${hrefOrigin}${found.event.href}`)).toBeDefined();
    for (const { headers } of server.requests) expect(headers.host).toBe(new URL(server.url).host);
  });

  it('that are not HTTP URLs are ignored', async () => {
    const principal = '<D:current-user-principal><D:href>mailto:alice@example.com</D:href></D:current-user-principal>';
    const { store } = await start({
      intercept: ({ path }) => (path === '/' ? multistatus([['/', principal]]) : undefined),
    });
    await expect(store.find(alice, 'one', null)).rejects.toThrow(/current-user-principal/);
    const event = { href: 'urn:uuid:1', etag: '"x"', text, lastModified: null };
    await expect(store.write(alice, event, text)).rejects.toThrow(/is not on/);
  });

  it.each(['PROPFIND', 'REPORT', 'GET', 'PUT'])(
    'a redirect of %s to another origin gets no credentials',
    async (method) => {
      const other = await startFakeCaldav();
      onTestFinished(() => other.stop());
      const { store } = await start({
        intercept: (request) =>
          request.method === method
            ? { status: 307, headers: { Location: new URL(request.path, other.url).href } }
            : undefined,
      });
      const work = async (): Promise<unknown> => {
        const found = await store.find(alice, 'one', null);
        await store.find(alice, 'two', null);
        return found.kind === 'found' && store.write(alice, found.event, text);
      };
      await expect(work()).rejects.toMatchObject({ code: 'caldav-refused' });
      expect(other.requests).toEqual([]);
    },
  );
});
