// Reading settings: defaults, faults, warnings, and the README's table.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mailDoorOptions } from '../../../src/app/config/adapter-options.ts';
import {
  configWarnings,
  readConfig,
  requireConfig,
  requireLogLevel,
  settingsTable,
} from '../../../src/app/config/config.ts';
import { settings } from '../../../src/app/config/settings.ts';
import { openLog } from '../../../src/app/log.ts';
import { makeSecret, pruneRecords } from '../../../src/app/start-gateway.ts';

const secret = makeSecret();

describe('settings', () => {
  it('have the documented defaults', () => {
    const config = requireConfig({ GATEWAY_SECRETS: secret });
    expect(config).toMatchObject({
      caldavUrl: 'http://caldav:80',
      itipEnabled: false,
      httpListen: { host: '127.0.0.1', port: 8080 },
      smtpListen: { host: '127.0.0.1', port: 2525 },
      lmtpListen: null,
      databaseUrl: 'sqlite:./data/gateway.db',
      smtpUrl: 'smtp://localhost:25',
      replyDomain: null,
      caldavAuth: { kind: 'api-key' },
      senderPolicy: 'strict',
      notifyOrganizer: 'each',
      displayTimezone: 'UTC',
      defaultLanguage: 'en',
      metricsListen: null,
      logLevel: 'info',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('treat an empty variable as not set', () => {
    expect(requireConfig({ GATEWAY_SECRETS: secret, REPLY_DOMAIN: ' ', HTTP_LISTEN: '' })).toMatchObject({
      replyDomain: null,
      httpListen: { port: 8080 },
    });
  });

  it('report every invalid setting at once', () => {
    const result = readConfig({
      CALDAV_URL: 'caldav',
      CALENDAR_ITIP_ENABLED: 'maybe',
      HTTP_LISTEN: '8080',
      DATABASE_URL: 'mysql://x',
      SMTP_URL: 'http://relay',
      REPLY_RECIPIENTS: 'alice@example.com, nobody',
      TRUSTED_RELAYS: '10.0.0.0/40',
      CALDAV_AUTH: 'digest',
      SENDER_POLICY: 'lax',
      DNS_SERVERS: 'resolver:53',
      DISPLAY_TIMEZONE: 'Mars/Olympus',
      LOG_LEVEL: 'loud',
      SMTP_TLS_CERT: '/etc/tls/cert.pem',
      DKIM_DOMAIN: 'example.com',
    });
    if (result.kind === 'valid') throw new TypeError('these settings must be invalid');
    const named = result.faults.map((fault) => fault.split(' ')[0]);
    expect(named.toSorted()).toEqual(
      [
        'GATEWAY_SECRETS',
        'CALDAV_URL',
        'CALENDAR_ITIP_ENABLED',
        'HTTP_LISTEN',
        'DATABASE_URL',
        'SMTP_URL',
        'REPLY_RECIPIENTS',
        'TRUSTED_RELAYS',
        'CALDAV_AUTH',
        'SENDER_POLICY',
        'DNS_SERVERS',
        'DISPLAY_TIMEZONE',
        'LOG_LEVEL',
        'SMTP_TLS_KEY',
        'DKIM_SELECTOR',
      ].toSorted(),
    );
    for (const fault of result.faults) expect(fault.length).toBeGreaterThan(30);
  });

  it.each([
    ['basic', ['CALDAV_USERNAME', 'CALDAV_PASSWORD']],
    ['accounts:', ['CALDAV_AUTH']],
    ['remote-user:X Y', ['CALDAV_AUTH']],
  ])('report CALDAV_AUTH=%s without %j', (auth, names) => {
    const result = readConfig({ GATEWAY_SECRETS: secret, CALDAV_AUTH: auth });
    expect(result.kind === 'invalid' && result.faults.map((fault) => fault.split(' ')[0])).toEqual(names);
  });

  it.each([
    ['k1:c2hvcnQ=', 'a key of 5 bytes'],
    ['nonsense', 'no kid'],
  ])('refuse GATEWAY_SECRETS=%s: %s', (value) => {
    const result = readConfig({ GATEWAY_SECRETS: value });
    expect(result.kind === 'invalid' && result.faults[0]).toMatch(/^GATEWAY_SECRETS /);
  });

  it.each([
    ['DATABASE_URL', 'postgres://user:s3cret@db.test:999999/gateway'],
    ['SMTP_URL', 'smtp://user:100%s3cret@relay.test'],
    ['SMTP_URL', 'smtp:///s3cret'],
    ['CALDAV_HOME', '/calendars/{user}/'],
    ['CALDAV_HOME', '/calendars/'],
    ['MAIL_SIZE_LIMIT', '999999999'],
    ['CALDAV_URL', 'https://service:s3cret@caldav.test/'],
    ['APP_URL', 'https://calendar.test/?embedded=1'],
    ['DATABASE_URL', 'sqlite::memory:'],
    ['REPLY_DOMAIN', 'ant wort.bücher.example'],
    ['RETAIN_MAIL_DAYS', '0'],
  ])('refuse %s=%s without quoting a password', (name, value) => {
    const result = readConfig({ GATEWAY_SECRETS: secret, [name]: value });
    const faults = result.kind === 'invalid' ? result.faults : [];
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([name]);
    expect(faults[0]).not.toContain('s3cret');
  });

  it.each([
    ['DATABASE_URL', 'postgres:///gateway?host=/run/postgresql'],
    ['DATABASE_URL', 'postgres://user:100%@db.test/gateway'],
    ['SMTP_URL', 'smtps://user%40example.com:100%25@relay.test'],
    ['CALDAV_HOME', '/dav/{domain}/{localpart}/'],
  ])('accept %s=%s', (name, value) => {
    expect(readConfig({ GATEWAY_SECRETS: secret, [name]: value }).kind).toBe('valid');
  });

  it('convert an internationalised domain to ASCII', () => {
    const config = requireConfig({ GATEWAY_SECRETS: secret, REPLY_DOMAIN: 'Antwort.BÜCHER.example' });
    expect(config.replyDomain).toBe('antwort.xn--bcher-kva.example');
  });

  it('limit the size of mails and how long they are kept', async () => {
    const config = requireConfig({
      GATEWAY_SECRETS: secret,
      MAIL_SIZE_LIMIT: '1000',
      RETAIN_MAIL_DAYS: '2',
      RETAIN_LEDGER_DAYS: '3',
    });
    expect(mailDoorOptions(config).limits).toEqual({ messageBytes: 1000 });
    const asked: number[][] = [];
    const spool = { prune: async (...times: number[]) => asked.push(times) };
    await pruneRecords(config, spool, 10 * 86_400_000, openLog('silent'));
    expect(asked).toEqual([[8 * 86_400_000, 7 * 86_400_000]]);
  });

  it('cause warnings if something will not work', () => {
    expect(configWarnings(requireConfig({ GATEWAY_SECRETS: secret })).map((text) => text.split(' ')[0])).toEqual([
      'CALDAV_OUTBOUND_API_KEY',
      'CALDAV_INBOUND_API_KEY',
      'neither',
    ]);
  });

  it('include LOG_LEVEL, the only one that the playground reads', () => {
    expect(requireLogLevel({}, 'warn')).toBe('warn');
    expect(requireLogLevel({ LOG_LEVEL: ' DEBUG ' }, 'warn')).toBe('debug');
    expect(() => requireLogLevel({ LOG_LEVEL: 'loud' }, 'warn')).toThrow(/^LOG_LEVEL must be one of trace, debug/);
  });

  it.each(Object.values(settings))('explain $name in full sentences', ({ meaning }) => {
    expect(meaning).toMatch(/^[A-Z`].*[^.]\.$/);
  });

  it('are the table in the README', () => {
    expect(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')).toContain(settingsTable());
  });
});
