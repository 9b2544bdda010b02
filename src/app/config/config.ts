// Reads the settings. In: the environment; out: a frozen Config, or all faults at once, each with the name of its setting.
// It reads only the variables in `settings.ts`.
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

/** One property per setting; null if it has no default and is not set. */
export type Config = {
  readonly [K in SettingKey]: K extends SettingWithDefault ? SettingValue<K> : SettingValue<K> | null;
};

export type ConfigResult =
  | { readonly kind: 'valid'; readonly config: Config }
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

/** Each fault is one line that begins with the name of its setting. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, { name, default: defaultText, required, schema }] of Object.entries(settings)) {
    const given = environment[name]?.trim();
    const text = given === undefined || given === '' ? defaultText : given;
    if (text === null) {
      values[key] = null;
      if (required) faults.push(`${name} is not set: make a key with "imip-gateway secret" and keep it safe`);
      continue;
    }
    const result = schema.safeParse(text);
    if (result.success) values[key] = result.data;
    else faults.push(`${name} ${result.error.issues.map(({ message }) => message).join('; ')}`);
  }
  const config = values as unknown as Config;
  faults.push(...contradictions(config));
  return faults.length > 0 ? { kind: 'invalid', faults } : { kind: 'valid', config: Object.freeze(config) };
}

/** Throws `config-invalid` with one line per fault. */
export function requireConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const result = readConfig(environment);
  if (result.kind === 'valid') return result.config;
  throw new GatewayError('config-invalid', result.faults.join('\n'));
}

/** Reads only LOG_LEVEL, for the playground, which sets the other settings itself. Throws `config-invalid`. */
export function requireLogLevel(
  environment: Readonly<Record<string, string | undefined>>,
  defaultLevel: string,
): string {
  const { name, schema } = settings.logLevel;
  const result = schema.safeParse(environment[name]?.trim() || defaultLevel);
  if (result.success) return result.data;
  throw new GatewayError('config-invalid', `${name} ${result.error.issues.map(({ message }) => message).join('; ')}`);
}

/** Faults of settings that contradict each other. */
function contradictions(config: Config): string[] {
  const faults: string[] = [];
  const auth = config.caldavAuth?.kind;
  if (auth === 'basic' && config.caldavUsername === null)
    faults.push('CALDAV_USERNAME is not set: CALDAV_AUTH=basic requires it');
  if (auth === 'basic' && config.caldavPassword === null)
    faults.push('CALDAV_PASSWORD is not set: CALDAV_AUTH=basic requires it');
  if ((config.smtpTlsCert === null) !== (config.smtpTlsKey === null)) {
    faults.push(
      `${config.smtpTlsCert === null ? 'SMTP_TLS_CERT' : 'SMTP_TLS_KEY'} is not set: STARTTLS requires both SMTP_TLS_CERT and SMTP_TLS_KEY`,
    );
  }
  const dkim = { DKIM_DOMAIN: config.dkimDomain, DKIM_SELECTOR: config.dkimSelector, DKIM_KEY: config.dkimKey };
  const missing = Object.entries(dkim)
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  if (missing.length > 0 && missing.length < 3)
    faults.push(`${missing.join(' and ')} not set: DKIM requires DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY`);
  return faults;
}

/** Returns warnings about settings that a valid configuration still lacks. */
export function configWarnings(config: Config): string[] {
  const warnings: string[] = [];
  const auth = config.caldavAuth.kind;
  if ((auth === 'api-key' || auth === 'ls') && config.caldavOutboundApiKey === null) {
    warnings.push(`CALDAV_OUTBOUND_API_KEY is not set: the CalDAV server refuses CALDAV_AUTH=${auth} without it`);
  }
  if (config.caldavInboundApiKey === null) warnings.push('CALDAV_INBOUND_API_KEY is not set: every callback gets 401');
  if (config.replyDomain === null && config.replyRecipients === null) {
    warnings.push('neither REPLY_DOMAIN nor REPLY_RECIPIENTS is set: the gateway receives no answers by mail');
  }
  return warnings;
}

/** The callback URL to enter in the settings of the CalDAV server. */
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
