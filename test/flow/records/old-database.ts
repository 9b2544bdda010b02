// Runs this gateway on the database of an earlier release. In: the fixture's version and a copy of the database; out:
// the gateway with the CalDAV server of that time, a relay that keeps its mails, and a clock that starts at a given
// time and is set forward by `settle`, which throws if the tasks are never finished.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DatabaseSync } from '@photostructure/sqlite';
import { simpleParser } from 'mailparser';
import { pino } from 'pino';
import { vi } from 'vitest';
import { openForOperator } from '../../../src/adapters/spool/open-spool.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { type Gateway, startGateway } from '../../../src/app/start-gateway.ts';
import { startNxdomainResolver } from '../../../src/playground/nxdomain-resolver.ts';
import { startFakeCaldav } from '../../adapters/caldav/fake-caldav.ts';
import { startCatcher } from '../../harness/catcher.ts';
import { waitFor } from '../../harness/wait-for.ts';

const folder = new URL('../../../fixtures/databases/', import.meta.url);
const HOUR_MS = 3_600_000;

/**
 * The settings with which the fixtures were made (fixtures/databases/README.md), so that addresses and links verify.
 */
const settings = {
  GATEWAY_SECRETS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  REPLY_DOMAIN: 'reply.example.com',
  CALENDAR_INVITATION_FROM_EMAIL: 'calendar@example.com',
  APP_URL: 'https://calendar.example.com',
  CALENDAR_ITIP_ENABLED: 'True',
  CALDAV_OUTBOUND_API_KEY: 'key',
  CALDAV_INBOUND_API_KEY: 'key',
  HTTP_LISTEN: '127.0.0.1:0',
  SMTP_LISTEN: 'off',
} as const;

/** A copy of a fixture. */
export interface OldDatabase {
  readonly url: string;
  rows<T>(sql: string): Promise<T[]>;
  close(): Promise<void>;
}

export async function openOldSqlite(version: string): Promise<OldDatabase> {
  const place = mkdtempSync(join(tmpdir(), 'old-database-'));
  const path = join(place, 'gateway.db');
  writeFileSync(path, readFixture(`${version}.sqlite`), { mode: 0o600 });
  return {
    url: `sqlite:${path}`,
    async rows<T>(sql: string) {
      const database = new DatabaseSync(path);
      try {
        database.exec('pragma busy_timeout = 5000');
        return database.prepare(sql).all() as T[];
      } finally {
        database.close();
      }
    },
    async close() {
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Returns the uncompressed file of the fixture. */
export function readFixture(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(`${name}.gz`, folder)));
}

export interface SeenMail {
  readonly to: string;
  readonly text: string;
  readonly messageId: string;
  /** METHOD and UID of the calendar part; null: none. */
  readonly calendar: { readonly method: string; readonly uid: string } | null;
}

export interface Setting {
  /** When this gateway is first started, ms since 1970. */
  readonly startedAt: number;
  /** Recipients that the relay refuses permanently. */
  readonly refused: readonly string[];
  /** Task ids that `settle` does not wait for. */
  readonly ignored?: readonly string[];
}

export type OldGateway = Awaited<ReturnType<typeof startOnOldDatabase>>;

export async function startOnOldDatabase(version: string, database: OldDatabase, setting: Setting) {
  const caldav = await startFakeCaldav({ user: (headers) => String(headers['x-forwarded-user']) });
  const calendars = readFileSync(new URL(`${version}.calendars.json`, folder), 'utf8');
  for (const [path, text] of Object.entries(JSON.parse(calendars) as Record<string, string>)) {
    caldav.objects.set(path, text);
  }
  const rcpt = (address: string): string | null =>
    setting.refused.includes(address) ? '550 5.1.1 no such mailbox' : null;
  const [relay, noDns] = await Promise.all([startCatcher({ rcpt }), startNxdomainResolver()]);
  const config = requireConfig({
    ...settings,
    DATABASE_URL: database.url,
    CALDAV_URL: caldav.url,
    SMTP_URL: relay.smtpUrl,
    DNS_SERVERS: noDns.address,
  });
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  const begun = performance.now();
  let ahead = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(setting.startedAt + performance.now() - begun) + ahead);
  let gateway: Gateway = await startGateway(config, log);

  const excepted = (setting.ignored ?? []).map((id) => `'${id}'`).join(', ');
  const waiting = (): Promise<{ id: string; due_at: number | string }[]> =>
    database.rows(`select id, due_at from task where state = 'waiting' and id not in (${excepted || `''`})`);

  return {
    errors,
    /** The unfolded text of the object at that path of the CalDAV server. */
    event(path: string): string {
      return (caldav.objects.get(path) ?? '').replace(/\r\n[ \t]/g, '');
    },
    entries: (subject: string) => gateway.ledger.entries(subject, 500),

    /** Runs until no task waits. Sets the clock forward for tasks that are due later. */
    async settle(): Promise<void> {
      for (;;) {
        await waitFor('all due tasks', async () =>
          (await waiting()).every(({ due_at }) => Number(due_at) > Date.now()),
        );
        const left = (await waiting()).map(({ due_at }) => Number(due_at));
        if (left.length === 0) return;
        if (Math.max(...left) > Date.now() + 24 * HOUR_MS) throw new Error(JSON.stringify(await waiting()));
        await gateway.stop();
        ahead += Math.max(0, Math.max(...left) - Date.now());
        gateway = await startGateway(config, log);
      }
    },

    /** Retries a task as the operator. */
    async retry(id: string): Promise<string> {
      const { actions, spool } = await openForOperator({ url: database.url });
      try {
        return await actions.change(id, 'retry', [], Date.now());
      } finally {
        await spool.close();
      }
    },

    async mails(): Promise<SeenMail[]> {
      return Promise.all(
        relay.mails().map(async ({ to, raw }) => {
          const mail = await simpleParser(raw);
          const part = mail.attachments.find(({ contentType }) => contentType === 'application/ics');
          const text = part?.content.toString() ?? '';
          const [method, uid] = ['METHOD', 'UID'].map(
            (name) => new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1] ?? '',
          );
          const calendar = part === undefined ? null : { method: method ?? '', uid: uid ?? '' };
          return { to: to.join(), text: mail.text ?? '', messageId: mail.messageId ?? '', calendar };
        }),
      );
    },

    /** Submits the form of a page; returns the target of the redirect, or the status if there is none. */
    async submit(path: string, form: Readonly<Record<string, string>>): Promise<string> {
      const url = `http://${gateway.addresses.http}${path}`;
      const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
      await answer.body?.cancel();
      return answer.headers.get('location') ?? String(answer.status);
    },

    async close(): Promise<void> {
      await gateway.stop();
      vi.restoreAllMocks();
      await Promise.all([relay.stop(), noDns.close(), caldav.stop()]);
      await database.close();
    },
  };
}
