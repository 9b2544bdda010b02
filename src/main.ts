// The composition root: builds every adapter from a Config, joins them by the flow, starts the listeners and stops them
// in order. `cli.ts` calls it; tests and the playground call it with a Config of their own.
import { randomBytes } from 'node:crypto';
import { hostname as systemHostname } from 'node:os';
import { readFile } from 'node:fs/promises';
import { openAuthenticator } from './authenticate/authenticate.ts';
import { openCalendarStore } from './caldav/open-calendar-store.ts';
import type { CalDavAuth } from './caldav/authorize.ts';
import { compileTemplates } from './compose/templates.ts';
import type { Config } from './config.ts';
import { GatewayError } from './errors.ts';
import { decideHeld, readDecision } from './flow/decide-held.ts';
import { holdForOrganizer } from './flow/hold-for-organizer.ts';
import { interpretIncoming } from './flow/interpret-incoming.ts';
import { mailInvitations } from './flow/mail-invitation.ts';
import { notifyOrganizer } from './flow/notify-organizer.ts';
import { makeOutcomes, type Outcomes } from './flow/outcomes.ts';
import { openPost } from './flow/post.ts';
import { readTemplates } from './flow/read-templates.ts';
import { receiveCallback, receiveMail } from './flow/receive.ts';
import { answerRsvp, showRsvp } from './flow/show-rsvp.ts';
import { submitOutgoing } from './flow/submit-outgoing.ts';
import { workEvent } from './flow/work-event.ts';
import { type QueueWork, workQueue } from './flow/work-queue.ts';
import { openHttp } from './http/open-http.ts';
import type { UseCases } from './http/types.ts';
import type { OccurrenceQuery } from './itip/types.ts';
import type { Log } from './log.ts';
import { interpretMail } from './message/interpret-mail.ts';
import { openRecurrence } from './recurrence/open-recurrence.ts';
import { recipientPolicy } from './smtp/recipient-policy.ts';
import { openMailDoor } from './smtp/smtp-door.ts';
import { makeIds } from './spool/new-id.ts';
import { openSpool } from './spool/open-spool.ts';
import type { Ledger, Spool } from './spool/types.ts';
import { openSubmission } from './submission/open-submission.ts';

export interface Gateway {
  /** `host:port` of each listener that is on. */
  readonly addresses: { readonly http: string; readonly smtp: string | null; readonly lmtp: string | null };
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  /** Closes the doors, finishes what is under way, then closes everything else. */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;
const PRUNE_EVERY_MS = 3_600_000;
const KEEP_RAW_MS = 14 * 86_400_000;
const KEEP_LEDGER_MS = 400 * 86_400_000;

/** Rejects with a GatewayError where something cannot be opened; nothing stays open then. */
export async function startGateway(config: Config, log: Log): Promise<Gateway> {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    return { ...(await open(config, log, (close) => closing.push(close))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type OnStop = (close: () => Promise<unknown> | unknown) => void;

async function open(config: Config, log: Log, onStop: OnStop): Promise<Omit<Gateway, 'stop'>> {
  const templates = compileTemplates(await readTemplates(config.templatesDir));
  if (!templates.languages.includes(config.defaultLanguage)) {
    throw new GatewayError(
      'config-invalid',
      `DEFAULT_LANGUAGE must be one of ${templates.languages.join(', ')}: there is no catalogue for ${config.defaultLanguage}`,
    );
  }
  const { spool, ledger } = await openSpool({ url: config.databaseUrl, log });
  onStop(() => spool.close());
  const outcomes = makeOutcomes(log);
  const shared = { spool, ledger, outcomes, makeId: makeIds(), now: Date.now };
  const flow = await openFlow(config, log, onStop, { ...shared, templates });
  const listening = { smtp: false, http: false };
  const useCases: UseCases = {
    receiveCallback: async (request) => void (await receiveCallback(shared, request)),
    showRsvp: (claims) => showRsvp({ ...shared, store: flow.store }, claims),
    answerRsvp: (claims, answer) => answerRsvp({ ...shared, store: flow.store }, claims, answer),
    readDecision: (claims) => readDecision(shared, claims),
    decideHeld: (claims, choice) => decideHeld(shared, claims, choice),
    ready: async () => readiness(spool, listening),
  };
  const doors = await openMailDoors(config, log, onStop, async (mail) => void (await receiveMail(shared, mail)));
  listening.smtp = true;
  const http = await openHttp({
    ...config.httpListen,
    useCases,
    ring: config.secrets,
    templates,
    defaultLanguage: config.defaultLanguage,
    displayTimezone: config.displayTimezone,
    inboundApiKey: config.caldavInboundApiKey,
    appUrl: config.appUrl,
    now: Date.now,
    log,
  });
  onStop(() => http.close(DRAIN_MS));
  listening.http = true;
  const pruning = setInterval(() => void prune(spool, log), PRUNE_EVERY_MS).unref();
  onStop(() => clearInterval(pruning));
  return { addresses: { http: showAddress(http.address), ...doors }, spool, ledger, outcomes };
}

async function openFlow(
  config: Config,
  log: Log,
  onStop: OnStop,
  shared: {
    spool: Spool;
    ledger: Ledger;
    outcomes: Outcomes;
    makeId: (now: number) => string;
    now: () => number;
    templates: ReturnType<typeof compileTemplates>;
  },
) {
  const { spool, outcomes } = shared;
  const hostname = config.gatewayHostname ?? systemHostname();
  const bounceDomain = config.bounceDomain ?? config.replyDomain;
  const store = openCalendarStore({ url: config.caldavUrl, auth: caldavAuth(config), home: config.caldavHome });
  onStop(() => store.close());
  const submission = openSubmission({ url: config.smtpUrl, hostname, dkim: await readDkim(config) });
  onStop(() => submission.close());
  const recurrence = openRecurrence();
  onStop(() => recurrence.close());
  const authenticator = openAuthenticator({
    dnsServers: config.dnsServers,
    trustedAuthservIds: config.trustedAuthservIds ?? [],
    trustedArcSealers: config.trustedArcSealers ?? [],
    hostname,
  });
  onStop(() => authenticator.close());
  const messageDomain = config.replyDomain ?? bounceDomain ?? hostname;
  const post = openPost({
    ...shared,
    ring: config.secrets,
    hostname: messageDomain,
    bounceDomain,
    replyDomain: config.replyDomain,
    invitationFromEmail: config.invitationFromEmail,
  });
  const common = {
    ...shared,
    ring: config.secrets,
    post,
    appUrl: config.appUrl,
    language: config.defaultLanguage,
    timezone: config.displayTimezone,
    replyDomain: config.replyDomain,
    bounceDomain,
    hostname: messageDomain,
    expand: (query: OccurrenceQuery) => recurrence.expand(query),
  };
  const isOwnRecipient = recipientPolicy({
    ring: config.secrets,
    replyDomain: null,
    bounceDomain: null,
    replyRecipients: config.replyRecipients ?? [],
  });
  const incoming = interpretIncoming({
    ...common,
    interpret: interpretMail,
    authenticate: (mail, lastTry) => authenticator.authenticate(mail, lastTry),
    isOwnRecipient,
    postmaster: config.postmasterEmail,
    policy: config.senderPolicy,
  });
  const event = workEvent({
    ...common,
    store,
    holdForOrganizer: holdForOrganizer(common),
    notifyOrganizer: notifyOrganizer({ ...common, mode: config.notifyOrganizer }),
  });
  const invitation = mailInvitations({ ...common, itip: config.itipEnabled });
  const outgoing = submitOutgoing({ ...common, submission });
  const toCaldav = { first: 3_000, longest: 5 * 60_000 };
  const toRelay = { first: 15_000, longest: 30 * 60_000 };
  const base = { spool, outcomes, log, now: Date.now };
  const works: QueueWork[] = [
    workQueue({ ...base, queue: 'incoming', handle: incoming, lanes: 16, perLane: 1, backOff: toCaldav }),
    workQueue({ ...base, queue: 'event', handle: event, lanes: 16, perLane: 2_000, backOff: toCaldav }),
    workQueue({ ...base, queue: 'invitation', handle: invitation, lanes: 16, perLane: 20, backOff: toCaldav }),
    // One at a time: a crash between the relay's 250 and our record repeats at most one mail.
    workQueue({ ...base, queue: 'outgoing', handle: outgoing, lanes: 8, perLane: 1, backOff: toRelay }),
  ];
  onStop(() => Promise.all(works.map((work) => work.stop(DRAIN_MS))));
  return { store };
}

async function openMailDoors(
  config: Config,
  log: Log,
  onStop: OnStop,
  receive: Parameters<typeof openMailDoor>[0]['receive'],
): Promise<{ smtp: string | null; lmtp: string | null }> {
  const acceptsRecipient = recipientPolicy({
    ring: config.secrets,
    replyDomain: config.replyDomain,
    bounceDomain: config.bounceDomain ?? config.replyDomain,
    replyRecipients: config.replyRecipients ?? [],
  });
  const tls =
    config.smtpTlsCert === null || config.smtpTlsKey === null
      ? null
      : { certFile: config.smtpTlsCert, keyFile: config.smtpTlsKey };
  const opened = { smtp: null as string | null, lmtp: null as string | null };
  for (const kind of ['smtp', 'lmtp'] as const) {
    const listen = kind === 'smtp' ? config.smtpListen : config.lmtpListen;
    if (listen === null) continue;
    const door = await openMailDoor({
      kind,
      ...listen,
      hostname: config.gatewayHostname ?? systemHostname(),
      receive,
      acceptsRecipient,
      tls,
      trustedRelays: config.trustedRelays ?? [],
      log,
    });
    onStop(() => door.close(DRAIN_MS));
    opened[kind] = showAddress(door.address);
  }
  return opened;
}

function caldavAuth(config: Config): CalDavAuth {
  const { kind } = config.caldavAuth;
  switch (config.caldavAuth.kind) {
    case 'basic':
      return { kind: 'basic', username: config.caldavUsername ?? '', password: config.caldavPassword ?? '' };
    case 'remote-user': {
      // A server that believes such a header from its own service account only (Cyrus) gets that account's login, too.
      const { caldavUsername: username, caldavPassword: password } = config;
      return { ...config.caldavAuth, ...(username !== null && { username }), ...(password !== null && { password }) };
    }
    case 'accounts':
      return config.caldavAuth;
    default:
      return { kind: kind === 'ls' ? 'ls' : 'api-key', key: config.caldavOutboundApiKey ?? '' };
  }
}

async function readDkim(config: Config): Promise<{ domain: string; selector: string; key: string } | null> {
  const { dkimDomain: domain, dkimSelector: selector, dkimKey: file } = config;
  if (domain === null || selector === null || file === null) return null;
  try {
    return { domain, selector, key: await readFile(file, 'utf8') };
  } catch (cause) {
    throw new GatewayError('config-invalid', `DKIM_KEY names a file that cannot be read: ${file}`, { cause });
  }
}

async function readiness(
  spool: Spool,
  listening: Readonly<Record<string, boolean>>,
): Promise<{ ok: boolean; checks: Record<string, string> }> {
  const checks: Record<string, string> = {};
  for (const [name, up] of Object.entries(listening)) checks[name] = up ? 'ok' : 'not listening';
  checks['spool'] = await spool.probe().then(
    () => 'ok',
    () => 'cannot be written',
  );
  return { ok: Object.values(checks).every((check) => check === 'ok'), checks };
}

async function prune(spool: Spool, log: Log): Promise<void> {
  const now = Date.now();
  await spool.prune(now - KEEP_RAW_MS, now - KEEP_LEDGER_MS).then(
    (pruned) => log.debug({ pruned }, 'old records pruned'),
    (error: unknown) => log.warn({ err: error }, 'old records could not be pruned'),
  );
}

function showAddress({ host, port }: { host: string; port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A new signing key as GATEWAY_SECRETS wants it. */
export function makeSecret(): string {
  return `k${randomBytes(2).toString('hex')}:${randomBytes(32).toString('base64')}`;
}
