// The running gateway takes the time from the clock that it is given, and deletes nothing early if that clock jumps.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireConfig } from '../../src/app/config/config.ts';
import { openLog } from '../../src/app/log.ts';
import { clockThatNeverJumpsAhead, makeSecret, startGateway } from '../../src/app/start-gateway.ts';

const hour = 3_600_000;

describe('the clock of the gateway', () => {
  it('dates the ledger', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imip-clock-'));
    const config = requireConfig({
      GATEWAY_SECRETS: makeSecret(),
      DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: 'off',
      CALDAV_URL: 'http://127.0.0.1:1/',
      CALDAV_INBOUND_API_KEY: 'key',
    });
    const at = Date.UTC(2031, 4, 1);
    const gateway = await startGateway(config, openLog('silent'), () => at);
    try {
      await fetch(`http://${gateway.addresses.http}/api/v1.0/caldav-scheduling-callback/`, {
        method: 'POST',
        headers: {
          'X-Api-Key': 'key',
          'X-CalDAV-Sender': 'alice@example.com',
          'X-CalDAV-Recipient': 'bob@remote.test',
          'X-CalDAV-Method': 'REQUEST',
          'Content-Type': 'text/calendar',
        },
        body: [
          'BEGIN:VCALENDAR',
          'VERSION:2.0',
          'METHOD:REQUEST',
          'BEGIN:VEVENT',
          'UID:dated@example.com',
          'DTSTAMP:20310401T000000Z',
          'DTSTART:20310601T100000Z',
          'ORGANIZER:mailto:alice@example.com',
          'ATTENDEE;SCHEDULE-AGENT=NONE:mailto:bob@remote.test',
          'END:VEVENT',
          'END:VCALENDAR',
          '',
        ].join('\r\n'),
      });
      const entries = (): Promise<unknown> => gateway.ledger.entries('dated@example.com', 10);
      await expect.poll(entries, { timeout: 10_000 }).toMatchObject([{ at, reason: 'schedule-agent' }]);
    } finally {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('deletes nothing early when it jumps ahead', () => {
    let time = Date.UTC(2027, 0, 1);
    const now = clockThatNeverJumpsAhead(() => time);
    const started = now();
    time += 1_000 * hour;
    expect(now()).toBeGreaterThanOrEqual(started);
    expect(now()).toBeLessThan(started + hour);
    time = started - hour;
    expect(now()).toBe(started - hour);
  });
});
