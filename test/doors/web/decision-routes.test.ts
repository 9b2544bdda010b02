// The decision pages for organizers: what they show, which choices they accept, and invalid links.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import { NOW, claims, decisionClaims, delegated, held, proposed, ring, makeFakes, startHttp } from './start-http.ts';

const fakes = makeFakes();
const http = await startHttp(fakes);
const token = await signDecisionToken(ring, decisionClaims);
const expired = await signDecisionToken(ring, { ...decisionClaims, expiresAt: NOW - 1000 });
const rsvp = await signRsvpToken(ring, claims);

beforeEach(() => {
  Object.assign(fakes, makeFakes(), { decisions: fakes.decisions });
  fakes.decisions.length = 0;
});
afterAll(() => http.close(100));

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(http.url + path, { redirect: 'manual', ...init });
const post = (fields: Record<string, string>): Promise<Response> =>
  get('/decide/', { method: 'POST', body: new URLSearchParams(fields) });

describe('the decision link', () => {
  it('shows the held answer, its sender, the reason, and the choices', async () => {
    const page = await (await get(`/decide/?token=${token}`)).text();
    for (const text of [
      'robert.bell@example.org',
      'bob@example.com',
      'Accepted',
      'Sprint review',
      'From my other account',
      'could not confirm that the mail is from',
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
    expect(fakes.decisions).toEqual([]);
  });

  it.each(['alias', 'once', 'ignore'] as const)(
    'decides %s by POST, and the page after it has no token',
    async (choice) => {
      const response = await post({ token, choice });
      expect([response.status, response.headers.get('Location')]).toEqual([303, `./${choice}`]);
      expect(fakes.decisions).toEqual([choice]);
      expect((await get(`/decide/${choice}`)).status).toBe(200);
    },
  );

  it.each([
    ['a proposal', proposed, ['decline', 'leave'], ['Bob Bell proposes another time', '2:00', '10:00', 'My train']],
    ['a delegation', delegated, ['add', 'leave'], ['Bob Bell is sending someone else', 'Add dave@example.org']],
  ])('shows %s, and accepts only the offered choices', async (_, question, offered, texts) => {
    fakes.held = question;
    const page = await (await get(`/decide/?token=${token}`)).text();
    for (const text of texts) expect(page).toContain(text);
    expect([...page.matchAll(/name="choice" value="(\w+)"/g)].map((found) => found[1])).toEqual(offered);
    for (const choice of ['alias', 'once', 'ignore', 'decline', 'add', 'leave']) await post({ token, choice });
    expect(fakes.decisions).toEqual(offered);
    for (const choice of offered) expect((await get(`/decide/${choice}`)).status).toBe(200);
  });

  it('refuses a choice that is not offered', async () => {
    fakes.held = { ...held, sender: 'bob@example.com' };
    expect(await (await get(`/decide/?token=${token}`)).text()).not.toContain('value="alias"');
    expect((await post({ token, choice: 'alias' })).status).toBe(400);
    expect((await post({ token, choice: 'all' })).status).toBe(400);
    expect((await post({ token })).status).toBe(400);
    expect(fakes.decisions).toEqual([]);
  });

  it('shows that an accepted answer could not be entered', async () => {
    fakes.decided = 'not-entered';
    const response = await post({ token, choice: 'once' });
    expect([response.status, response.headers.get('location')]).toEqual([303, './not-entered']);
    expect(await (await get('/decide/not-entered')).text()).toContain('Not everything could be entered');
  });

  it('shows that everything has been decided already', async () => {
    fakes.decided = 'already-decided';
    expect((await post({ token, choice: 'once' })).status).toBe(410);
    fakes.held = null;
    for (const response of [await get(`/decide/?token=${token}`), await post({ token, choice: 'once' })]) {
      expect([response.status, await response.text()]).toEqual([
        410,
        expect.stringContaining('Nothing left to decide'),
      ]);
    }
  });

  it.each([
    ['no token', '', 400],
    ['an attendee’s token', rsvp, 400],
    ['a truncated token', token.slice(0, -2), 400],
    ['an expired token', expired, 410],
  ])('with %s is refused', async (_, given, status) => {
    expect((await get(`/decide/?token=${given}`)).status).toBe(status);
    expect((await post({ token: given, choice: 'once' })).status).toBe(status);
    expect(fakes.decisions).toEqual([]);
  });
});
