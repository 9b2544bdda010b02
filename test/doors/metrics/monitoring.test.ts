// Monitoring a running gateway: `/metrics` on its own listener, and `/readyz` with each kind of failure.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireConfig } from '../../../src/app/config/config.ts';
import { openLog } from '../../../src/app/log.ts';
import { type Gateway, makeSecret, startGateway } from '../../../src/app/start-gateway.ts';
import { openMetricsListener } from '../../../src/doors/metrics/metrics-listener.ts';
import { makeReadinessCheck } from '../../../src/doors/metrics/readiness.ts';

const log = openLog('silent');

describe('a running gateway', () => {
  let folder: string;
  let database: string;
  let gateway: Gateway;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imip-metrics-'));
    database = join(folder, 'gateway.db');
    const config = requireConfig({
      GATEWAY_SECRETS: makeSecret(),
      DATABASE_URL: `sqlite:${database}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: '127.0.0.1:0',
      LMTP_LISTEN: '127.0.0.1:0',
      METRICS_LISTEN: '127.0.0.1:0',
      CALDAV_URL: 'http://127.0.0.1:1/',
      SMTP_URL: 'smtp://127.0.0.1:1',
      CALDAV_INBOUND_API_KEY: 'key',
    });
    gateway = await startGateway(config, log);
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ready = async (): Promise<{ status: number; checks: Record<string, string> }> => {
    const answer = await fetch(`http://${gateway.addresses.http}/readyz`);
    return { status: answer.status, ...((await answer.json()) as { checks: Record<string, string> }) };
  };

  it('shows its metrics, with the event-loop lag, only on the metrics listener', async () => {
    const answer = await fetch(`http://${gateway.addresses.metrics}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
    expect(text).toMatch(/^imip_queue_tasks\{queue="incoming",state="waiting"\} 0$/m);
    expect((await fetch(`http://${gateway.addresses.metrics}/`)).status).toBe(404);
    expect((await fetch(`http://${gateway.addresses.metrics}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`http://${gateway.addresses.http}/metrics`)).status).toBe(404);
  });

  it('has every metric that the dashboard shows', async () => {
    const dashboard = await readFile(new URL('../../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const shown = new Set(dashboard.match(/\b(?:imip|nodejs)_[a-z0-9_]+/g));
    const text = await (await fetch(`http://${gateway.addresses.metrics}/metrics`)).text();
    const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(shown.size).toBeGreaterThan(5);
    for (const name of shown) expect(names, name).toContain(name.replace(/_(?:bucket|count|sum)$/, ''));
  });

  it('counts a callback from the door to its outcome', async () => {
    const calendar = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:REQUEST',
      'BEGIN:VEVENT',
      'UID:counted@example.com',
      'DTSTAMP:20270101T000000Z',
      'DTSTART:20270301T100000Z',
      'ORGANIZER:mailto:alice@example.com',
      'ATTENDEE;SCHEDULE-AGENT=NONE:mailto:bob@remote.test',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');
    const answer = await fetch(`http://${gateway.addresses.http}/api/v1.0/caldav-scheduling-callback/`, {
      method: 'POST',
      headers: {
        'X-Api-Key': 'key',
        'X-CalDAV-Sender': 'alice@example.com',
        'X-CalDAV-Recipient': 'bob@remote.test',
        'X-CalDAV-Method': 'REQUEST',
        'Content-Type': 'text/calendar',
      },
      body: calendar,
    });
    expect(answer.status).toBe(200);
    const metrics = async (): Promise<string> => (await fetch(`http://${gateway.addresses.metrics}/metrics`)).text();
    await expect.poll(metrics).toMatch(/^imip_outcomes_total\{verdict="not-mailed",reason="schedule-agent"\} 1$/m);
    expect(await metrics()).toMatch(/^imip_received_total\{door="callback"\} 1$/m);
  });

  it('is ready, and lists each check', async () => {
    expect(await ready()).toEqual({
      status: 200,
      ok: true,
      checks: { spool: 'ok', smtp: 'ok', lmtp: 'ok', metrics: 'ok', http: 'ok' },
    });
  });

  it('is not ready while the database cannot be written, and is ready again afterwards', async () => {
    const other = new DatabaseSync(database);
    other.exec('begin immediate');
    await expect.poll(ready, { timeout: 8_000 }).toMatchObject({
      status: 503,
      checks: { spool: 'cannot be written', smtp: 'ok', http: 'ok' },
    });
    other.exec('rollback');
    other.close();
    await expect.poll(ready, { timeout: 12_000 }).toMatchObject({ status: 200 });
  });

  it('is not ready after the database is closed', async () => {
    await gateway.spool.close();
    await expect.poll(ready, { timeout: 8_000 }).toMatchObject({ status: 503, checks: { spool: 'cannot be written' } });
    expect((await fetch(`http://${gateway.addresses.http}/healthz`)).status).toBe(200);
    expect((await fetch(`http://${gateway.addresses.metrics}/metrics`)).status).toBe(200);
  });
});

describe('readiness', () => {
  const listen = (host: string): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy()).listen(0, host, () => resolve(server));
    });
  const portOf = (server: Server): number => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  it('names the listener that is down', async () => {
    const [up, down] = await Promise.all([listen('127.0.0.1'), listen('127.0.0.1')]);
    const listeners = new Map([
      ['smtp', { host: '127.0.0.1', port: portOf(up) }],
      ['lmtp', { host: '127.0.0.1', port: portOf(down) }],
    ]);
    let now = 0;
    const ready = makeReadinessCheck({ probe: async () => {}, listeners, now: () => (now += 1_000) });
    expect(await ready()).toEqual({ ok: true, checks: { spool: 'ok', smtp: 'ok', lmtp: 'ok' } });
    await new Promise((resolve) => down.close(resolve));
    expect(await ready()).toEqual({ ok: false, checks: { spool: 'ok', smtp: 'ok', lmtp: 'not listening' } });
    up.close();
  });

  it('connects to a listener on all addresses through the loopback address', async () => {
    const servers = await Promise.all([listen('0.0.0.0'), listen('::')]);
    const listeners = new Map([
      ['v4', { host: '0.0.0.0', port: portOf(servers[0]) }],
      ['v6', { host: '::', port: portOf(servers[1]) }],
    ]);
    const ready = makeReadinessCheck({ probe: async () => {}, listeners, now: Date.now });
    expect(await ready()).toMatchObject({ ok: true });
    for (const server of servers) server.close();
  });

  it('does not wait for a disk that hangs', async () => {
    const ready = makeReadinessCheck({
      probe: () => new Promise(() => {}),
      listeners: new Map(),
      timeoutMs: 30,
      now: Date.now,
    });
    expect(await ready()).toEqual({ ok: false, checks: { spool: 'cannot be written' } });
  });

  it('probes the disk once for concurrent requests, and again later', async () => {
    let probes = 0;
    let now = 0;
    const probe = async (): Promise<void> => void (probes += 1);
    const ready = makeReadinessCheck({ probe, listeners: new Map(), now: () => now });
    await Promise.all([ready(), ready(), ready()]);
    expect(probes).toBe(1);
    now = 501;
    await ready();
    expect(probes).toBe(2);
    now = 100;
    await ready();
    expect(probes).toBe(3);
  });
});

describe('the metrics listener', () => {
  it('refuses an address in use, and names the setting', async () => {
    const first = await openMetricsListener({ host: '127.0.0.1', port: 0, registry: new Registry(), log });
    await expect(openMetricsListener({ ...first.address, registry: new Registry(), log })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('METRICS_LISTEN'),
    });
    await first.close();
  });
});
