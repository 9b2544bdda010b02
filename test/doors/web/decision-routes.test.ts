import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import { NOW, claims, decisionClaims, delegated, held, proposed, ring, setStage, startHttp } from './start-http.ts';

const stage = setStage();
const http = await startHttp(stage);
const token = await signDecisionToken(ring, decisionClaims);
const expired = await signDecisionToken(ring, { ...decisionClaims, expiresAt: NOW - 1000 });
const rsvp = await signRsvpToken(ring, claims);

beforeEach(() => {
  Object.assign(stage, setStage(), { decisions: stage.decisions });
  stage.decisions.length = 0;
});
afterAll(() => http.close(100));

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(http.url + path, { redirect: 'manual', ...init });
const post = (fields: Record<string, string>): Promise<Response> =>
  get('/decide/', { method: 'POST', body: new URLSearchParams(fields) });

describe('the decision link', () => {
  it('shows what waits, from whom and why, and what can be done', async () => {
    const page = await (await get(`/decide/?token=${token}`)).text();
    for (const text of [
      'robert.bell@example.org',
      'bob@example.com',
      'Accepted',
      'Sprint review',
      'From my other account',
      'could not be shown to come from',
    ]) {
      expect(page).toContain(text);
    }
    expect([...page.matchAll(/name="choice" value="(\w+)"/g)].map((found) => found[1])).toEqual([
      'alias',
      'once',
      'ignore',
    ]);
  });

  it.each(['GET', 'HEAD'])('decides nothing by %s', async (method) => {
    expect((await get(`/decide/?token=${token}&choice=alias`, { method })).status).toBe(200);
    expect(stage.decisions).toEqual([]);
  });

  it.each(['alias', 'once', 'ignore'] as const)(
    'decides %s by POST, and the page after it has no token',
    async (choice) => {
      const response = await post({ token, choice });
      expect([response.status, response.headers.get('Location')]).toEqual([303, `./${choice}`]);
      expect(stage.decisions).toEqual([choice]);
      expect((await get(`/decide/${choice}`)).status).toBe(200);
    },
  );

  it.each([
    ['a proposal', proposed, ['decline', 'leave'], ['Bob Bell proposes another time', '2:00', '10:00', 'My train']],
    ['a delegation', delegated, ['add', 'leave'], ['Bob Bell sends somebody else', 'Add dave@example.org']],
  ])('asks about %s, and takes what it offers and nothing else', async (_, asked, offered, texts) => {
    stage.held = asked;
    const page = await (await get(`/decide/?token=${token}`)).text();
    for (const text of texts) expect(page).toContain(text);
    expect([...page.matchAll(/name="choice" value="(\w+)"/g)].map((found) => found[1])).toEqual(offered);
    for (const choice of ['alias', 'once', 'ignore', 'decline', 'add', 'leave']) await post({ token, choice });
    expect(stage.decisions).toEqual(offered);
    for (const choice of offered) expect((await get(`/decide/${choice}`)).status).toBe(200);
  });

  it('never takes a choice that was not offered', async () => {
    stage.held = { ...held, sender: 'bob@example.com' };
    expect(await (await get(`/decide/?token=${token}`)).text()).not.toContain('value="alias"');
    expect((await post({ token, choice: 'alias' })).status).toBe(400);
    expect((await post({ token, choice: 'all' })).status).toBe(400);
    expect((await post({ token })).status).toBe(400);
    expect(stage.decisions).toEqual([]);
  });

  it('says when the calendar could not take what was let through', async () => {
    stage.decided = 'not-entered';
    const response = await post({ token, choice: 'once' });
    expect([response.status, response.headers.get('location')]).toEqual([303, './not-entered']);
    expect(await (await get('/decide/not-entered')).text()).toContain('Not everything could be entered');
  });

  it('says when it has been decided already', async () => {
    stage.decided = 'already-decided';
    expect((await post({ token, choice: 'once' })).status).toBe(410);
    stage.held = null;
    for (const response of [await get(`/decide/?token=${token}`), await post({ token, choice: 'once' })]) {
      expect([response.status, await response.text()]).toEqual([410, expect.stringContaining('Nothing waits here')]);
    }
  });

  it.each([
    ['no token', '', 400],
    ['an attendee’s token', rsvp, 400],
    ['a token cut short', token.slice(0, -2), 400],
    ['an expired token', expired, 410],
  ])('with %s is refused', async (_, given, status) => {
    expect((await get(`/decide/?token=${given}`)).status).toBe(status);
    expect((await post({ token: given, choice: 'once' })).status).toBe(status);
    expect(stage.decisions).toEqual([]);
  });
});
