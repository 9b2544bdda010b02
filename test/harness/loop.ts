// The complete gateway in front of a CalDAV server, with a catcher that receives all its mail. In: a running CalDAV server
// and settings; out: functions that invite, answer and read the results.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { request } from 'undici';
import { requireConfig } from '../../src/app/config/config.ts';
import { openLog } from '../../src/app/log.ts';
import { type Gateway, makeSecret, startGateway } from '../../src/app/start-gateway.ts';
import type { LedgerEntry } from '../../src/flow/ports/spool.ts';
import { startNxdomainResolver } from '../../src/playground/nxdomain-resolver.ts';
import type { CalendarServer } from './calendar-server.ts';
import { type Catcher, type CaughtMail, startCatcher } from './catcher.ts';
import { freePort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

export const CALLBACK_KEY = 'callback-key';
export const REPLY_DOMAIN = 'reply.example.com';
export const CALLBACK_PATH = '/api/v1.0/caldav-scheduling-callback/';

export interface Callback {
  readonly sender: string;
  readonly recipient: string;
  readonly method: string;
  /** Without METHOD, which is added. */
  readonly calendar: string;
}

export interface Loop {
  readonly gateway: Gateway;
  readonly catcher: Catcher;
  readonly httpUrl: string;
  readonly smtpPort: number;
  readonly lmtpPort: number;
  readonly databaseUrl: string;
  /** Posts the callback as a CalDAV server does; returns the status. */
  callback(callback: Callback): Promise<number>;
  /** Waits for an entry with that subject and verdict; returns the newest. */
  entry(subject: string, verdict: string, timeoutMs?: number): Promise<LedgerEntry>;
  /** Waits for a mail to that recipient whose calendar part has that UID; returns the first. */
  invitation(recipient: string, uid: string): Promise<Invited>;
  stop(): Promise<void>;
}

/** The parts of a captured mail that an attendee's client uses. */
export interface Invited {
  readonly mail: CaughtMail;
  readonly organizer: string;
  readonly calendar: string;
  readonly links: readonly string[];
  readonly html: string;
}

export async function startLoop(
  server: CalendarServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<Loop> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  const [catcher, noDns, httpPort] = await Promise.all([startCatcher(), startNxdomainResolver(), freePort()]);
  const databaseUrl = `sqlite:${join(folder, 'gateway.db')}`;
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const config = requireConfig({
    GATEWAY_SECRETS: makeSecret(),
    DATABASE_URL: databaseUrl,
    HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    SMTP_LISTEN: '127.0.0.1:0',
    LMTP_LISTEN: '127.0.0.1:0',
    APP_URL: httpUrl,
    CALDAV_URL: server.url,
    CALDAV_AUTH: 'basic',
    CALDAV_USERNAME: server.service?.username ?? '',
    CALDAV_PASSWORD: server.service?.password ?? '',
    CALDAV_HOME: server.home,
    CALDAV_INBOUND_API_KEY: CALLBACK_KEY,
    CALENDAR_ITIP_ENABLED: 'True',
    CALENDAR_INVITATION_FROM_EMAIL: 'calendar@example.com',
    SMTP_URL: catcher.smtpUrl,
    REPLY_DOMAIN,
    DNS_SERVERS: noDns.address,
    GATEWAY_HOSTNAME: 'gateway.example.com',
    ...settings,
  });
  const gateway = await startGateway(config, openLog(process.env['LOG_LEVEL'] ?? 'silent'));
  const portOf = (address: string | null): number => Number(address?.split(':').at(-1));
  return {
    gateway,
    catcher,
    httpUrl,
    smtpPort: portOf(gateway.addresses.smtp),
    lmtpPort: portOf(gateway.addresses.lmtp),
    databaseUrl,
    async callback({ sender, recipient, method, calendar }) {
      const { statusCode, body } = await request(httpUrl + CALLBACK_PATH, {
        method: 'POST',
        headers: {
          'content-type': 'text/calendar; charset=utf-8',
          'x-api-key': CALLBACK_KEY,
          'x-caldav-sender': sender,
          'x-caldav-recipient': recipient,
          'x-caldav-method': method,
        },
        body: withMethod(calendar, method),
      });
      await body.dump();
      return statusCode;
    },
    async entry(subject, verdict, timeoutMs) {
      const find = async (): Promise<LedgerEntry | undefined> =>
        (await gateway.ledger.entries(subject, 500)).findLast((entry) => entry.verdict === verdict);
      await waitFor(
        `a ledger entry "${verdict}" about ${subject}`,
        async () => (await find()) !== undefined,
        timeoutMs,
      );
      const found = await find();
      if (found === undefined) throw new Error('the entry is gone again');
      return found;
    },
    async invitation(recipient, uid) {
      let found: Invited | undefined;
      await waitFor(`the mail about ${uid} to ${recipient}`, async () => {
        for (const mail of catcher.mails().filter(({ to }) => to[0] === recipient)) {
          const read = await readInvitation(mail);
          if (read.calendar.includes(`UID:${uid}`)) found = read;
        }
        return found !== undefined;
      });
      if (found === undefined) throw new Error('the mail is gone again');
      return found;
    },
    async stop() {
      await gateway.stop();
      await Promise.all([catcher.stop(), noDns.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function withMethod(calendar: string, method: string): string {
  return calendar.replace('BEGIN:VEVENT', `METHOD:${method}\r\nBEGIN:VEVENT`);
}

export async function readInvitation(caught: CaughtMail): Promise<Invited> {
  const mail = await simpleParser(caught.raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
  const part = mail.attachments.find(
    ({ contentType }) => contentType === 'text/calendar' || contentType === 'application/ics',
  );
  const calendar = (part?.content.toString('utf8') ?? '').replace(/\r?\n[ \t]/g, '');
  const organizer = /^ORGANIZER[^\r\n]*?:(?:mailto:)?([^:\r\n]+)\r?$/im.exec(calendar)?.[1]?.trim() ?? '';
  const html = String(mail.html);
  const links = [...html.matchAll(/href="([^"]*\/rsvp\/[^"]*)"/g)].map(([, link]) =>
    (link ?? '').replaceAll('&amp;', '&'),
  );
  return { mail: caught, organizer, calendar, links, html };
}
