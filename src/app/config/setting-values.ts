// Schemas for the values of settings. In: the text of one setting; out: its value, or what is wrong with it. They read
// neither the environment nor files.
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { checkHomeTemplate } from '../../adapters/caldav/event-url.ts';
import { calendarAddress } from '../../core/ical/calendar-address.ts';
import { parseKeyRing } from '../../core/signing/keys.ts';
import type { KeyRing } from '../../core/signing/types.ts';

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

function fault(context: { addIssue(message: string): void }, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}

export const text = z.string().trim();
export const flag = text
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no'], 'must be True or False'))
  .transform((v) => v === 'true' || v === '1' || v === 'yes');
export const list = text.transform((v) =>
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

export const hostPort = text.transform(
  (value, context) => readHostPort(value) ?? fault(context, 'must be host:port, such as 127.0.0.1:8080'),
);
export const listen = text.transform((value, context) =>
  value.toLowerCase() === 'off'
    ? null
    : (readHostPort(value) ?? fault(context, 'must be host:port, such as 127.0.0.1:2525, or off')),
);
/** An internationalised domain may be written in Unicode; mails and DNS use its ASCII form. */
export const domain = text
  .transform((value) => (/^[\x21-\x7e]*$/.test(value) ? value.toLowerCase() : domainToASCII(value)))
  .pipe(
    z
      .string()
      .regex(/^(?=.{1,253}$)([a-z0-9_-]{1,63}\.)*[a-z0-9-]{1,63}$/, 'must be a domain, such as reply.example.com'),
  );
export const mailAddress = text.transform(
  (value, context) =>
    calendarAddress(value)?.asWritten ?? fault(context, 'must be a mail address, such as calendar@example.com'),
);
export const httpUrl = z
  .string()
  .trim()
  .regex(/^https?:\/\//i, 'must begin with http:// or https://')
  .pipe(z.url('must be a URL, such as https://calendar.example.com'))
  .refine((value) => !/[?#]/.test(value), 'must not contain ? or #, because paths are appended to it')
  .refine(
    (value) => !URL.canParse(value) || (new URL(value).username === '' && new URL(value).password === ''),
    'must not contain a user and password, because it is logged: use CALDAV_AUTH instead',
  );
export const wholeNumber = text.regex(/^[1-9]\d{0,8}$/, 'must be a whole number above 0').transform(Number);
/** One client may use a quarter of the memory for mails that are being received. */
export const mailSize = wholeNumber.refine((bytes) => bytes <= 67_108_864, 'must be at most 67108864 (64 MiB)');
export const recipientLanguages = list.transform((entries, context): ReadonlyMap<string, string> => {
  const pairs = entries.map((entry) => /^(\S*@\S+)=([a-z]{2,3}(?:-[A-Za-z0-9]+)*)$/.exec(entry));
  const wrong = pairs.findIndex((pair) => pair === null);
  if (wrong >= 0) {
    fault(
      context,
      `must be address=language or @domain=language, such as @example.fr=fr; ${JSON.stringify(entries[wrong])} is not`,
    );
  }
  return new Map(pairs.map((pair) => [pair?.[1]?.toLowerCase() ?? '', pair?.[2] ?? '']));
});
export const language = text.regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, 'must be a language, such as en or fr');

export const timezone = text.transform((value, context) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    return fault(context, 'must be a time zone, such as Europe/Paris');
  }
});

export const cidrs = list.transform((values, context) => {
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
    : fault(context, `must be addresses or networks, such as 10.0.0.0/8; ${JSON.stringify(wrong)} is neither`);
});

export const recipients = list.transform((values, context) => {
  const wrong = values.find((value) => calendarAddress(value.startsWith('@') ? `x${value}` : value) === null);
  return wrong === undefined
    ? values.map((value) => value.toLowerCase())
    : fault(context, `must be addresses or @domain, separated by commas; ${JSON.stringify(wrong)} is neither`);
});

export const resolvers = list.transform((values, context) => {
  const wrong = values.find((value) => {
    const hostAndPort = readHostPort(value);
    return isIP(hostAndPort?.host ?? value) === 0;
  });
  return wrong === undefined
    ? values
    : fault(context, `must be ip:port, separated by commas; ${JSON.stringify(wrong)} is not`);
});

export const keyRing = text.transform((value, context): KeyRing => {
  try {
    return parseKeyRing(value);
  } catch (error) {
    return fault(
      context,
      error instanceof Error ? error.message : 'must be kid:base64; make one with imip-gateway secret',
    );
  }
});

export const caldavAuth = text.transform((value, context): CalDavAuth => {
  const [kind, argument = ''] = value.split(/:(.*)/s, 2);
  if (kind === 'remote-user' && /^[A-Za-z0-9-]+$/.test(argument)) return { kind, header: argument };
  if (kind === 'accounts' && argument !== '') return { kind, file: argument };
  if ((kind === 'api-key' || kind === 'ls' || kind === 'basic') && argument === '') return { kind };
  return fault(context, 'must be api-key, ls, basic, remote-user:HEADER or accounts:FILE');
});

/** The levels of pino. */
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const logLevel = text.toLowerCase().pipe(z.enum(levels, `must be one of ${levels.join(', ')}`));

// These errors do not quote the URL, because it may contain a password.
export const databaseUrl = text
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be sqlite:PATH or postgres://user:password@host/database')
  .refine((value) => value.startsWith('sqlite:') || URL.canParse(value), 'is not a valid URL')
  .refine((value) => !value.startsWith('sqlite::'), 'must be a file, because a database in memory is lost');

export const smtpUrl = text
  .regex(/^smtps?:\/\/.+/, 'must be smtp://[user:password@]host:port or smtps://…')
  .refine(
    (value) => URL.canParse(value) && new URL(value).hostname !== '',
    'must be a URL, such as smtp://localhost:25',
  )
  .refine(
    (value) => !/%(?![0-9a-f]{2})/i.test(value),
    'has a % that encodes nothing: write %25 for it in the user or password',
  );

export const homeTemplate = text
  .startsWith('/', 'must begin with /, such as /calendars/{email}/')
  .superRefine((value, context) => {
    try {
      checkHomeTemplate(value);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : 'must name {email}, {localpart} or {domain}');
    }
  });
