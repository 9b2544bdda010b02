// The pages in a real browser: accessible, small enough for a phone, without requests to others, usable by keyboard and
// without script.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeldView, RsvpView } from '../../../src/flow/use-cases.ts';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import {
  claims,
  decisionClaims,
  delegated,
  event,
  held,
  proposed,
  ring,
  makeFakes,
  shown,
  startHttp,
  weekly,
} from '../../doors/web/start-http.ts';
import { lacks, CHROMIUM } from '../requirements.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const token = await signRsvpToken(ring, claims);
const decision = await signDecisionToken(ring, decisionClaims);

const closed = (state: RsvpView['state'], of: RsvpView['event']): Partial<RsvpView> => ({
  state,
  event: of,
  partstat: of && 'ACCEPTED',
});
const pages: readonly [name: string, path: string, changes?: Partial<RsvpView>, asked?: HeldView][] = [
  ['the form', `/rsvp/?token=${token}&action=accepted`],
  [
    'a series',
    `/rsvp/?token=${token}`,
    { event: { ...event, recurrence: weekly('FREQ=WEEKLY;BYDAY=TU') }, wholeSeries: true, partstat: 'DECLINED' },
  ],
  [
    'the calendar away',
    `/rsvp/?token=${token}&action=tentative`,
    { state: 'unreachable', event: null, calendar: null },
  ],
  ['past', `/rsvp/?token=${token}`, closed('past', event)],
  ['cancelled', `/rsvp/?token=${token}`, closed('cancelled', event)],
  ['gone', `/rsvp/?token=${token}`, closed('gone', null)],
  ['not invited', `/rsvp/?token=${token}`, closed('not-invited', null)],
  ['recorded', '/rsvp/recorded?answer=accepted'],
  ['received', '/rsvp/received?answer=tentative'],
  ['declined', '/rsvp/recorded?answer=declined'],
  ['an invalid link', '/rsvp/?token=x'],
  ['an unknown action', `/rsvp/?token=${token}&action=x`],
  ['nothing', '/nowhere'],
  ['a decision', `/decide/?token=${decision}`],
  ['a proposal', `/decide/?token=${decision}`, {}, proposed],
  ['a delegation', `/decide/?token=${decision}`, {}, delegated],
  ['a decision taken', '/decide/alias'],
];

const views: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['wide and light, in English', { viewport: { width: 1000, height: 800 }, colorScheme: 'light', locale: 'en' }],
  ['narrow and dark, in French', { viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'fr' }],
];

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/**
 * Returns the findings of axe as `rule: element`. The debugger injects axe, because the CSP of the page forbids scripts.
 */
async function findFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResult;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe.skipIf(lacks('chromium'))('in a browser', () => {
  const fakes = makeFakes();
  let http: Awaited<ReturnType<typeof startHttp>>;
  let browser: Browser;

  beforeAll(async () => {
    http = await startHttp(fakes);
    const quiet = [
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
  });
  afterAll(async () => {
    await browser?.close();
    await http?.close(100);
  });
  beforeEach(() => {
    Object.assign(fakes, makeFakes(), { held, answers: fakes.answers, decisions: fakes.decisions });
    fakes.answers.length = 0;
    fakes.decisions.length = 0;
  });

  describe.each(views)('%s', (_, options) => {
    let page: Page;
    beforeAll(async () => {
      page = await (await browser.newContext(options)).newPage();
    });
    afterAll(() => page.context().close());

    it.each(pages)(
      '%s is accessible, fits the screen, and loads nothing',
      async (_name, path, changes: Partial<RsvpView> = {}, asked: HeldView = held) => {
        fakes.shown = { ...shown, ...changes };
        fakes.held = asked;
        const requested: string[] = [];
        const refused: string[] = [];
        page.removeAllListeners();
        page.on('request', (request) => requested.push(request.url()));
        page.on('console', (message) => message.text().includes('Security Policy') && refused.push(message.text()));
        await page.goto(http.url + path);
        expect(await findFaults(page)).toEqual([]);
        expect(refused).toEqual([]);
        expect(requested.filter((url) => url.startsWith('http'))).toHaveLength(1);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(
          await page.evaluate('getComputedStyle(document.querySelector(".card")).borderBottomLeftRadius'),
        ).not.toBe('0px');
        expect(await page.title()).not.toBe('');
        expect((await page.locator('h1').count()) + (await page.locator('.notice').count())).toBeGreaterThan(0);
      },
    );
  });

  const open = async (path: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await (await browser.newContext({ locale: 'en', ...options })).newPage();
    await page.goto(http.url + path);
    return page;
  };

  it.each([true, false])('an invitation is answered (script allowed: %j)', async (javaScriptEnabled) => {
    const page = await open(`/rsvp/?token=${token}&action=accepted`, { javaScriptEnabled });
    await page.getByLabel('Maybe').check();
    await page.getByLabel(/A note for/).fill('I may be late.');
    await page.getByRole('button', { name: 'Send my answer' }).click();
    await page.getByRole('heading', { name: 'You have said maybe' }).waitFor();
    expect(page.url()).toBe(`${http.url}/rsvp/recorded?answer=tentative`);
    expect(fakes.answers).toEqual([
      {
        claims,
        answer: { partstat: 'TENTATIVE', comment: 'I may be late.', sequence: 3, schedule: null, wholeSeries: false },
      },
    ]);
    await page.context().close();
  });

  it('an invitation is answered by keyboard alone, in reading order', async () => {
    const page = await open(`/rsvp/?token=${token}`);
    const passed: string[] = [];
    for (let n = 0; n < 12 && !passed.includes('Send my answer'); n++) {
      await page.keyboard.press('Tab');
      passed.push(
        String(await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')),
      );
      if (passed.at(-1) === 'accepted') {
        await page.keyboard.press('Space');
        await page.keyboard.press('ArrowRight');
      }
    }
    expect(passed).toEqual(['meet.example.com/sprint-review', 'accepted', 'comment', 'Send my answer']);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/rsvp/recorded?answer=tentative');
    expect(fakes.answers).toHaveLength(1);
    await page.context().close();
  });

  it('nothing is sent without a choice', async () => {
    const page = await open(`/rsvp/?token=${token}`);
    await page.getByRole('button', { name: 'Send my answer' }).click();
    expect(page.url()).toContain(token);
    expect(fakes.answers).toEqual([]);
    await page.context().close();
  });

  it('one date or the whole series is answered', async () => {
    fakes.shown = { ...shown, wholeSeries: true };
    const page = await open(`/rsvp/?token=${token}&action=declined`);
    await page.getByLabel('For all dates of the series').check();
    await page.getByRole('button', { name: 'Send my answer' }).click();
    await page.waitForURL('**/rsvp/recorded?answer=declined');
    expect(fakes.answers[0]?.answer).toMatchObject({ partstat: 'DECLINED', wholeSeries: true });
    await page.context().close();
  });

  it('a changed event is shown again with the text that was entered, accessibly, and can then be answered', async () => {
    const page = await open(`/rsvp/?token=${token}&action=accepted`);
    await page.getByLabel(/A note for/).fill('Yes!');
    fakes.outcome = { refused: 'changed' };
    fakes.shown = { ...shown, sequence: 4 };
    await page.getByRole('button', { name: 'Send my answer' }).click();
    await page.getByRole('alert').waitFor();
    expect(await findFaults(page)).toEqual([]);
    expect(await page.getByLabel(/A note for/).inputValue()).toBe('Yes!');
    fakes.outcome = 'received';
    await page.getByRole('button', { name: 'Send my answer' }).click();
    await page.getByRole('heading', { name: 'Accepted: your answer is on its way' }).waitFor();
    expect(fakes.answers.map(({ answer }) => answer.sequence)).toEqual([3, 4]);
    await page.context().close();
  });

  it('the page does not send its URL to other sites', async () => {
    const seen: (string | undefined)[] = [];
    fakes.shown = { ...shown, event: { ...event, meetings: [{ name: '', href: `${http.url}/healthz` }] } };
    const page = await open(`/rsvp/?token=${token}`);
    page.on('request', (request) => seen.push(request.headers()['referer']));
    await page.getByRole('link', { name: 'healthz' }).click();
    await page.waitForURL('**/healthz');
    expect(seen).toEqual([undefined]);
    await page.context().close();
  });

  it('a decision is made', async () => {
    const page = await open(`/decide/?token=${decision}`);
    await page.getByRole('button', { name: 'Yes, this is bob@example.com' }).click();
    await page.getByRole('heading', { name: 'Remembered' }).waitFor();
    expect(page.url()).toBe(`${http.url}/decide/alias`);
    expect(fakes.decisions).toEqual(['alias']);
    await page.context().close();
  });

  it('a printed page has the event without the form', async () => {
    const page = await open(`/rsvp/?token=${token}`);
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true);
    expect(await page.locator('form').isVisible()).toBe(false);
    await page.context().close();
  });

  it('the longest texts and names stay within the smallest screen', async () => {
    const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenkollektion'.repeat(6);
    fakes.shown = {
      ...shown,
      event: {
        ...event,
        summary: long,
        location: long,
        description: `https://example.com/${long}`,
        organizer: { key: 'x@example.com', name: long, address: `${'x'.repeat(60)}@example.com` },
      },
    };
    const page = await open(`/rsvp/?token=${token}`, { viewport: { width: 320, height: 600 } });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await findFaults(page)).toEqual([]);
    await page.context().close();
  });
});
