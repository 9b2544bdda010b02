import { IntlMessageFormat } from 'intl-messageformat';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import type { RsvpShown } from '../../../src/flow/use-cases.ts';
import {
  claims,
  decisionClaims,
  delegated,
  event,
  proposed,
  ring,
  setStage,
  shown,
  startHttp,
  templates,
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

/** Of the ICU parser's kinds of parts, those that name nothing, and the one whose cases are names. */
const LITERAL = 0;
const SELECT = 5;
const POUND = 7;

/** The names that a message is given, and the cases of a `select` that it tells apart. */
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

  it('have every message that English has, and no other', () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('say the same things about the same values', () => {
    for (const [key, message] of english)
      expect([key, argumentsOf(own.get(key) ?? '')]).toEqual([key, argumentsOf(message)]);
  });
});

describe('every page in every language', () => {
  const stage = setStage();
  let http: Awaited<ReturnType<typeof startHttp>>;
  beforeEach(() => Object.assign(stage, setStage()));
  afterAll(() => http.close(100));

  const series = { ...event, rrule: 'FREQ=WEEKLY;BYDAY=TU;COUNT=3' };
  const states: readonly RsvpShown['state'][] = ['open', 'past', 'gone', 'not-invited', 'cancelled', 'unreachable'];

  it.each(templates.languages)('%s', async (language) => {
    http ??= await startHttp(stage);
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
    for (const asked of [proposed, delegated]) {
      stage.held = asked;
      await show(`/decide/?token=${decision}`);
    }
    for (const state of states) {
      for (const of of [event, series, null]) {
        stage.shown = { ...shown, state, event: of, wholeSeries: of === series, partstat: 'TENTATIVE' };
        await show(`/rsvp/?token=${token}`);
      }
    }
  });
});
