// The playground in a real browser: somebody invites, answers by link, and sees the event change.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/app/log.ts';
import { type Playground, startPlayground } from '../../../src/playground/start-playground.ts';
import { CHROMIUM, lacks } from '../requirements.ts';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

describe.skipIf(lacks('chromium'))('the playground in Chromium', () => {
  let playground: Playground;
  let browser: Browser;
  beforeAll(async () => {
    playground = await startPlayground({ port: 0, log: openLog('silent') });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
    await playground?.stop();
  });

  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(axeSource);
    const { violations } = (await page.evaluate('axe.run(document, { iframes: false })')) as AxeResult;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  it.each([
    [1400, 'light'],
    [390, 'dark'],
  ] as const)(
    'shows an answer by link, %i px wide, %s',
    async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const title = `Walk ${width}`;
      const guest = `guest${width}@example.com`;
      await page.goto(playground.url);
      await page.getByLabel('Title').fill(title);
      await page.getByLabel('Invite, one address per line').fill(guest);
      await page.getByRole('button', { name: 'Invite' }).click();
      await page.getByRole('button', { name: guest, exact: true }).click();
      const frame = page.frameLocator('iframe');
      const opened = page.context().waitForEvent('page');
      await frame.getByRole('link', { name: 'Accept' }).first().click();
      const rsvp = await opened;
      await rsvp.getByRole('button').first().click();
      await rsvp.waitForURL((url) => !url.search.includes('token'));
      const row = page.locator('.event', { hasText: title }).locator('li', { hasText: guest });
      await expect.poll(() => row.locator('.partstat').textContent(), { timeout: 10_000 }).toBe('ACCEPTED');
      expect(await page.getByText('Not for real mail.').isVisible()).toBe(true);
      expect(await faults(page)).toEqual([]);
      await page.context().close();
    },
    40_000,
  );
});
