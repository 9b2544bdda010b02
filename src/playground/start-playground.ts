// Starts the playground: the gateway on loopback with an embedded calendar, a mailbox that captures its mail, an empty DNS,
// and a page that shows them. In: a port; out: the URL of the page. Nothing leaves the machine, and nothing is kept.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTemplates } from '../core/compose/templates.ts';
import { requireConfig } from '../app/config/config.ts';
import { readTemplates } from '../app/config/read-templates.ts';
import type { Log } from '../flow/ports/log.ts';
import { listen } from '../doors/listen.ts';
import { makeSecret, startGateway } from '../app/start-gateway.ts';
import { startEmbeddedCaldav } from './embedded-caldav.ts';
import { startMailbox } from './mailbox.ts';
import { startNxdomainResolver } from './nxdomain-resolver.ts';
import { openOrganizerActions } from './organizer-actions.ts';
import { openPlaygroundPage } from './playground-page.ts';

export interface PlaygroundOptions {
  /** The port of the page, on loopback; 0 picks a free one. */
  readonly port: number;
  readonly log: Log;
}

export interface Playground {
  readonly url: string;
  /** `host:port` of the gateway's doors. */
  readonly gateway: { readonly http: string; readonly smtp: string };
  stop(): Promise<void>;
}

const ORGANIZER = 'alice@example.com';
const REPLY_DOMAIN = 'reply.example.com';

/** Throws a GatewayError if something cannot be opened, such as a port in use; then nothing stays open. */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    return { ...(await open(options, (close) => closing.push(close))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(
  { port, log }: PlaygroundOptions,
  onStop: (close: () => Promise<unknown>) => void,
): Promise<Omit<Playground, 'stop'>> {
  const folder = await mkdtemp(join(tmpdir(), 'imip-playground-'));
  onStop(() => rm(folder, { recursive: true, force: true }));
  const caldav = await startEmbeddedCaldav();
  onStop(() => caldav.close());
  const mailbox = await startMailbox();
  onStop(() => mailbox.close());
  const resolver = await startNxdomainResolver();
  onStop(() => resolver.close());
  const callbackKey = makeSecret();
  const httpPort = await freePort();
  const config = requireConfig({
    GATEWAY_SECRETS: makeSecret(),
    DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
    HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    SMTP_LISTEN: '127.0.0.1:0',
    APP_URL: `http://127.0.0.1:${httpPort}`,
    CALDAV_URL: caldav.url,
    CALDAV_OUTBOUND_API_KEY: caldav.apiKey,
    CALDAV_INBOUND_API_KEY: callbackKey,
    CALENDAR_ITIP_ENABLED: 'True',
    CALENDAR_INVITATION_FROM_EMAIL: 'calendar@example.com',
    SMTP_URL: mailbox.smtpUrl,
    REPLY_DOMAIN,
    DNS_SERVERS: resolver.address,
    GATEWAY_HOSTNAME: 'playground.example.com',
  });
  const gateway = await startGateway(config, log);
  onStop(() => gateway.stop());
  const { http, smtp } = gateway.addresses;
  const actions = openOrganizerActions({ organizer: ORGANIZER, caldav, gateway: http, callbackKey, now: Date.now });
  const page = await openPlaygroundPage({
    port,
    organizer: ORGANIZER,
    actions,
    mailbox,
    caldav,
    ledger: gateway.ledger,
    outcomes: gateway.outcomes,
    smtp: smtp ?? '',
    templates: compileTemplates(await readTemplates(null)),
  });
  onStop(() => page.close());
  return { url: page.url, gateway: { http, smtp: smtp ?? '' } };
}

/** APP_URL needs the port before the gateway listens. */
async function freePort(): Promise<number> {
  const probe = createServer();
  const { port } = await listen(probe, { host: '127.0.0.1', port: 0 }, 'HTTP_LISTEN');
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
