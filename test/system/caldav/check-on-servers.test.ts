// The CalDAV links of the check, on every server that the loop is run against: let in, a calendar found, a probe event made,
// found, changed, held against a stale copy, and removed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCaldav } from '../../../src/app/check/check-caldav.ts';
import { sayLink } from '../../../src/app/check/say-links.ts';
import type { Link } from '../../../src/app/check/types.ts';
import { requireConfig } from '../../../src/app/config/config.ts';
import { calendarAddress } from '../../../src/core/ical/calendar-address.ts';
import { makeSecret } from '../../../src/app/start-gateway.ts';
import type { CalendarServer } from '../../harness/calendar-server.ts';
import { lacks } from '../requirements.ts';
import { servers } from './loop-on-servers.ts';

describe.each(servers.map((one) => [one.name, one] as const))('the check on %s', (_name, one) => {
  describe.skipIf(one.needs !== null && lacks(one.needs))('says', () => {
    let server: CalendarServer;
    beforeAll(async () => {
      server = await one.start();
    });
    afterAll(() => server?.stop());

    it('that every link to the calendar holds', async () => {
      const config = requireConfig({
        GATEWAY_SECRETS: makeSecret(),
        CALDAV_URL: server.url,
        CALDAV_AUTH: 'basic',
        CALDAV_USERNAME: server.service?.username ?? '',
        CALDAV_PASSWORD: server.service?.password ?? '',
        CALDAV_HOME: server.home,
        ...one.settings(server),
      });
      const links: Link[] = [];
      await checkCaldav(config, calendarAddress('alice@example.com'), Date.now, (link) => links.push(link));
      expect(links.map((link) => sayLink(link))).toEqual([
        expect.stringMatching(/^✓ caldav /),
        expect.stringMatching(/^✓ credentials /),
        expect.stringMatching(/^✓ calendars /),
        expect.stringMatching(
          /^✓ event +an event of alice@example\.com was made, found, changed under If-Match and removed$/,
        ),
      ]);
    });
  });
});
