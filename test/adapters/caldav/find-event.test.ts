// Searches on a fake server: which calendars are searched, which object is the event, how many requests are sent.
import { describe, expect, it } from 'vitest';
import { calendarProps, type FakeOptions, multistatus } from './fake-caldav.ts';
import { home, start, text } from './fake-store.ts';
import { alice } from './store-contract.ts';

const owner = (who: string): string => `<D:owner><D:href>/principals/${who}/</D:href></D:owner>`;
const privileges = (...names: string[]): string =>
  `<D:current-user-privilege-set>${names.map((name) => `<D:privilege><D:${name}/></D:privilege>`).join('')}</D:current-user-privilege-set>`;
const components = (...names: string[]): string =>
  `<C:supported-calendar-component-set>${names.map((name) => `<C:comp name="${name}"/>`).join('')}</C:supported-calendar-component-set>`;
const plain = (extra: string): string => `<D:resourcetype><D:collection/>${extra}</D:resourcetype>`;

describe('a search', () => {
  it('covers the calendars that we can write to, and read-only ones last', async () => {
    const { server, store } = await start({
      collections: {
        inbox: plain('<C:calendar/><C:schedule-inbox/>'),
        outbox: plain('<C:schedule-outbox/>'),
        // As every calendar on SOGo.
        both: plain('<C:calendar/><C:schedule-outbox/>'),
        contacts: plain(''),
        subscribed: plain('<C:calendar/><CS:subscribed xmlns:CS="http://calendarserver.org/ns/"/>'),
        journal: calendarProps + components('VJOURNAL'),
        'read-only': calendarProps + privileges('read'),
        team: calendarProps + privileges('read', 'write') + components('VEVENT'),
        mine: calendarProps + privileges('all') + components('VTODO'),
      },
    });
    expect((await store.find(alice, 'nothing', null)).kind).toBe('none');
    const searched = new Set(
      server.requests.filter((one) => one.method === 'REPORT').map((one) => one.path.split('/')[3]),
    );
    expect([...searched].slice(0, -1).toSorted()).toEqual(['both', 'default', 'mine', 'team']);
    expect([...searched].at(-1)).toBe('read-only');
    const inMine = server.requests.filter((one) => one.method === 'REPORT' && one.path.endsWith('/mine/'));
    expect(inMine.map((one) => /comp-filter name="(VTODO|VEVENT)"/.exec(one.body)?.[1])).toEqual(['VTODO']);
    expect(server.requests.filter((one) => one.method === 'REPORT').every((one) => one.headers.depth === '1')).toBe(
      true,
    );
    // SOGo lists other people's calendars only to clients with a User-Agent.
    expect(server.requests.every((one) => one.headers['user-agent'] === 'imip-gateway')).toBe(true);
  });

  it.each<FakeOptions>([{ at: '@' }, { at: '%40' }, { cdata: true }, { at: '@', cdata: true }])(
    'accepts the spellings of hrefs and data of each server: %j',
    async (options) => {
      const { server, find } = await start(options);
      server.objects.set(`${home}default/odd name+1.ics`, text.replace('UID:one', 'UID:two'));
      expect(decodeURIComponent((await find('two')).href)).toBe(`${home}default/odd name+1.ics`);
    },
  );

  it('is ambiguous if several calendars hold the event and the owner of the home is unknown', async () => {
    const { server, store } = await start({
      collections: { shared: calendarProps + owner('bob'), second: calendarProps + owner('alice') },
    });
    server.objects.set(`${home}shared/one.ics`, text);
    const withoutHomeOwner = await store.find(alice, 'one', null);
    expect(withoutHomeOwner.kind).toBe('ambiguous');
    server.objects.delete(`${home}shared/one.ics`);
    server.objects.set(`${home}second/one.ics`, text);
    expect(await store.find(alice, 'one', null)).toMatchObject({
      kind: 'ambiguous',
      hrefs: [expect.stringContaining('default'), expect.stringContaining('second')],
    });
  });

  it("prefers the organizer's own calendar to one that a colleague shares", async () => {
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

  it('lists the calendars once, and again if the event is not found', async () => {
    const { server, store, find } = await start();
    const listings = (): number =>
      server.requests.filter((one) => one.method === 'PROPFIND' && one.path === home).length;
    await find();
    await find();
    expect(listings()).toBe(1);
    await store.find(alice, 'nothing', null);
    expect(listings()).toBe(2);
  });

  it('ignores to-dos if a calendar refuses to search for them', async () => {
    const { store } = await start({
      intercept: ({ method, body }) => (method === 'REPORT' && body.includes('VTODO') ? { status: 403 } : undefined),
    });
    expect(await store.find(alice, 'nothing', null)).toEqual({ kind: 'none' });
  });

  it('lists the calendars once for many concurrent searches', async () => {
    const { server, find } = await start();
    await Promise.all(Array.from({ length: 10 }, () => find()));
    expect(server.requests.filter((one) => one.method === 'PROPFIND' && one.path === home)).toHaveLength(1);
  });

  it('sends one request if the href is known', async () => {
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
