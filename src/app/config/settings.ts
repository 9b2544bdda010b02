// All settings: the name, the default, the meaning, and how the text is read. `config.ts` turns an environment into a Config
// with this table, and `imip-gateway settings` prints it for the README. Nothing here reads the environment.
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
  /** As written in the environment; null if there is no default. */
  readonly default: string | null;
  readonly required: boolean;
  /** Full sentences for the README's table. */
  readonly meaning: string;
  /** Reads the text that is set, or the default. An empty text counts as not set. */
  readonly schema: z.ZodType<T, string>;
}

function setting<T>(
  name: string,
  defaultText: string | null,
  meaning: string,
  schema: z.ZodType<T, string>,
  required = false,
): Setting<T> {
  return { name, default: defaultText, required, meaning, schema };
}

/** In the order of the README's table. */
export const settings = {
  caldavUrl: setting(
    'CALDAV_URL',
    'http://caldav:80',
    'The gateway reads and writes events on the CalDAV server at this URL.',
    httpUrl,
  ),
  caldavInboundApiKey: setting(
    'CALDAV_INBOUND_API_KEY',
    null,
    'The CalDAV server must send this key as `X-Api-Key` with each callback. If it is not set, every callback gets 401.',
    text,
  ),
  caldavOutboundApiKey: setting(
    'CALDAV_OUTBOUND_API_KEY',
    null,
    'The gateway sends this key to the CalDAV server as `X-Api-Key` (`X-LS-Api-Key` with `CALDAV_AUTH=ls`).',
    text,
  ),
  caldavCallbackBaseUrl: setting(
    'CALDAV_CALLBACK_BASE_URL',
    null,
    'The CalDAV server reaches the callback under this base URL. If it is not set, `APP_URL` is used.',
    httpUrl,
  ),
  itipEnabled: setting(
    'CALENDAR_ITIP_ENABLED',
    'False',
    '`True`: mails carry a METHOD, so that mail clients show their own buttons. `False`: recipients answer through web links.',
    flag,
  ),
  invitationFromEmail: setting(
    'CALENDAR_INVITATION_FROM_EMAIL',
    null,
    'Every mail has this From address. If it is not set, From is the reply address.',
    mailAddress,
  ),
  appUrl: setting('APP_URL', 'http://localhost:8080', 'The RSVP pages have this public base URL.', httpUrl),
  httpListen: setting(
    'HTTP_LISTEN',
    '127.0.0.1:8080',
    'The gateway serves the pages and the callback on this `host:port`. Port 0 picks a free port.',
    hostPort,
  ),
  smtpListen: setting(
    'SMTP_LISTEN',
    '127.0.0.1:2525',
    'The gateway receives mail by SMTP on this `host:port`; `off` disables it.',
    listen,
  ),
  lmtpListen: setting(
    'LMTP_LISTEN',
    'off',
    'The gateway receives mail by LMTP on this `host:port`; `off` disables it.',
    listen,
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    'sqlite:./data/gateway.db',
    'This database holds the spool and the ledger: `sqlite:PATH` or `postgres://…`. Several gateways may share a PostgreSQL database if NTP keeps their clocks in step.',
    databaseUrl,
  ),
  smtpUrl: setting(
    'SMTP_URL',
    'smtp://localhost:25',
    'The gateway submits mail to this relay: `smtp://[user:pass@]host:port` or `smtps://…`.',
    smtpUrl,
  ),
  secrets: setting(
    'GATEWAY_SECRETS',
    null,
    'These keys sign links and addresses: `kid:base64,…`. The first key signs, and all keys verify. `imip-gateway secret` makes a key.',
    keyRing,
    true,
  ),
  replyDomain: setting(
    'REPLY_DOMAIN',
    null,
    'Mail to this domain is routed to the mail doors. If it is not set, answers go to the organizers’ own addresses.',
    domain,
  ),
  replyRecipients: setting(
    'REPLY_RECIPIENTS',
    null,
    'The mail doors accept these additional recipients (own-domain mode): addresses or `@domain`, separated by commas.',
    recipients,
  ),
  bounceDomain: setting(
    'BOUNCE_DOMAIN',
    null,
    'The signed envelope senders are in this domain. If it is not set, they are in `REPLY_DOMAIN`.',
    domain,
  ),
  postmasterEmail: setting('POSTMASTER_EMAIL', null, 'Mail to postmaster is forwarded to this address.', mailAddress),
  gatewayHostname: setting(
    'GATEWAY_HOSTNAME',
    null,
    'The gateway uses this name in SMTP greetings. If it is not set, the host name of the operating system is used.',
    domain,
  ),
  smtpTlsCert: setting(
    'SMTP_TLS_CERT',
    null,
    'This PEM file contains the certificate for STARTTLS. It is read again when it changes.',
    text,
  ),
  smtpTlsKey: setting('SMTP_TLS_KEY', null, 'This PEM file contains the private key for STARTTLS.', text),
  trustedRelays: setting(
    'TRUSTED_RELAYS',
    null,
    'The gateway trusts XCLIENT and Authentication-Results from relays at these addresses and networks.',
    cidrs,
  ),
  trustedAuthservIds: setting(
    'TRUSTED_AUTHSERV_IDS',
    null,
    'The trusted relays write Authentication-Results under these authserv-ids.',
    list,
  ),
  trustedArcSealers: setting('TRUSTED_ARC_SEALERS', null, 'The gateway trusts the ARC seals of these domains.', list),
  caldavAuth: setting(
    'CALDAV_AUTH',
    'api-key',
    'The gateway authenticates to the CalDAV server by `api-key`, `ls`, `basic`, `remote-user:HEADER` or `accounts:FILE` (JSON: organizer → `{url?, username, password}`).',
    caldavAuth,
  ),
  caldavUsername: setting(
    'CALDAV_USERNAME',
    null,
    'This service account is used by `basic`, and by `remote-user` if the server requires an account.',
    text,
  ),
  caldavPassword: setting('CALDAV_PASSWORD', null, 'This is the password of `CALDAV_USERNAME`.', text),
  caldavHome: setting(
    'CALDAV_HOME',
    null,
    'This path template locates an organizer’s calendars, such as `/calendars/{email}/` or `/{localpart}/`. If it is not set, the gateway discovers them.',
    homeTemplate,
  ),
  senderPolicy: setting(
    'SENDER_POLICY',
    'strict',
    'This policy decides whose answers count: `strict`, `domain` or `token`.',
    text.pipe(z.enum(['strict', 'domain', 'token'], 'must be strict, domain or token')),
  ),
  dnsServers: setting(
    'DNS_SERVERS',
    null,
    'Mail authentication uses these resolvers: `ip:port`, separated by commas. If it is not set, the system’s resolvers are used.',
    resolvers,
  ),
  dkimDomain: setting(
    'DKIM_DOMAIN',
    null,
    'The gateway signs its mails with DKIM for this domain. Signing requires all three `DKIM_*` settings.',
    domain,
  ),
  dkimSelector: setting('DKIM_SELECTOR', null, 'DKIM signatures name this selector.', text),
  dkimKey: setting('DKIM_KEY', null, 'This PEM file contains the private key for DKIM.', text),
  notifyOrganizer: setting(
    'NOTIFY_ORGANIZER',
    'each',
    'The organizer gets a notice for `each` answer, one `digest` per event every 15 minutes, or only questions about `held` answers.',
    text.pipe(z.enum(['each', 'digest', 'held'], 'must be each, digest or held')),
  ),
  quotaNewRecipientsHour: setting(
    'QUOTA_NEW_RECIPIENTS_HOUR',
    '5000',
    'An organizer may mail at most this many new recipients in an hour. The others are mailed in the following hours.',
    wholeNumber,
  ),
  quotaNewRecipientsDay: setting(
    'QUOTA_NEW_RECIPIENTS_DAY',
    '20000',
    'An organizer may mail at most this many new recipients in a day (UTC). The others are mailed on the following days.',
    wholeNumber,
  ),
  showGuestList: setting(
    'SHOW_GUEST_LIST',
    'True',
    '`True`: mails and pages show guests who else is invited, with their answers. `False`: they do not.',
    flag,
  ),
  displayTimezone: setting(
    'DISPLAY_TIMEZONE',
    'UTC',
    'Times that are stored in UTC are shown in this time zone. Other times are shown in their own, and also in this one if it differs.',
    timezone,
  ),
  defaultLanguage: setting(
    'DEFAULT_LANGUAGE',
    'en',
    'Mails are in this language, and so are pages if the gateway has none of the languages that the browser accepts.',
    language,
  ),
  recipientLanguages: setting(
    'RECIPIENT_LANGUAGES',
    null,
    'Mails to these recipients are in another language: `address=language` or `@domain=language`, separated by commas.',
    recipientLanguages,
  ),
  templatesDir: setting('TEMPLATES_DIR', null, 'Files in this folder replace those of `templates/`.', text),
  mailSizeLimit: setting(
    'MAIL_SIZE_LIMIT',
    '26214400',
    'The mail doors accept mails of at most this size, in bytes. It is the `message_size_limit` of your Postfix.',
    mailSize,
  ),
  retainMailDays: setting(
    'RETAIN_MAIL_DAYS',
    '14',
    'The bytes of a mail are kept for this many days after its work is done. While a mail waits or is held, they are not deleted.',
    wholeNumber,
  ),
  retainLedgerDays: setting('RETAIN_LEDGER_DAYS', '400', 'Ledger entries are kept for this many days.', wholeNumber),
  metricsListen: setting(
    'METRICS_LISTEN',
    'off',
    'The gateway serves `/metrics` on this `host:port`, separate from the pages; `off` disables it.',
    listen,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    'The gateway logs events of this level and above: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
    logLevel,
  ),
} as const;

export type SettingKey = keyof typeof settings;
/** The type of a setting's value; null if the setting has no default and is not set. */
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends Setting<infer T> ? T : never;
