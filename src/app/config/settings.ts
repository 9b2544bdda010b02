// Every setting by name: its default, what it means, how its text is read. `config.ts` turns an environment into a
// Config with it; the README's table is printed from it. Nothing here reads the environment.
import { z } from 'zod';
import {
  caldavAuth,
  cidrs,
  databaseUrl,
  domain,
  flag,
  homeTemplate,
  hostPort,
  httpUrl,
  keyRing,
  language,
  recipientLanguages,
  list,
  listen,
  logLevel,
  mailAddress,
  mailSize,
  recipients,
  resolvers,
  smtpUrl,
  text,
  timezone,
  wholeNumber,
} from './setting-values.ts';

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
    'The spool and the ledger: `sqlite:PATH`, or `postgres://…`, which several gateways may share that keep their clocks by NTP.',
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
    homeTemplate,
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
  recipientLanguages: setting(
    'RECIPIENT_LANGUAGES',
    null,
    'The language of mails to some: `address=language` or `@domain=language`, separated by commas.',
    recipientLanguages,
  ),
  templatesDir: setting('TEMPLATES_DIR', null, 'A folder whose files replace those of `templates/`.', text),
  mailSizeLimit: setting(
    'MAIL_SIZE_LIMIT',
    '26214400',
    'The largest mail that the doors take, in bytes: the `message_size_limit` of your Postfix.',
    mailSize,
  ),
  retainMailDays: setting(
    'RETAIN_MAIL_DAYS',
    '14',
    'How long a mail’s bytes are kept after its work is done. What waits or is held is kept as long as it does.',
    wholeNumber,
  ),
  retainLedgerDays: setting(
    'RETAIN_LEDGER_DAYS',
    '400',
    'How long the ledger says what became of it, and why.',
    wholeNumber,
  ),
  metricsListen: setting(
    'METRICS_LISTEN',
    'off',
    '`/metrics` on a listener of its own: `host:port`, or `off`.',
    listen,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    'The least severe level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
    logLevel,
  ),
} as const;

export type SettingKey = keyof typeof settings;
/** What a setting's text becomes; null where it has no default and is not given. */
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends Setting<infer T> ? T : never;
