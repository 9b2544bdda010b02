// The translations of the pages: every language has the same messages and arguments, and every page renders.
import { IntlMessageFormat } from 'intl-messageformat';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import type { RsvpView } from '../../../src/flow/use-cases.ts';
import {
  claims,
  decisionClaims,
  delegated,
  event,
  proposed,
  ring,
  makeFakes,
  shown,
  startHttp,
  templates,
  weekly,
} from './start-http.ts';

type Section = { readonly [key: string]: string | Section };

const files = await readTemplates(null);
const messagesOf = (language: string): Map<string, string> => {
  const { page } = JSON.parse(files.get(`${language}.json`) ?? '{}') as { page: Section };
  return new Map(flatten(page));
};

function flatten(section: Section, path = ''): [string, string][] {
  return Object.entries(section).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flatten(value, `${path}${key}.`),
  );
}

interface Part {
  readonly type: number;
  readonly value?: string;
  readonly options?: Readonly<Record<string, { readonly value: readonly Part[] }>>;
}

/** The part types of the ICU parser that have no argument, and the one whose cases have names. */
const LITERAL = 0;
const SELECT = 5;
const POUND = 7;

/** Returns the argument names of a message, and the cases of each `select`. */
function argumentsOf(message: string): string[] {
  const walk = (parts: readonly Part[]): string[] =>
    parts.flatMap(({ type, value = '', options = {} }) => {
      if (type === LITERAL || type === POUND) return [];
      const cases = type === SELECT ? Object.keys(options).map((name) => `${value}: ${name}`) : [];
      return [value, ...cases, ...Object.values(options).flatMap((option) => walk(option.value))];
    });
  const ast = new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst() as readonly Part[];
  return [...new Set(walk(ast))].sort();
}

describe.each(templates.languages.filter((language) => language !== 'en'))('the pages in %s', (language) => {
  const english = messagesOf('en');
  const own = messagesOf(language);

  it('have exactly the messages that English has', () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('use the same arguments in each message', () => {
    for (const [key, message] of english)
      expect([key, argumentsOf(own.get(key) ?? '')]).toEqual([key, argumentsOf(message)]);
  });
});

describe('every page in every language', () => {
  const fakes = makeFakes();
  let http: Awaited<ReturnType<typeof startHttp>>;
  beforeEach(() => Object.assign(fakes, makeFakes()));
  afterAll(() => http.close(100));

  const series = { ...event, recurrence: weekly('FREQ=WEEKLY;BYDAY=TU;COUNT=3') };
  const states: readonly RsvpView['state'][] = ['open', 'past', 'gone', 'not-invited', 'cancelled', 'unreachable'];

  it.each(templates.languages)('%s', async (language) => {
    http ??= await startHttp(fakes);
    const token = await signRsvpToken(ring, claims);
    const decision = await signDecisionToken(ring, decisionClaims);
    const paths = [
      '/rsvp/recorded?answer=accepted',
      '/rsvp/received',
      '/rsvp/?token=x',
      `/rsvp/?token=${token}&action=x`,
      `/decide/?token=${decision}`,
      '/decide/once',
      '/decide/decline',
      '/decide/add',
      '/decide/leave',
      '/x',
    ];
    const show = async (path: string) => {
      const response = await fetch(http.url + path, { headers: { 'Accept-Language': language } });
      const page = await response.text();
      expect(response.status, path).toBeLessThan(500);
      expect(page, path).toContain(`<html lang="${language}">`);
      expect(page.replace(/<style>[^]*?<\/style>/, ''), path).not.toMatch(/[{}]|undefined|\[object|page\.\w/);
    };
    for (const path of paths) await show(path);
    for (const question of [proposed, delegated]) {
      fakes.held = question;
      await show(`/decide/?token=${decision}`);
    }
    for (const state of states) {
      for (const of of [event, series, null]) {
        fakes.shown = { ...shown, state, event: of, wholeSeries: of === series, partstat: 'TENTATIVE' };
        await show(`/rsvp/?token=${token}`);
      }
    }
  });
});
