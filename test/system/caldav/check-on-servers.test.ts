// The CalDAV checks on every server that the loop is tested with: access, calendars, and an event that is created, found,
// changed and deleted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCaldav } from '../../../src/app/check/check-caldav.ts';
import { formatResult } from '../../../src/app/check/format-results.ts';
import type { CheckResult } from '../../../src/app/check/check-result.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { makeSecret } from '../../../src/app/start-gateway.ts';
import type { CalendarServer } from '../../harness/calendar-server.ts';
import { lacks } from '../requirements.ts';
import { servers } from './loop-on-servers.ts';

describe.each(servers.map((one) => [one.name, one] as const))('the check on %s', (_name, one) => {
  describe.skipIf(one.needs !== null && lacks(one.needs))('succeeds', () => {
    let server: CalendarServer;
    beforeAll(async () => {
      server = await one.start();
    });
    afterAll(() => server?.stop());

    it('for access, calendars and a test event', async () => {
      const config = requireConfig({
        GATEWAY_SECRETS: makeSecret(),
        CALDAV_URL: server.url,
        CALDAV_AUTH: 'basic',
        CALDAV_USERNAME: server.service?.username ?? '',
        CALDAV_PASSWORD: server.service?.password ?? '',
        CALDAV_HOME: server.home,
        ...one.settings(server),
      });
      const results: CheckResult[] = [];
      await checkCaldav(config, calendarAddress('alice@example.com'), Date.now, (result) => results.push(result));
      expect(results.map((result) => formatResult(result))).toEqual([
        expect.stringMatching(/^✓ caldav /),
        expect.stringMatching(/^✓ credentials /),
        expect.stringMatching(/^✓ calendars /),
        expect.stringMatching(
          /^✓ event +an event of alice@example\.com was created, found, changed with If-Match and deleted$/,
        ),
      ]);
    });
  });
});
