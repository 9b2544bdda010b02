// docs/caldav-servers.md and the loop tests agree: the configuration lines of the servers are those that the tests use, and
// the table of what servers rewrite is the one that the tests check.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { servers } from '../system/caldav/loop-on-servers.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const page = read('../../docs/caldav-servers.md');

describe('the page about CalDAV servers', () => {
  it.each([
    ['/etc/radicale/rights', '../system/caldav/radicale.ts'],
    ['/etc/davical/config.php', '../system/caldav/davical.ts'],
    ['/etc/imapd.conf', '../system/caldav/cyrus.ts'],
    ['/etc/sogo/sogo.conf', '../system/caldav/sogo.ts'],
  ])('has the lines of %s that the tests have', (file, source) => {
    const block = page.split(`\n# ${file}\n`)[1]?.split('\n```')[0] ?? '';
    const tested = read(source)
      .replaceAll('svc', 'gateway')
      .replace('[service]', '[gateway]')
      .replace(/\$\{String\(autoSchedule\)\}/, 'false');
    expect(block).not.toBe('');
    for (const line of block.split('\n')) expect(tested).toContain(line);
  });

  it('has the HTTP service that Cyrus needs', () => {
    expect(page).toContain('"mupdate_server: 127.0.0.1"');
    expect(read('../system/caldav/cyrus.ts')).toContain('mupdate_server: 127.0.0.1');
  });

  it.each(servers.filter(({ name }) => !/older|embedded/.test(name)))(
    'says what $name rewrites',
    ({ name, rewrites }) => {
      const row = page.split('\n').find((line) => line.startsWith(`| ${name} `) && line.split('|').length === 5);
      expect(row?.split('|')[2]?.trim()).toMatch(new RegExp(`^${rewrites.join(', ') || 'nothing'}`));
    },
  );
});
