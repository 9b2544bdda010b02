// Environment in, frozen Config out. Every fault is reported at once, by variable name; nothing is read but the
// variables of `settings.ts`.
import { GatewayError } from '../../core/errors.ts';
import { type SettingKey, type SettingValue, settings } from './settings.ts';

type SettingWithDefault =
  | 'caldavUrl'
  | 'itipEnabled'
  | 'appUrl'
  | 'httpListen'
  | 'databaseUrl'
  | 'smtpUrl'
  | 'secrets'
  | 'caldavAuth'
  | 'senderPolicy'
  | 'notifyOrganizer'
  | 'quotaNewRecipientsHour'
  | 'quotaNewRecipientsDay'
  | 'showGuestList'
  | 'mailSizeLimit'
  | 'retainMailDays'
  | 'retainLedgerDays'
  | 'displayTimezone'
  | 'defaultLanguage'
  | 'logLevel';

/** One property per setting; those without a default are null where they are not given. */
export type Config = {
  readonly [K in SettingKey]: K extends SettingWithDefault ? SettingValue<K> : SettingValue<K> | null;
};

export type ConfigResult =
  | { readonly kind: 'valid'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

/** Each fault is one line that begins with the name of the setting to change. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, { name, default: defaultText, required, schema }] of Object.entries(settings)) {
    const given = environment[name]?.trim();
    const text = given === undefined || given === '' ? defaultText : given;
    if (text === null) {
      values[key] = null;
      if (required) faults.push(`${name} is not set: make one with "imip-gateway secret" and keep it safe`);
      continue;
    }
    const result = schema.safeParse(text);
    if (result.success) values[key] = result.data;
    else faults.push(`${name} ${result.error.issues.map(({ message }) => message).join('; ')}`);
  }
  const config = values as unknown as Config;
  faults.push(...faultsBetween(config));
  return faults.length > 0 ? { kind: 'invalid', faults } : { kind: 'valid', config: Object.freeze(config) };
}

/** The same, throwing `config-invalid` with all faults, a line each. */
export function requireConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const result = readConfig(environment);
  if (result.kind === 'valid') return result.config;
  throw new GatewayError('config-invalid', result.faults.join('\n'));
}

/** LOG_LEVEL alone, for the playground, which makes its other settings itself. Throws `config-invalid`. */
export function requireLogLevel(environment: Readonly<Record<string, string | undefined>>, otherwise: string): string {
  const { name, schema } = settings.logLevel;
  const result = schema.safeParse(environment[name]?.trim() || otherwise);
  if (result.success) return result.data;
  throw new GatewayError('config-invalid', `${name} ${result.error.issues.map(({ message }) => message).join('; ')}`);
}

/** Settings that are right by themselves and wrong together. */
function faultsBetween(config: Config): string[] {
  const faults: string[] = [];
  const auth = config.caldavAuth?.kind;
  if (auth === 'basic' && config.caldavUsername === null)
    faults.push('CALDAV_USERNAME is not set, and CALDAV_AUTH=basic needs it');
  if (auth === 'basic' && config.caldavPassword === null)
    faults.push('CALDAV_PASSWORD is not set, and CALDAV_AUTH=basic needs it');
  if ((config.smtpTlsCert === null) !== (config.smtpTlsKey === null)) {
    faults.push(
      `${config.smtpTlsCert === null ? 'SMTP_TLS_CERT' : 'SMTP_TLS_KEY'} is not set: STARTTLS needs both SMTP_TLS_CERT and SMTP_TLS_KEY`,
    );
  }
  const dkim = { DKIM_DOMAIN: config.dkimDomain, DKIM_SELECTOR: config.dkimSelector, DKIM_KEY: config.dkimKey };
  const missing = Object.entries(dkim)
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  if (missing.length > 0 && missing.length < 3)
    faults.push(`${missing.join(' and ')} not set: signing needs DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY`);
  return faults;
}

/** What an operator should know at start though nothing is wrong by itself. */
export function configWarnings(config: Config): string[] {
  const warnings: string[] = [];
  const auth = config.caldavAuth.kind;
  if ((auth === 'api-key' || auth === 'ls') && config.caldavOutboundApiKey === null) {
    warnings.push(`CALDAV_OUTBOUND_API_KEY is not set: the CalDAV server will refuse CALDAV_AUTH=${auth} without it`);
  }
  if (config.caldavInboundApiKey === null) warnings.push('CALDAV_INBOUND_API_KEY is not set: every callback gets 401');
  if (config.replyDomain === null && config.replyRecipients === null) {
    warnings.push('neither REPLY_DOMAIN nor REPLY_RECIPIENTS is set: no answer can come by mail');
  }
  return warnings;
}

/** What to enter in the CalDAV server's settings. */
export function callbackUrl({ caldavCallbackBaseUrl, appUrl }: Config): string {
  return `${(caldavCallbackBaseUrl ?? appUrl).replace(/\/+$/, '')}/api/v1.0/caldav-scheduling-callback/`;
}

/** The rows of the README's settings table, as Markdown. */
export function settingsTable(): string {
  const rows = Object.values(settings).map(({ name, default: defaultText, required, meaning }) => {
    const shown = required ? 'required' : defaultText === null ? 'none' : `\`${defaultText}\``;
    return `| \`${name}\` | ${shown} | ${meaning} |`;
  });
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
