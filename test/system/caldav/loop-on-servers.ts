// The CalDAV servers of the loop tests, and what an organizer's client does there. In: one of the servers; out: the running
// server with a gateway, and functions that save, answer and read. It also lists how each server rewrites stored events;
// the tests check that list, and docs/caldav-servers.md shows it.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ICAL from 'ical.js';
import { createTransport } from 'nodemailer';
import { request } from 'undici';
import { startEmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import type { Partstat } from '../../../src/core/ical/types.ts';
import { answerMail } from '../../harness/answers.ts';
import { type CalendarServer, type CalendarUser, requestsTo } from '../../harness/calendar-server.ts';
import { startCyrus } from './cyrus.ts';
import { startDavical } from './davical.ts';
import { type LaSuite, laSuiteKey, scheduleMessages, startLaSuite } from './la-suite.ts';
import { CALLBACK_KEY, CALLBACK_PATH, type Invited, type Loop, startLoop } from '../../harness/loop.ts';
import { startPhpSabreDav } from './php-sabre-dav.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { RequirementName } from '../requirements.ts';
import { startRadicale } from './radicale.ts';
import { startSogo } from './sogo.ts';
import { startXandikos } from './xandikos.ts';

export const organizer = 'alice@example.com';
export const bob = 'bob@remote.test';
export const carol = 'carol@remote.test';

export interface ServerUnderTest {
  readonly name: string;
  readonly needs: RequirementName | null;
  readonly start: () => Promise<CalendarServer>;
  /** The CALDAV_* settings of docs/caldav-servers.md. */
  readonly settings: (server: CalendarServer) => Readonly<Record<string, string>>;
  /** The home of alice, in which MKCALENDAR makes further calendars; null if there can be only one. */
  readonly home: string | null;
  /** How it rewrites a stored event: names of `rewritings`. */
  readonly rewrites: readonly string[];
}

const page = readFileSync(new URL('../../../docs/caldav-servers.md', import.meta.url), 'utf8');

/** Returns the settings shown in the section, except those that differ in every installation. */
function asThePageSays(heading: string, own: Readonly<Record<string, string>> = {}) {
  return (server: CalendarServer): Record<string, string> => {
    const [, section = ''] = page.split(`\n## ${heading}\n`);
    const lines = [...(section.split('\n## ')[0] ?? '').matchAll(/^(CALDAV_[A-Z_]+)=(.*)$/gm)];
    const said = Object.fromEntries(lines.map(([, name, value]) => [name, value ?? '']));
    if (said['CALDAV_AUTH'] === undefined) throw new Error(`the page has no settings for ${heading}`);
    return {
      CALDAV_HOME: '',
      ...said,
      CALDAV_URL: server.url,
      CALDAV_USERNAME: server.service?.username ?? '',
      CALDAV_PASSWORD: server.service?.password ?? '',
      ...own,
    };
  };
}

export const servers: readonly ServerUnderTest[] = [
  {
    name: 'Radicale',
    needs: 'radicale',
    start: () => startRadicale(),
    settings: asThePageSays('Radicale'),
    home: '/alice@example.com/',
    rewrites: ['folds', 'property order', 'parameter order', 'quotes', 'X- text'],
  },
  {
    name: 'Xandikos',
    needs: 'xandikos',
    start: startXandikos,
    settings: asThePageSays('Xandikos'),
    home: '/alice@example.com/calendars/',
    rewrites: ['folds', 'property order', 'parameter order', 'quotes', 'CATEGORIES', 'X- text'],
  },
  {
    name: 'php-sabre-dav',
    needs: 'sabredav',
    start: startWithAccounts,
    settings: (server) =>
      asThePageSays('SabreDAV and Baïkal', {
        CALDAV_AUTH: `accounts:${'accounts' in server ? String(server.accounts) : ''}`,
      })(server),
    home: '/calendars/alice@example.com/',
    rewrites: [],
  },
  {
    name: 'DAViCal',
    needs: 'davical',
    start: () => startDavical(false),
    settings: asThePageSays('DAViCal'),
    home: '/caldav.php/alice@example.com/',
    rewrites: [],
  },
  {
    name: 'Cyrus',
    needs: 'cyrus',
    start: () => startCyrus(),
    settings: (server) =>
      asThePageSays('Cyrus', { CALDAV_URL: 'proxyUrl' in server ? String(server.proxyUrl) : '' })(server),
    home: '/dav/calendars/user/alice@example.com/',
    rewrites: ['folds', 'unknown components', 'parameters', 'quotes', 'CATEGORIES'],
  },
  {
    name: 'SOGo',
    needs: 'sogo',
    start: startSogo,
    settings: asThePageSays('SOGo'),
    home: '/SOGo/dav/alice@example.com/Calendar/',
    rewrites: ['folds', 'properties', 'parameter order', 'quotes', 'X- text'],
  },
  {
    name: 'La Suite',
    needs: null,
    start: () => startLaSuite('ls'),
    settings: asThePageSays('La Suite', { CALDAV_OUTBOUND_API_KEY: laSuiteKey }),
    home: '/calendars/users/alice@example.com/',
    rewrites: ['folds', 'parameters', 'quotes'],
  },
  {
    name: 'La Suite, older',
    needs: null,
    start: () => startLaSuite('api-key'),
    settings: ({ home, url }) => ({
      CALDAV_URL: url,
      CALDAV_HOME: home,
      CALDAV_AUTH: 'api-key',
      CALDAV_OUTBOUND_API_KEY: laSuiteKey,
    }),
    home: '/calendars/alice@example.com/',
    rewrites: ['folds', 'parameters', 'quotes'],
  },
  { name: 'embedded', needs: null, start: startEmbedded, settings: () => ({}), home: null, rewrites: [] },
];

/** Settings with the organizers' passwords in a file of the form shown on the page. */
async function startWithAccounts(): Promise<CalendarServer & { readonly accounts: string }> {
  const shown = /```json\n# \S+accounts\.json\n(.*)\n```/.exec(page)?.[1] ?? '';
  const [example = {}] = Object.values(JSON.parse(shown) as Record<string, object>);
  const server = await startPhpSabreDav();
  const folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  const file = join(folder, 'accounts.json');
  const accounts = Object.values(server.users).map(({ email, username, password }) => [
    email,
    Object.fromEntries(Object.keys(example).map((key) => [key, key === 'username' ? username : password])),
  ]);
  await writeFile(file, JSON.stringify(Object.fromEntries(accounts)));
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { ...server, accounts: file, stop };
}

async function startEmbedded(): Promise<CalendarServer> {
  const embedded = await startEmbeddedCaldav();
  const user = (email: string): CalendarUser => {
    embedded.addUser(email);
    return { ...embedded.service, email, calendar: `/calendars/${email}/calendar/` };
  };
  return {
    name: 'embedded',
    url: embedded.url,
    users: { alice: user(organizer), bob: user('bob@example.com') },
    service: embedded.service,
    home: '/calendars/{email}/',
    ...requestsTo(embedded.url),
    stop: () => embedded.close(),
  };
}

export interface Stage {
  readonly server: CalendarServer;
  readonly loop: Loop;
  /** null if a program other than the server posts the callbacks. */
  readonly laSuite: LaSuite | null;
  /** Saves the event as the organizer's client (null deletes it) and posts the callbacks that this causes. */
  save(path: string, text: string | null): Promise<void>;
  /** The stored event, unfolded, with CRLF; '' if there is none. */
  stored(path: string): Promise<string>;
  /** Waits until the event contains that PARTSTAT. */
  shows(path: string, email: string, partstat: Partstat, recurrenceId?: string): Promise<void>;
  answer(invited: Invited, answer: StageAnswer): Promise<void>;
  answerByLink(invited: Invited, partstat: 'accepted' | 'tentative' | 'declined', sequence?: number): Promise<number>;
  /** The kinds of mail sent to that address about that event, such as `invitation`, `update`. */
  mailed(uid: string, recipient: string): Promise<string[]>;
  /** Waits for a mail of that kind to that address; returns the newest for the UID. */
  mail(uid: string, recipient: string, kind: 'invitation' | 'update' | 'cancel'): Promise<Invited>;
  stop(): Promise<void>;
}

export interface StageAnswer {
  readonly attendee: string;
  readonly uid: string;
  readonly partstat: Partstat;
  readonly sequence?: number;
  readonly recurrenceId?: string;
  readonly date?: number;
}

export async function startStage(one: ServerUnderTest): Promise<Stage> {
  const server = await one.start();
  const loop = await startLoop(server, one.settings(server)).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const laSuite = 'callBackTo' in server ? (server as LaSuite) : null;
  laSuite?.callBackTo(loop.httpUrl + CALLBACK_PATH, CALLBACK_KEY);
  const { alice } = server.users;
  const mail = createTransport({ host: '127.0.0.1', port: loop.smtpPort, ignoreTLS: true, pool: true });
  const stored = async (path: string): Promise<string> => unfold((await server.getEvent(alice, path))?.text ?? '');
  const mailed = async (uid: string, recipient: string): Promise<string[]> =>
    (await loop.gateway.ledger.entries(uid, 500))
      .filter(({ verdict, attendee }) => verdict === 'mailed' && attendee === recipient)
      .map(({ reason }) => reason);

  return {
    server,
    loop,
    laSuite,
    stored,
    async save(path, text) {
      const before = (await server.getEvent(alice, path))?.text ?? null;
      if (text === null) await server.deleteEvent(alice, path);
      else await server.putEvent(alice, path, text);
      if (laSuite !== null) return;
      for (const message of scheduleMessages({ user: organizer, before, after: text })) {
        if (!message.significant) continue;
        const { sender, recipient, method } = message;
        const calendar = message.calendar.replace(/^METHOD:.*\r\n/m, '');
        const status = await loop.callback({ sender, recipient, method, calendar });
        if (status !== 200) throw new Error(`the callback to ${recipient} was answered ${status}`);
      }
    },
    async shows(path, email, partstat, recurrenceId) {
      let seen: string | null = null;
      await waitFor(
        `${partstat} of ${email} in ${path}`,
        async () => {
          seen = partstatOf(await stored(path), email, recurrenceId);
          return seen === partstat;
        },
        15_000,
      ).catch((error: unknown) => {
        throw new Error(`${email} is ${seen ?? 'not there'}`, { cause: error });
      });
    },
    async answer(invited, { attendee, ...rest }) {
      const raw = answerMail({ attendee, organizer: invited.organizer, ...rest });
      await mail.sendMail({ envelope: { from: attendee, to: invited.organizer }, raw: Buffer.from(raw) });
    },
    async answerByLink(invited, action, sequence = 0) {
      const link = invited.links.find((each) => each.includes(`action=${action}`)) ?? '';
      const token = new URL(link).searchParams.get('token') ?? '';
      const answer = await fetch(new URL('/rsvp/', link), {
        method: 'POST',
        body: new URLSearchParams({ token, action, sequence: String(sequence), comment: '' }),
        redirect: 'manual',
      });
      return answer.status;
    },
    mailed,
    async mail(uid, recipient, kind) {
      await waitFor(`the ${kind} to ${recipient}`, async () => (await mailed(uid, recipient)).includes(kind));
      return loop.invitation(recipient, uid);
    },
    async stop() {
      mail.close();
      await loop.stop();
      await server.stop();
    },
  };
}

export function unfold(text: string): string {
  return text.replace(/\r?\n[ \t]/g, '').replace(/\r?\n/g, '\r\n');
}

/** @param recurrenceId of the override, such as `20270405T080000Z`; without it, the master. */
export function partstatOf(text: string, email: string, recurrenceId?: string): string | null {
  if (text === '') return null;
  const calendar = ICAL.Component.fromString(text);
  const event = calendar.getAllSubcomponents('vevent').find((each) => {
    const id = each.getFirstPropertyValue('recurrence-id');
    if (!(id instanceof ICAL.Time)) return recurrenceId === undefined;
    return id.toJSDate().getTime() === Date.parse(isoOf(recurrenceId));
  });
  const line = event
    ?.getAllProperties('attendee')
    .find((each) => String(each.getFirstValue()).toLowerCase() === `mailto:${email}`);
  const partstat = line?.getFirstParameter('partstat');
  return line === undefined ? null : (partstat ?? 'NEEDS-ACTION');
}

/** `20270405T080000Z` as ISO 8601. */
function isoOf(value = '19700101T000000Z'): string {
  return value.replace(/^(....)(..)(..T..)(..)(..)/, '$1-$2-$3:$4:$5');
}

/** Renames the calendar as clients do: sets DAV:displayname. */
export async function renameCalendar(server: CalendarServer, owner: CalendarUser, name: string): Promise<number> {
  const { statusCode, body } = await request(new URL(owner.calendar, server.url), {
    method: 'PROPPATCH' as 'GET',
    headers: {
      authorization: `Basic ${Buffer.from(`${owner.username}:${owner.password}`).toString('base64')}`,
      'content-type': 'application/xml',
    },
    body: `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>${name}</D:displayname></D:prop></D:set></D:propertyupdate>`,
  });
  await body.dump();
  return statusCode;
}

/** Writes with If-Match, as a careful client does. */
export async function putIfMatch(
  server: CalendarServer,
  owner: CalendarUser,
  path: string,
  text: string,
  etag: string,
): Promise<number> {
  const { statusCode, body } = await request(new URL(path, server.url), {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${owner.username}:${owner.password}`).toString('base64')}`,
      'content-type': 'text/calendar; charset=utf-8',
      'if-match': etag,
    },
    body: text,
  });
  await body.dump();
  return statusCode;
}
