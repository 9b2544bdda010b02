// The RSVP pages for attendees: what they show, which answers they accept, invalid links, untrusted text.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { signDecisionToken, signRsvpToken } from '../../../src/core/signing/token.ts';
import { NOW, claims, decisionClaims, event, ring, makeFakes, shown, startHttp } from './start-http.ts';

const fakes = makeFakes();
const http = await startHttp(fakes);
const token = await signRsvpToken(ring, claims);
const expired = await signRsvpToken(ring, { ...claims, expiresAt: NOW - 1000 });
const decision = await signDecisionToken(ring, decisionClaims);
const forged = await signRsvpToken([{ kid: 'a1', secret: new Uint8Array(32).fill(8) }], claims);
const tampered = token.replace(
  /\.[^.]+\./,
  (payload) => `${payload.slice(0, 20)}${payload[20] === 'A' ? 'B' : 'A'}${payload.slice(21)}`,
);

beforeEach(() => {
  Object.assign(fakes, makeFakes(), { answers: fakes.answers });
  fakes.answers.length = 0;
});
afterAll(() => http.close(100));

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(http.url + path, { redirect: 'manual', ...init });
const post = (fields: Record<string, string>, path = '/rsvp/'): Promise<Response> =>
  get(path, { method: 'POST', body: new URLSearchParams(fields) });

async function getInLanguages(languages: string) {
  const response = await get(`/rsvp/?token=${token}`, { headers: { 'Accept-Language': languages } });
  return [
    response.headers.get('Content-Language'),
    response.headers.get('Vary'),
    (await response.text()).includes('<html lang="fr">'),
  ];
}

describe('the link', () => {
  it('shows the event, the attendee, the current answer and a form', async () => {
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

  it.each(['accepted', 'tentative', 'declined', 'ACCEPTED'])(
    'with action=%s preselects that answer',
    async (action) => {
      const page = await (await get(`/rsvp/?token=${token}&action=${action}`)).text();
      expect(page.match(/value="(\w+)" required checked/)?.[1]).toBe(action.toLowerCase());
    },
  );

  it.each(['GET', 'HEAD'])('changes nothing by %s', async (method) => {
    for (const path of [
      `/rsvp/?token=${token}&action=accepted`,
      `/rsvp?token=${token}&action=declined&comment=x&sequence=3`,
    ]) {
      expect((await get(path, { method })).status).toBe(200);
    }
    expect(fakes.answers).toEqual([]);
  });

  it.each([true, false])('shows the other guests only if guests may see each other (%j)', async (guestList) => {
    fakes.shown = { ...shown, guestList };
    const page = await (await get(`/rsvp/?token=${token}`)).text();
    expect(page.includes('Carol Weiß')).toBe(guestList);
    expect(page).toContain('You are answering as Bob Bell');
  });

  it('works without the trailing slash, and the form has the right action', async () => {
    const response = await get(`/rsvp?token=${token}`);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('action="./rsvp/"')]);
  });

  it.each([
    ['no token', '', 400, 'This link does not work'],
    ['an invalid token', 'token=abc', 400, 'This link does not work'],
    ['a tampered token', `token=${tampered}`, 400, 'This link does not work'],
    ['a token of another secret', `token=${forged}`, 400, 'This link does not work'],
    ['a token for decisions', `token=${decision}`, 400, 'This link does not work'],
    ['two tokens', `token=${token}&token=${token}`, 400, 'This link does not work'],
    ['an expired token', `token=${expired}`, 410, 'no longer valid'],
    ['an unknown action', `token=${token}&action=maybe`, 400, 'not complete'],
  ])('with %s shows an error', async (_, query, status, text) => {
    const response = await get(`/rsvp/?${query}`);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it.each([
    ['past', 410, 'This event is over'],
    ['gone', 410, 'no longer in the calendar'],
    ['cancelled', 410, 'This event is cancelled'],
    ['not-invited', 403, 'no longer on the guest list'],
  ] as const)('to an event that is %s shows that and has no form', async (state, status, text) => {
    for (const now of [shown.event, null]) {
      fakes.shown = { ...shown, state, event: now };
      const response = await get(`/rsvp/?token=${token}`);
      const page = await response.text();
      expect([response.status, page]).toEqual([status, expect.stringContaining(text)]);
      expect(page).not.toContain('<form');
    }
  });

  it('to an event on an unreachable server still has a form', async () => {
    fakes.shown = { state: 'unreachable', event: null, partstat: null, sequence: null, guestList: true };
    const response = await get(`/rsvp/?token=${token}`);
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringMatching(/cannot be reached[^]*<form/),
    ]);
  });

  it('offers the event as a file', async () => {
    const response = await get(`/rsvp/event.ics?token=${token}`);
    expect(response.headers.get('Content-Type')).toBe('text/calendar; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="invite.ics"');
    expect(await response.text()).toMatch(/^BEGIN:VCALENDAR\r\n[^]*ATTENDEE[^]*bob@example.com/);
    fakes.shown = { ...shown, calendar: null };
    expect((await get(`/rsvp/event.ics?token=${token}`)).status).toBe(404);
    expect((await get('/rsvp/event.ics?token=x')).status).toBe(400);
    expect(await (await get(`/rsvp/?token=${token}`)).text()).not.toContain('event.ics');
  });

  it("is shown in the reader's language", async () => {
    expect(await getInLanguages('fr-CH, fr;q=0.9, en;q=0.5')).toEqual(['fr', 'Accept-Language', true]);
    expect(await getInLanguages('tlh, en;q=0.1')).toEqual(['en', 'Accept-Language', false]);
    expect(await getInLanguages('x'.repeat(500))).toEqual(['en', 'Accept-Language', false]);
  });
});

describe('the answer', () => {
  it.each([
    ['accepted', 'ACCEPTED'],
    ['tentative', 'TENTATIVE'],
    ['declined', 'DECLINED'],
  ] as const)('%s is passed on, and the page after it has no token', async (action, partstat) => {
    const response = await post({ token, action, comment: 'See you\r\nthere', sequence: '3', schedule: 'shown' });
    expect([response.status, response.headers.get('Location')]).toEqual([303, `./recorded?answer=${action}`]);
    expect(fakes.answers).toEqual([
      { claims, answer: { partstat, comment: 'See you\nthere', sequence: 3, schedule: 'shown', wholeSeries: false } },
    ]);
    const page = await get(`/rsvp/recorded?answer=${action}`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('in the organizer’s calendar')]);
  });

  it('that is not recorded yet is shown as received', async () => {
    fakes.outcome = 'received';
    const response = await post({ token, action: 'accepted' });
    expect(response.headers.get('Location')).toBe('./received?answer=accepted');
    expect(await (await get('/rsvp/received?answer=accepted')).text()).toContain('on its way');
  });

  it('has no comment and no sequence if none was sent, and covers the series if the form says so', async () => {
    await post({ token, action: 'accepted', comment: '  ', sequence: '', scope: 'series' });
    expect(fakes.answers[0]?.answer).toEqual({
      partstat: 'ACCEPTED',
      comment: null,
      sequence: null,
      schedule: null,
      wholeSeries: true,
    });
  });

  it('is accepted as a POST of the link itself, as scripts send it', async () => {
    expect((await get(`/rsvp?token=${token}&action=declined`, { method: 'POST' })).headers.get('Location')).toBe(
      './rsvp/recorded?answer=declined',
    );
    expect(fakes.answers).toHaveLength(1);
  });

  it('to an event that has changed is requested again, with the comment kept', async () => {
    fakes.outcome = { refused: 'changed' };
    fakes.shown = { ...shown, sequence: 4, schedule: 'new', event: { ...event, sequence: 4, summary: 'Moved review' } };
    const response = await post({ token, action: 'tentative', comment: 'I try', sequence: '3' });
    const page = await response.text();
    expect(response.status).toBe(409);
    for (const text of [
      'changed in the meantime',
      'Moved review',
      'I try',
      'name="sequence" value="4"',
      'name="schedule" value="new"',
    ])
      expect(page).toContain(text);
    expect(page).toMatch(/value="tentative" required checked/);
  });

  it.each([
    ['past', 410, 'This event is over'],
    ['cancelled', 410, 'This event is cancelled'],
    ['not-invited', 403, 'no longer on the guest list'],
  ] as const)('to an event that is now %s is refused, and the page shows why', async (state, status, text) => {
    fakes.outcome = { refused: state };
    fakes.shown = { ...shown, state };
    const response = await post({ token, action: 'accepted' });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  it('that is refused for another reason shows that it could not be entered', async () => {
    fakes.outcome = { refused: 'something-internal' };
    const response = await post({ token, action: 'accepted' });
    const page = await response.text();
    expect([response.status, page]).toEqual([409, expect.stringContaining('could not be entered')]);
    expect(page).not.toContain('something-internal');
  });

  it.each([
    ['no choice', {}, 422, 'Please choose an answer'],
    ['a comment that is too long', { action: 'accepted', comment: 'x'.repeat(1001) }, 422, 'note is too long'],
    ['an action that does not exist', { action: 'delegated' }, 400, 'not complete'],
  ])('with %s is requested again', async (_, fields, status, text) => {
    const response = await post({ token, ...fields });
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
    expect(fakes.answers).toEqual([]);
  });

  it.each([
    ['no token', {}, 400],
    ['a tampered token', { token: tampered }, 400],
    ['an expired token', { token: expired }, 410],
  ])('with %s is refused', async (_, fields, status) => {
    expect((await post({ action: 'accepted', ...fields })).status).toBe(status);
    expect(fakes.answers).toEqual([]);
  });

  it.each([
    ['JSON', 'application/json', JSON.stringify({ token, action: 'accepted' })],
    [
      'a form of a megabyte',
      'application/x-www-form-urlencoded',
      `token=${token}&action=accepted&comment=${'x'.repeat(1_000_000)}`,
    ],
    ['a form with a broken escape', 'application/x-www-form-urlencoded', 'token=%zz&action=%'],
  ])('as %s gets 400', async (_, type, body) => {
    const response = await get('/rsvp/', { method: 'POST', headers: { 'Content-Type': type }, body });
    expect(response.status).toBe(400);
    expect(fakes.answers).toEqual([]);
  });

  it('that cannot be stored gets 503 with Retry-After', async () => {
    const failing = await startHttp({
      ...fakes,
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
  it('is always escaped', async () => {
    fakes.shown = {
      ...shown,
      event: {
        ...event,
        summary: evil,
        location: evil,
        description: `${evil} javascript:alert(1) https://example.com/"onmouseover="x`,
        meetings: [{ name: evil, href: 'javascript:alert(1)' }],
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

  it('in the parameter of a result page is not shown', async () => {
    const page = await (await get('/rsvp/recorded?answer=%3Cscript%3E')).text();
    expect(page).toContain('Your answer is in');
    expect(page).not.toContain('<script');
  });
});
