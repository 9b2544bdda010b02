// Faults with CalDAV servers (O3, O12, O15, O16). Each case is named after its row; the tables cover the whole kind.
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCaldav } from '../../src/app/check/check-caldav.ts';
import type { CheckResult } from '../../src/app/check/check-result.ts';
import { loginSchemes } from '../../src/app/check/login-schemes.ts';
import { requireConfig } from '../../src/app/config/config.ts';
import { makeSecret } from '../../src/app/start-gateway.ts';
import { nameOrganizer } from '../../src/core/itip/name-organizer.ts';
import type { Method } from '../../src/core/itip/methods.ts';
import { checkCalendar } from '../../src/doors/web/check-callback.ts';
import { readScheduling } from '../../src/doors/web/read-scheduling.ts';
import { showRsvp } from '../../src/flow/inbound/show-rsvp.ts';
import { calendarProps, type FakeOptions, multistatus, startFakeCaldav } from '../adapters/caldav/fake-caldav.ts';
import { home, start, text } from '../adapters/caldav/fake-store.ts';
import { address, alice, bob, dave, type FlowKit, openFlowKit } from '../flow/flow-kit.ts';

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

/** Alice's event as macOS and iOS write it: ORGANIZER and her own ATTENDEE are her principal. */
function principalEvent(organizer: string, ...lines: readonly string[]): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    'UID:planning@example.com',
    'DTSTAMP:20270101T120000Z',
    'DTSTART:20270202T100000Z',
    'SUMMARY:Planning',
    `ORGANIZER;${organizer}`,
    `ATTENDEE;PARTSTAT=ACCEPTED;${organizer}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${bob.asWritten}`,
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

const organizers = [
  'CN=Alice Martin:/principals/alice/',
  'CN="Martin, Alice":/principals/__uids__/alice%40example.com/',
  'CN=Alice Martin:https://inner.test/principals/users/alice',
  'CN=Alice Martin:urn:uuid:6f0c1a1e-0000-4000-8000-000000000001',
  'CN=Alice Martin;EMAIL=:/principals/alice/',
  'CN=Alice Martin;EMAIL=alice@example.com:/principals/alice/',
];

describe('O3: an ORGANIZER that is not a mail address', () => {
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
  });
  afterEach(() => kit.close());

  const uid = 'planning@example.com';
  const check = (calendar: string, sender = alice, method: Method = 'REQUEST') =>
    checkCalendar(
      { sender, recipient: method === 'REPLY' ? alice : bob, method },
      calendar.replace('BEGIN:VEVENT', `METHOD:${method}\r\nBEGIN:VEVENT`),
      readScheduling,
    );

  it.each(organizers)('counts as the sender, whom the key authenticates: %s', (organizer) => {
    for (const method of ['REQUEST', 'CANCEL', 'ADD', 'DECLINECOUNTER'] as const) {
      expect(check(principalEvent(organizer), alice, method)).toMatchObject({ sender: alice, recipient: bob });
    }
  });

  it.each([
    'CN=Carol:mailto:carol@remote.test',
    'CN=Carol;EMAIL=carol@remote.test:/principals/carol/',
    'CN=Carol:carol@remote.test',
  ])('is not the sender if it has another mail address: %s', (organizer) => {
    expect(check(principalEvent(organizer))).toBe('sender-differs');
  });

  it('does not make a guest the sender of a REPLY', () => {
    expect(check(principalEvent(organizers[0] ?? ''), dave, 'REPLY')).toBe('sender-differs');
  });

  it.each(organizers)('mail, link, answer and notice work: %s', async (organizer) => {
    const event = principalEvent(organizer);
    kit.calendar.put(uid, event);
    await kit.invite(event, bob);
    await kit.settle();
    const [mail] = await kit.mailsTo(bob);
    expect(mail?.text).toMatch(/^(Alice Martin|Martin, Alice) invites you/);
    expect(mail?.text).not.toMatch(/principals|urn:uuid|alice%40/);
    expect(mail?.calendar).toMatch(/ORGANIZER[^\r]*EMAIL=alice@example\.com[^\r]*:mailto:r1\S+@reply\.example\.com/);
    expect(mail?.calendar).not.toMatch(/principals|urn:uuid/);
    const claims = {
      uid,
      recurrenceId: null,
      attendee: bob.asWritten,
      organizer: alice.asWritten,
      expiresAt: Infinity,
    };
    const page = await showRsvp({ ...kit, store: kit.calendar }, claims);
    expect(page).toMatchObject({ state: 'open', event: { organizer: { address: alice.asWritten } } });
    expect(JSON.stringify(page)).not.toMatch(/principals|urn:uuid/);
    await kit.click(uid, bob, 'ACCEPTED');
    await kit.settle();
    expect(kit.calendar.text(uid)).toBe(event.replace('PARTSTAT=NEEDS-ACTION', 'PARTSTAT=ACCEPTED'));
    const [notice] = await kit.mailsTo(alice);
    expect(notice?.subject).toMatch(/is coming: Planning/);
    expect(notice?.text).not.toMatch(/principals|urn:uuid/);
    // The organizer is not a guest.
    expect(notice?.text).toContain('1 accepted');
  });

  it('is mailed by address with iTIP off as well', async () => {
    const plain = await openFlowKit({ itip: false });
    await plain.invite(principalEvent(organizers[0] ?? ''), bob);
    await plain.settle();
    const [mail] = await plain.mailsTo(bob);
    expect(mail?.calendar).toMatch(/ORGANIZER[^\r]*:mailto:alice@example\.com/);
    await plain.close();
  });

  it('changes no other octet, and no ORGANIZER with a mail address', () => {
    const mailed = principalEvent(`CN=Alice Martin:mailto:${alice.asWritten}`, 'X-ODD;A="b:c":  d');
    expect(nameOrganizer(mailed, alice)).toBe(mailed);
    const path = principalEvent('CN=Alice Martin:/principals/alice/', 'X-ODD;A="b:c":  d');
    expect(nameOrganizer(path, alice)).toBe(mailed);
    const others = principalEvent('CN=Carol;EMAIL=carol@remote.test:/principals/carol/');
    expect(nameOrganizer(others, alice)).toBe(others);
  });

  const ofPrincipal = (organizer: string): string =>
    text.replace(/ORGANIZER[^\r]*/, `ORGANIZER:${organizer}`).replaceAll('UID:one', 'UID:seven');
  it.each([
    { organizer: '/principals/alice%40example.com/', kind: 'found' },
    { organizer: '/principals/alice@example.com', kind: 'found' },
    { organizer: 'https://inner.test/principals/ALICE@example.com/', kind: 'found' },
    { organizer: '/other/users/alice/', kind: 'found' },
    { organizer: 'mailto:alice@example.com', kind: 'found' },
    { organizer: 'alice', kind: 'found' },
    { organizer: '/principals/bob/', kind: 'none' },
    { organizer: '/principals/alice/bob/', kind: 'none' },
    { organizer: 'urn:uuid:2', kind: 'none' },
    { organizer: 'invalid:nomail', kind: 'none' },
    { organizer: 'mailto:bob@remote.test', kind: 'none' },
  ])('the event of $organizer in the calendar of Alice: $kind', async ({ organizer, kind }) => {
    const { server, store } = await start();
    const path = `${home}default/odd.ics`;
    server.objects.set(path, ofPrincipal(organizer));
    expect(await store.find(alice, 'seven', null)).toMatchObject({ kind });
    expect(await store.find(alice, 'seven', path)).toMatchObject({ kind });
  });

  it.each(['urn:uuid:1', '/principals/__uids__/1/', '/calendars/owner/7/'])(
    'the event of %s is hers if the server reports it as her principal',
    async (organizer) => {
      const { server, store } = await start({
        intercept({ method, path }) {
          const set = `<C:calendar-home-set><D:href>${home}</D:href></C:calendar-home-set>`;
          const addresses = ['urn:uuid:1', '/principals/__uids__/1/']
            .map((each) => `<D:href>${each}</D:href>`)
            .join('');
          const own = `${set}<C:calendar-user-address-set>${addresses}</C:calendar-user-address-set>`;
          if (path === '/principals/alice@example.com/') return multistatus([[path, own]]);
          if (method !== 'PROPFIND' || path !== home) return undefined;
          const owner = '<D:owner><D:href>/calendars/owner/7/</D:href></D:owner>';
          return multistatus([
            [home, `${collection}${owner}`],
            [`${home}default/`, `${calendarProps}${owner}`],
          ]);
        },
      });
      server.objects.set(`${home}default/odd.ics`, ofPrincipal(organizer));
      expect(await store.find(alice, 'seven', null)).toMatchObject({ kind: 'found' });
    },
  );
});

describe('O3: a room of a calendar service', () => {
  it.each(['c_1885abc@resource.calendar.google.com', 'Room-7@resource.calendar.example.com'])(
    '%s gets no mail',
    async (room) => {
      const kit = await openFlowKit();
      const calendar = principalEvent(organizers[0] ?? '', `ATTENDEE;CUTYPE=ROOM:mailto:${room}`);
      for (const method of ['REQUEST', 'CANCEL']) await kit.invite(calendar, address(room), method);
      await kit.settle();
      expect(kit.mails).toEqual([]);
      expect(await kit.reasons('planning@example.com')).toEqual(['not-mailed resource', 'not-mailed resource']);
      await kit.close();
    },
  );

  it.each(['room@calendar.example.com', 'resource.calendar.google.com@example.com', 'x@notresource.calendar.test'])(
    '%s is a mailbox',
    async (guest) => {
      const kit = await openFlowKit();
      await kit.invite(principalEvent(organizers[0] ?? '', `ATTENDEE:mailto:${guest}`), address(guest));
      await kit.settle();
      expect(kit.mails).toHaveLength(1);
      await kit.close();
    },
  );
});

describe('O16: `check` of a server that does not offer Basic', () => {
  const login = { CALDAV_USERNAME: 'gateway', CALDAV_PASSWORD: 'secret' };

  /** What to do about the credentials, as `check` says it. */
  async function todo(challenge: string | null, auth: Readonly<Record<string, string>>, organizer = true) {
    const server = await startFakeCaldav({
      intercept: () => ({ status: 401, headers: challenge === null ? {} : { 'WWW-Authenticate': challenge } }),
    });
    const results: CheckResult[] = [];
    const config = requireConfig({ GATEWAY_SECRETS: makeSecret(), CALDAV_URL: server.url, ...auth });
    await checkCaldav(config, organizer ? alice : null, Date.now, (result) => results.push(result));
    await server.stop();
    const found = results.find(({ name }) => name === 'credentials');
    return `${found?.status}: ${found?.status === 'failed' ? found.todo : ''}`;
  }

  const digest = 'Digest realm="Calendars, Basic ones", qop="auth", nonce="4f, Basic", algorithm=SHA-256';
  it.each([
    { challenge: digest, said: 'the server asks for Digest; allow Basic there' },
    { challenge: 'Negotiate', said: 'the server asks for Negotiate; allow Basic there' },
    {
      challenge: `Negotiate, NTLM, ${digest}`,
      said: 'the server asks for Negotiate or NTLM or Digest; allow Basic there',
    },
    { challenge: 'Bearer realm="x"', said: 'the server asks for Bearer; allow Basic there' },
    { challenge: `${digest}, Basic realm="x"`, said: 'set CALDAV_USERNAME' },
    { challenge: 'basic realm="x"', said: 'set CALDAV_USERNAME' },
    { challenge: null, said: 'set CALDAV_USERNAME' },
  ])('says "$said" of $challenge', async ({ challenge, said }) => {
    for (const organizer of [true, false]) {
      expect(await todo(challenge, { CALDAV_AUTH: 'basic', ...login }, organizer)).toContain(`failed: ${said}`);
    }
  });

  it('says so for accounts, and for a user in a header with a login, but not for a key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imip-accounts-'));
    const file = join(folder, 'accounts.json');
    await writeFile(file, JSON.stringify({ [alice.asWritten]: { username: 'alice', password: 'secret' } }));
    const allowBasic = 'failed: the server asks for Digest; allow Basic there';
    expect(await todo(digest, { CALDAV_AUTH: `accounts:${file}` })).toBe(allowBasic);
    expect(await todo(digest, { CALDAV_AUTH: 'remote-user:X-Remote-User', ...login })).toBe(allowBasic);
    const key = { CALDAV_AUTH: 'api-key', CALDAV_OUTBOUND_API_KEY: 'key' };
    expect(await todo(digest, key)).toContain('CALDAV_OUTBOUND_API_KEY');
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['Basic', ['Basic']],
    ['Digest realm = "a", nonce= "b" , Basic realm="c"', ['Digest', 'Basic']],
    ['Negotiate YII==, Basic realm="\\", Digest x"', ['Negotiate', 'Basic']],
    [', ,Bearer', ['Bearer']],
    ['', []],
    ['=,"', []],
  ])('the schemes of %s', (challenge, schemes) => {
    expect(loginSchemes(challenge)).toEqual(schemes);
  });
});

describe('O15: an event that the server does not store', () => {
  const refusals = [
    { reason: 'no-strong-etag', says: 'which version' },
    { reason: 'not-allowed', says: 'change this calendar' },
    { reason: 'conflict', says: 'conflicts' },
    { reason: 'too-large', says: 'too large' },
    { reason: 'no-space', says: 'no space' },
  ] as const;

  it.each([
    { status: 403, reason: 'not-allowed' },
    { status: 409, reason: 'conflict' },
    { status: 413, reason: 'too-large' },
    { status: 507, reason: 'no-space' },
  ])('is refused with $status: $reason', async ({ status, reason }) => {
    const { store, find } = await start({ intercept: ({ method }) => (method === 'PUT' ? { status } : undefined) });
    expect(await store.write(alice, await find(), text)).toMatchObject({ kind: 'refused', reason });
  });

  it.each(['weak', 'none'] as const)('is refused without a strong ETag: %s', async (etags) => {
    const { server, store, find } = await start({ etags });
    expect(await store.write(alice, await find(), text)).toMatchObject({ kind: 'refused', reason: 'no-strong-etag' });
    expect(server.requests.some(({ method }) => method === 'PUT')).toBe(false);
  });

  const privilege = (name: string): string =>
    `<D:current-user-privilege-set><D:privilege><D:${name}/></D:privilege></D:current-user-privilege-set>`;
  const owner = (name: string): string => `<D:owner><D:href>/principals/${name}/</D:href></D:owner>`;
  it.each([
    { what: 'of the organizer', owned: '', kind: 'found' },
    { what: 'that somebody else shares', owned: owner('carol'), kind: 'none' },
  ])('is found in a read-only calendar $what: $kind', async ({ owned, kind }) => {
    const readOnly = `${calendarProps}${privilege('read')}${owned}`;
    const { server, store } = await start({
      intercept: ({ method, path }) =>
        method === 'PROPFIND' && path === home
          ? multistatus([
              [home, `${collection}${owner('alice')}`],
              [`${home}default/`, calendarProps],
              [`${home}fixed/`, readOnly],
            ])
          : undefined,
    });
    const seven = text.replaceAll('UID:one', 'UID:seven');
    server.objects.set(`${home}fixed/odd.ics`, seven);
    expect(await store.find(alice, 'seven', null)).toMatchObject({ kind });
    server.objects.set(`${home}default/odd.ics`, seven);
    const found = await store.find(alice, 'seven', null);
    expect(found).toMatchObject({ kind: 'found', event: { href: expect.stringContaining('/default/') } });
  });

  const uid = 'planning@example.com';
  const event = principalEvent(`CN=Alice Martin:mailto:${alice.asWritten}`);
  let kit: FlowKit;
  beforeEach(async () => {
    kit = await openFlowKit();
    kit.calendar.put(uid, event);
    await kit.invite(event, bob);
    await kit.settle();
  });
  afterEach(() => kit.close());

  /** Tries for so many minutes; the back-off is at most five. */
  async function wait(minutes: number): Promise<void> {
    for (let passed = 0; passed <= minutes * 60_000; passed += 15_000) {
      await kit.settle();
      kit.clock.now += 15_000;
    }
  }

  it.each(refusals)('the organizer is told within minutes, and why: $reason', async ({ reason, says }) => {
    kit.calendar.onWrite = () => ({ kind: 'refused', reason, detail: 'PUT /cal/planning: refused' });
    await kit.click(uid, bob, 'ACCEPTED');
    await wait(5);
    const [mail, ...more] = await kit.mailsTo(alice);
    expect(more).toEqual([]);
    expect(mail?.subject).toMatch(/^Not in your calendar yet: Planning/);
    expect(mail?.text).toContain('An answer to this event is waiting');
    expect(mail?.text).toContain(says);
  });

  it('once per event and day; the answer is applied as soon as the server allows it', async () => {
    kit.calendar.onWrite = () => ({ kind: 'refused', reason: 'not-allowed', detail: 'HTTP 403' });
    await kit.click(uid, bob, 'ACCEPTED');
    await wait(60);
    expect(await kit.mailsTo(alice)).toHaveLength(1);
    kit.clock.now += 86_400_000;
    await wait(10);
    expect(await kit.mailsTo(alice)).toHaveLength(2);
    kit.calendar.onWrite = null;
    await wait(10);
    expect(kit.calendar.text(uid)).toContain('PARTSTAT=ACCEPTED;RSVP');
    expect(await kit.mailsTo(alice)).toHaveLength(3);
  });

  it('nobody is told of a refusal that passes within a minute', async () => {
    let refused = 0;
    kit.calendar.onWrite = () =>
      (refused += 1) <= 2 ? { kind: 'refused', reason: 'conflict', detail: 'HTTP 409' } : null;
    await kit.click(uid, bob, 'ACCEPTED');
    await wait(2);
    expect((await kit.mailsTo(alice)).map(({ subject }) => subject)).toEqual([expect.stringMatching(/is coming/)]);
  });

  it('nobody is told while the server is only unreachable', async () => {
    kit.calendar.isDown = true;
    await kit.click(uid, bob, 'ACCEPTED');
    await wait(2);
    expect(await kit.mailsTo(alice)).toEqual([]);
  });
});
