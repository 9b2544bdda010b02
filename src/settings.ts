// Every setting by name: its default, what it means, how its text is read. `config.ts` turns an environment into a
// Config with it; the README's table is printed from it. Nothing here reads the environment.
import { isIP } from 'node:net';
import { z } from 'zod';
import { calendarAddress } from './itip/calendar-address.ts';
import type { KeyRing } from './rsvp/types.ts';
import { parseKeyRing } from './rsvp/keys.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type CalDavAuth =
  | { readonly kind: 'api-key' }
  | { readonly kind: 'ls' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'remote-user'; readonly header: string }
  | { readonly kind: 'accounts'; readonly file: string };

interface Setting<T> {
  readonly name: string;
  /** As a person would write it; null: none, `required`: there is no default. */
  readonly standard: string | null;
  readonly required?: boolean;
  readonly meaning: string;
  /** From the text given, or the standard, to its value; '' counts as not given. */
  readonly schema: z.ZodType<T, string>;
}

function setting<T>(
  name: string,
  standard: string | null,
  meaning: string,
  schema: z.ZodType<T, string>,
  required = false,
): Setting<T> {
  return { name, standard, meaning, schema, required };
}

function fault(context: { addIssue(message: string): void }, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}

const text = z.string().trim();
const flag = text
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no'], 'must be True or False'))
  .transform((v) => v === 'true' || v === '1' || v === 'yes');
const list = text.transform((v) =>
  v
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);

function readHostPort(value: string): HostPort | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host !== undefined && port <= 65535 ? { host, port } : null;
}

const hostPort = text.transform(
  (value, context) => readHostPort(value) ?? fault(context, 'must be host:port, such as 127.0.0.1:8080'),
);
const listen = text.transform((value, context) =>
  value.toLowerCase() === 'off'
    ? null
    : (readHostPort(value) ?? fault(context, 'must be host:port, such as 127.0.0.1:2525, or off')),
);
const domain = text
  .toLowerCase()
  .pipe(
    z
      .string()
      .regex(/^(?=.{1,253}$)([a-z0-9_-]{1,63}\.)*[a-z0-9-]{1,63}$/, 'must be a domain, such as reply.example.com'),
  );
const mailAddress = text.transform(
  (value, context) =>
    calendarAddress(value)?.asWritten ?? fault(context, 'must be a mail address, such as calendar@example.com'),
);
const httpUrl = z
  .string()
  .trim()
  .regex(/^https?:\/\//i, 'must begin with http:// or https://')
  .pipe(z.url('must be a URL such as https://calendar.example.com'));
const wholeNumber = text.regex(/^[1-9]\d{0,8}$/, 'must be a whole number above 0').transform(Number);
const language = text.regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, 'must be a language such as en or fr');

const timezone = text.transform((value, context) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    return fault(context, 'must be a time zone such as Europe/Paris');
  }
});

const cidrs = list.transform((values, context) => {
  const wrong = values.find((value) => {
    const [address = '', bits, ...rest] = value.split('/');
    const family = isIP(address);
    const size = bits === undefined ? 0 : Number(bits);
    return (
      family === 0 ||
      rest.length > 0 ||
      !Number.isInteger(size) ||
      bits === '' ||
      size < 0 ||
      size > (family === 4 ? 32 : 128)
    );
  });
  return wrong === undefined
    ? values
    : fault(context, `must be addresses or networks such as 10.0.0.0/8; ${JSON.stringify(wrong)} is neither`);
});

const recipients = list.transform((values, context) => {
  const wrong = values.find((value) => calendarAddress(value.startsWith('@') ? `x${value}` : value) === null);
  return wrong === undefined
    ? values.map((value) => value.toLowerCase())
    : fault(context, `must be addresses or @domain, separated by commas; ${JSON.stringify(wrong)} is neither`);
});

const resolvers = list.transform((values, context) => {
  const wrong = values.find((value) => {
    const hostAndPort = readHostPort(value);
    return isIP(hostAndPort?.host ?? value) === 0;
  });
  return wrong === undefined
    ? values
    : fault(context, `must be ip:port, separated by commas; ${JSON.stringify(wrong)} is not`);
});

const keyRing = text.transform((value, context): KeyRing => {
  try {
    return parseKeyRing(value);
  } catch (error) {
    return fault(
      context,
      error instanceof Error ? error.message : 'must be kid:base64; make one with imip-gateway secret',
    );
  }
});

const caldavAuth = text.transform((value, context): CalDavAuth => {
  const [kind, argument = ''] = value.split(/:(.*)/s, 2);
  if (kind === 'remote-user' && /^[A-Za-z0-9-]+$/.test(argument)) return { kind, header: argument };
  if (kind === 'accounts' && argument !== '') return { kind, file: argument };
  if ((kind === 'api-key' || kind === 'ls' || kind === 'basic') && argument === '') return { kind };
  return fault(context, 'must be api-key, ls, basic, remote-user:HEADER or accounts:FILE');
});

const databaseUrl = text.regex(
  /^(sqlite:.+|postgres(ql)?:\/\/.+)$/,
  'must be sqlite:PATH or postgres://user:password@host/database',
);
const smtpUrl = text
  .regex(/^smtps?:\/\/.+/, 'must be smtp://[user:password@]host:port or smtps://…')
  .pipe(z.url('must be a URL such as smtp://localhost:25'));

/** In the order of the README's table. */
export const settings = {
  caldavUrl: setting('CALDAV_URL', 'http://caldav:80', 'The CalDAV server.', httpUrl),
  caldavInboundApiKey: setting(
    'CALDAV_INBOUND_API_KEY',
    null,
    'What the CalDAV server must send as `X-Api-Key` with a callback. Unset: every callback gets 401.',
    text,
  ),
  caldavOutboundApiKey: setting(
    'CALDAV_OUTBOUND_API_KEY',
    null,
    'What we send to the CalDAV server as `X-Api-Key` (`X-LS-Api-Key` with `CALDAV_AUTH=ls`).',
    text,
  ),
  caldavCallbackBaseUrl: setting(
    'CALDAV_CALLBACK_BASE_URL',
    null,
    'The base URL under which the CalDAV server reaches the callback, where it is not `APP_URL`.',
    httpUrl,
  ),
  itipEnabled: setting(
    'CALENDAR_ITIP_ENABLED',
    'False',
    'True: mails carry METHOD, so that mail clients show their own buttons. False: web links carry the answer.',
    flag,
  ),
  invitationFromEmail: setting(
    'CALENDAR_INVITATION_FROM_EMAIL',
    null,
    'From of every mail. Unset: the reply address.',
    mailAddress,
  ),
  appUrl: setting('APP_URL', 'http://localhost:8080', 'The public base URL of the RSVP pages.', httpUrl),
  httpListen: setting('HTTP_LISTEN', '127.0.0.1:8080', 'Pages and callback: `host:port`; port 0 picks one.', hostPort),
  smtpListen: setting('SMTP_LISTEN', '127.0.0.1:2525', 'Mail by SMTP: `host:port`, or `off`.', listen),
  lmtpListen: setting('LMTP_LISTEN', 'off', 'Mail by LMTP: `host:port`, or `off`.', listen),
  databaseUrl: setting(
    'DATABASE_URL',
    'sqlite:./data/gateway.db',
    'The spool and the ledger: `sqlite:PATH`, or `postgres://…`, which several gateways may share.',
    databaseUrl,
  ),
  smtpUrl: setting(
    'SMTP_URL',
    'smtp://localhost:25',
    'Where mail is submitted: `smtp://[user:pass@]host:port` or `smtps://…`.',
    smtpUrl,
  ),
  secrets: setting(
    'GATEWAY_SECRETS',
    null,
    '`kid:base64,…`: the first signs, all verify. `imip-gateway secret` makes one.',
    keyRing,
    true,
  ),
  replyDomain: setting(
    'REPLY_DOMAIN',
    null,
    'The domain routed to the mail door. Unset: answers come to the organizers’ own addresses.',
    domain,
  ),
  replyRecipients: setting(
    'REPLY_RECIPIENTS',
    null,
    'Own-domain mode: further recipients that are accepted, addresses or `@domain`, separated by commas.',
    recipients,
  ),
  bounceDomain: setting(
    'BOUNCE_DOMAIN',
    null,
    'The domain of our signed envelope senders. Unset: `REPLY_DOMAIN`.',
    domain,
  ),
  postmasterEmail: setting('POSTMASTER_EMAIL', null, 'Where postmaster mail is forwarded.', mailAddress),
  gatewayHostname: setting(
    'GATEWAY_HOSTNAME',
    null,
    'The name in SMTP greetings. Unset: the operating system’s.',
    domain,
  ),
  smtpTlsCert: setting('SMTP_TLS_CERT', null, 'PEM certificate for STARTTLS, read again when the file changes.', text),
  smtpTlsKey: setting('SMTP_TLS_KEY', null, 'PEM key for STARTTLS.', text),
  trustedRelays: setting(
    'TRUSTED_RELAYS',
    null,
    'Addresses and networks of relays whose XCLIENT and Authentication-Results we believe.',
    cidrs,
  ),
  trustedAuthservIds: setting(
    'TRUSTED_AUTHSERV_IDS',
    null,
    'The authserv-ids under which those relays write Authentication-Results.',
    list,
  ),
  trustedArcSealers: setting('TRUSTED_ARC_SEALERS', null, 'Domains whose ARC seal we believe.', list),
  caldavAuth: setting(
    'CALDAV_AUTH',
    'api-key',
    '`api-key`, `ls`, `basic`, `remote-user:HEADER` or `accounts:FILE` (JSON: organizer → `{url?, username, password}`).',
    caldavAuth,
  ),
  caldavUsername: setting(
    'CALDAV_USERNAME',
    null,
    'The service account, for `basic`; for `remote-user` where the server wants one.',
    text,
  ),
  caldavPassword: setting('CALDAV_PASSWORD', null, 'Its password.', text),
  caldavHome: setting(
    'CALDAV_HOME',
    null,
    'Path template of an organizer’s calendars, such as `/calendars/{email}/` or `/{localpart}/`. Unset: discovery.',
    text.startsWith('/', 'must begin with /, such as /calendars/{email}/'),
  ),
  senderPolicy: setting(
    'SENDER_POLICY',
    'strict',
    'Whose answer counts: `strict`, `domain` or `token`.',
    text.pipe(z.enum(['strict', 'domain', 'token'], 'must be strict, domain or token')),
  ),
  dnsServers: setting(
    'DNS_SERVERS',
    null,
    'Resolvers for mail authentication, `ip:port`, separated by commas. Unset: the system’s.',
    resolvers,
  ),
  dkimDomain: setting('DKIM_DOMAIN', null, 'Sign what we submit: the domain,', domain),
  dkimSelector: setting('DKIM_SELECTOR', null, 'the selector,', text),
  dkimKey: setting('DKIM_KEY', null, 'and the file of the private key (PEM).', text),
  notifyOrganizer: setting(
    'NOTIFY_ORGANIZER',
    'each',
    '`each` answer, a `digest` per event every 15 minutes, or only what is `held` for a decision.',
    text.pipe(z.enum(['each', 'digest', 'held'], 'must be each, digest or held')),
  ),
  quotaNewRecipientsHour: setting(
    'QUOTA_NEW_RECIPIENTS_HOUR',
    '5000',
    'How many people whom an organizer has never mailed before may be mailed in an hour. More wait for the next.',
    wholeNumber,
  ),
  quotaNewRecipientsDay: setting('QUOTA_NEW_RECIPIENTS_DAY', '20000', 'The same for a day (UTC).', wholeNumber),
  showGuestList: setting(
    'SHOW_GUEST_LIST',
    'True',
    'Whether guests see who else is invited, with their answers, in mails and pages.',
    flag,
  ),
  displayTimezone: setting('DISPLAY_TIMEZONE', 'UTC', 'The time zone for times that have none of their own.', timezone),
  defaultLanguage: setting(
    'DEFAULT_LANGUAGE',
    'en',
    'The language of mails, and of pages where the browser asks for none that we have.',
    language,
  ),
  templatesDir: setting('TEMPLATES_DIR', null, 'A folder whose files replace those of `templates/`.', text),
  metricsListen: setting(
    'METRICS_LISTEN',
    'off',
    '`/metrics` on a listener of its own: `host:port`, or `off`.',
    listen,
  ),
} as const;

export type SettingKey = keyof typeof settings;
/** What a setting's text becomes; null where it has no default and is not given. */
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends Setting<infer T> ? T : never;
