// Runs the same loop against every CalDAV server: invitation by callback, answers by mail and by link, update,
// cancellation; series and instances; moved events, several calendars, renamed calendars; sixteen concurrent writers. Each
// cell of the table printed at the end is one test.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meeting } from '../../harness/calendar-server.ts';
import { lacks } from '../requirements.ts';
import { capabilities } from './loop-on-servers-capabilities.ts';
import { servers, type Stage, startStage } from './loop-on-servers.ts';

const table = new Map<string, Map<string, string>>();

describe.each(servers.map((one) => [one.name, one] as const))('the loop on %s', (name, one) => {
  const column = new Map<string, string>();
  table.set(name, column);

  describe.skipIf(one.needs !== null && lacks(one.needs))('does', () => {
    let stage: Stage;
    beforeAll(async () => {
      const started = performance.now();
      stage = await startStage(one);
      // The first request to a PHP or Cyrus worker loads its code, which must not count as time of the loop.
      await stage.server.putEvent(
        stage.server.users.alice,
        `${stage.server.users.alice.calendar}warm.ics`,
        meeting({ uid: 'warm', organizer: 'alice@example.com', attendees: [{ email: 'warm@remote.test' }] }),
      );
      column.set('start', `${Math.round(performance.now() - started)} ms`);
    });
    afterAll(async () => {
      await stage?.stop();
    });

    it.each(capabilities)(
      '%s',
      async (capability, run) => {
        column.set(capability, 'failed');
        const start = performance.now();
        const said = await run(stage, one);
        column.set(capability, said ?? `${Math.round(performance.now() - start)} ms`);
        expect(column.get(capability)).not.toBe('failed');
      },
      60_000,
    );
  });
});

afterAll(() => {
  const names = [...table.keys()];
  const rows = ['start', ...capabilities.map(([capability]) => capability)].map((capability) => [
    capability,
    ...names.map((name) => table.get(name)?.get(capability) ?? '–'),
  ]);
  const lines = [['', ...names], names.map(() => '---').concat('---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  process.stdout.write(`\n${lines.join('\n')}\n`);
});
