import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import { NOW, claims, decisionClaims, event, ring, setStage, shown, startHttp } from './start-http.ts';

const stage = setStage();
const http = await startHttp(stage);
const token = await signRsvpToken(ring, claims);
const expired = await signRsvpToken(ring, { ...claims, expiresAt: NOW - 1000 });
const decision = await signDecisionToken(ring, decisionClaims);
const forged = await signRsvpToken([{ kid: 'a1', secret: new Uint8Array(32).fill(8) }], claims);
const tampered = token.replace(
  /\.[^.]+\./,
  (payload) => `${payload.slice(0, 20)}${payload[20] === 'A' ? 'B' : 'A'}${payload.slice(21)}`,
);

beforeEach(() => {
  Object.assign(stage, setStage(), { answers: stage.answers });
  stage.answers.length = 0;
});
afterAll(() => http.close(100));

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(http.url + path, { redirect: 'manual', ...init });
const post = (fields: Record<string, string>, path = '/rsvp/'): Promise<Response> =>
  get(path, { method: 'POST', body: new URLSearchParams(fields) });

async function askIn(languages: string) {
  const response = await get(`/rsvp/?token=${token}`, { headers: { 'Accept-Language': languages } });
  return [
    response.headers.get('Content-Language'),
    response.headers.get('Vary'),
    (await response.text()).includes('<html lang="fr">'),
  ];
}

describe('the link', () => {
  it('shows the event, who answers, the present answer and a form', async () => {
    const page = await (await get(`/rsvp/?token=${token}`)).text();
    for (const text of [
      'Sprint review',
      '10:00',
      'Central European Time',
      'Bridge House',
      'Alice Martin',
      'Bob Bell',
      'You have not answered yet',
      '<form method="post"',
    ]) {
      expect(page).toContain(text);
    }
  });

  it.each(['accepted', 'tentative', 'declined', 'ACCEPTED'])('with action=%s has it chosen', async (action) => {
    const page = await (await get(`/rsvp/?token=${token}&action=${action}`)).text();
    expect(page.match(/value="(\w+)" required checked/)?.[1]).toBe(action.toLowerCase());
  });

  it.each(['GET', 'HEAD'])('changes nothing by %s', async (method) => {
    for (const path of [
      `/rsvp/?token=${token}&action=accepted`,
      `/rsvp?token=${token}&action=declined&comment=x&sequence=3`,
    ]) {
      expect((await get(path, { method })).status).toBe(200);
    }
    expect(stage.answers).toEqual([]);
  });

  it.each([true, false])('shows who else is invited, where guests may see each other (%j)', async (guestList) => {
    stage.shown = { ...shown, guestList };
    const page = await (await get(`/rsvp/?token=${token}`)).text();
    expect(page.includes('Carol Weiß')).toBe(guestList);
    expect(page).toContain('You answer as Bob Bell');
  });

  it('works without the trailing slash, and the form still goes to the right place', async () => {
    const response = await get(`/rsvp?token=${token}`);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('action="./rsvp/"')]);
  });

  it.each([
    ['no token', '', 400, 'This link does not work'],
    ['a token that is none', 'token=abc', 400, 'This link does not work'],
    ['a tampered token', `token=${tampered}`, 400, 'This link does not work'],
    ['a token of another secret', `token=${forged}`, 400, 'This link does not work'],
    ['a token for decisions', `token=${decision}`, 400, 'This link does not work'],
    ['two tokens', `token=${token}&token=${token}`, 400, 'This link does not work'],
    ['an expired token', `token=${expired}`, 410, 'no longer valid'],
    ['an unknown action', `token=${token}&action=maybe`, 400, 'not complete'],
  ])('with %s says so', async (_, query, status, text) => {
    const response = await get(`/rsvp/?${query}`);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it.each([
    ['past', 410, 'This event is over'],
    ['gone', 410, 'no longer in the calendar'],
    ['cancelled', 410, 'This event is cancelled'],
    ['not-invited', 403, 'not on the guest list'],
  ] as const)('to an event that is %s says so and takes no answer', async (state, status, text) => {
    for (const now of [shown.event, null]) {
      stage.shown = { ...shown, state, event: now };
      const response = await get(`/rsvp/?token=${token}`);
      const page = await response.text();
      expect([response.status, page]).toEqual([status, expect.stringContaining(text)]);
      expect(page).not.toContain('<form');
    }
  });

  it('to an event that cannot be reached takes the answer all the same', async () => {
    stage.shown = { state: 'unreachable', event: null, partstat: null, sequence: null, guestList: true };
    const response = await get(`/rsvp/?token=${token}`);
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringMatching(/cannot be reached[^]*<form/),
    ]);
  });

  it('gives the event as a file', async () => {
    const response = await get(`/rsvp/event.ics?token=${token}`);
    expect(response.headers.get('Content-Type')).toBe('text/calendar; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="invite.ics"');
    expect(await response.text()).toMatch(/^BEGIN:VCALENDAR\r\n[^]*ATTENDEE[^]*bob@example.com/);
    stage.shown = { ...shown, calendar: null };
    expect((await get(`/rsvp/event.ics?token=${token}`)).status).toBe(404);
    expect((await get('/rsvp/event.ics?token=x')).status).toBe(400);
    expect(await (await get(`/rsvp/?token=${token}`)).text()).not.toContain('event.ics');
  });

  it('is shown in the language of its reader', async () => {
    expect(await askIn('fr-CH, fr;q=0.9, en;q=0.5')).toEqual(['fr', 'Accept-Language', true]);
    expect(await askIn('tlh, en;q=0.1')).toEqual(['en', 'Accept-Language', false]);
    expect(await askIn('x'.repeat(500))).toEqual(['en', 'Accept-Language', false]);
  });
});

describe('the answer', () => {
  it.each([
    ['accepted', 'ACCEPTED'],
    ['tentative', 'TENTATIVE'],
    ['declined', 'DECLINED'],
  ] as const)('%s is passed on, and the page after it has no token', async (action, partstat) => {
    const response = await post({ token, action, comment: 'See you\r\nthere', sequence: '3' });
    expect([response.status, response.headers.get('Location')]).toEqual([303, `./recorded?answer=${action}`]);
    expect(stage.answers).toEqual([
      { claims, answer: { partstat, comment: 'See you\nthere', sequence: 3, wholeSeries: false } },
    ]);
    const page = await get(`/rsvp/recorded?answer=${action}`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('in the organizer’s calendar')]);
  });

  it('that is not recorded yet is received', async () => {
    stage.outcome = 'received';
    const response = await post({ token, action: 'accepted' });
    expect(response.headers.get('Location')).toBe('./received?answer=accepted');
    expect(await (await get('/rsvp/received?answer=accepted')).text()).toContain('on its way');
  });

  it('has no comment and no sequence where none was sent, and covers the series where that is said', async () => {
    await post({ token, action: 'accepted', comment: '  ', sequence: '', scope: 'series' });
    expect(stage.answers[0]?.answer).toEqual({
      partstat: 'ACCEPTED',
      comment: null,
      sequence: null,
      wholeSeries: true,
    });
  });

  it('may come to the whole link, as scripts post it', async () => {
    expect((await get(`/rsvp?token=${token}&action=declined`, { method: 'POST' })).headers.get('Location')).toBe(
      './rsvp/recorded?answer=declined',
    );
    expect(stage.answers).toHaveLength(1);
  });

  it('to an event that has changed since is asked for again, with what was written', async () => {
    stage.outcome = { refused: 'changed' };
    stage.shown = { ...shown, sequence: 4, event: { ...event, sequence: 4, summary: 'Moved review' } };
    const response = await post({ token, action: 'tentative', comment: 'I try', sequence: '3' });
    const page = await response.text();
    expect(response.status).toBe(409);
    for (const text of ['changed in the meantime', 'Moved review', 'I try', 'name="sequence" value="4"'])
      expect(page).toContain(text);
    expect(page).toMatch(/value="tentative" required checked/);
  });

  it.each([
    ['past', 410, 'This event is over'],
    ['cancelled', 410, 'This event is cancelled'],
    ['not-invited', 403, 'not on the guest list'],
  ] as const)('to an event that is %s by now is refused with its page', async (state, status, text) => {
    stage.outcome = { refused: state };
    stage.shown = { ...shown, state };
    const response = await post({ token, action: 'accepted' });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it('that is refused for another reason says that nothing has changed', async () => {
    stage.outcome = { refused: 'something-internal' };
    const response = await post({ token, action: 'accepted' });
    const page = await response.text();
    expect([response.status, page]).toEqual([409, expect.stringContaining('could not be entered')]);
    expect(page).not.toContain('something-internal');
  });

  it.each([
    ['no choice', {}, 422, 'Please choose an answer'],
    ['a comment that is too long', { action: 'accepted', comment: 'x'.repeat(1001) }, 422, 'note is too long'],
    ['an action that does not exist', { action: 'delegated' }, 400, 'not complete'],
  ])('with %s is asked for again', async (_, fields, status, text) => {
    const response = await post({ token, ...fields });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
    expect(stage.answers).toEqual([]);
  });

  it.each([
    ['no token', {}, 400],
    ['a tampered token', { token: tampered }, 400],
    ['an expired token', { token: expired }, 410],
  ])('with %s is refused', async (_, fields, status) => {
    expect((await post({ action: 'accepted', ...fields })).status).toBe(status);
    expect(stage.answers).toEqual([]);
  });

  it.each([
    ['JSON', 'application/json', JSON.stringify({ token, action: 'accepted' })],
    [
      'a form of a megabyte',
      'application/x-www-form-urlencoded',
      `token=${token}&action=accepted&comment=${'x'.repeat(1_000_000)}`,
    ],
    ['a form with a broken escape', 'application/x-www-form-urlencoded', 'token=%zz&action=%'],
  ])('as %s is no answer, and no fault of ours', async (_, type, body) => {
    const response = await get('/rsvp/', { method: 'POST', headers: { 'Content-Type': type }, body });
    expect(response.status).toBe(400);
    expect(stage.answers).toEqual([]);
  });

  it('that cannot be stored is 503 with Retry-After', async () => {
    const failing = await startHttp({
      ...stage,
      get outcome(): never {
        throw new GatewayError('spool-full', 'no room', { temporary: true });
      },
    });
    const response = await fetch(`${failing.url}/rsvp/`, {
      method: 'POST',
      body: new URLSearchParams({ token, action: 'accepted' }),
    });
    expect([response.status, response.headers.get('Retry-After') !== null, await response.text()]).toEqual([
      503,
      true,
      expect.stringContaining('try again in a moment'),
    ]);
    await failing.close(100);
  });
});

describe('untrusted text', () => {
  const evil = '<script>alert(1)</script>"\' onload=x {{ 7 | times: 7 }}';
  it('is only ever text', async () => {
    stage.shown = {
      ...shown,
      event: {
        ...event,
        summary: evil,
        location: evil,
        description: `${evil} javascript:alert(1) https://example.com/"onmouseover="x`,
        url: 'javascript:alert(1)',
        organizer: { key: 'alice@example.com', name: evil, address: 'alice@example.com' },
        guests: [
          { key: 'bob@example.com', name: evil, address: 'bob@example.com', partstat: 'NEEDS-ACTION', optional: false },
        ],
      },
    };
    const response = await post({ token, comment: `</textarea>${evil}` });
    const page = await response.text();
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script');
    expect(page).not.toContain('</textarea><');
    expect(page).not.toMatch(/href="javascript:/);
    expect(page).toContain('{{ 7 | times: 7 }}');
    expect(page.match(/<[^>]*\son\w+=/)).toBeNull();
  });

  it('in the answer of a result page is none of ours', async () => {
    const page = await (await get('/rsvp/recorded?answer=%3Cscript%3E')).text();
    expect(page).toContain('Your answer is in');
    expect(page).not.toContain('<script');
  });
});
