// Invited by callback with iTIP off (links carry the answer), answered in the browser's way: GET, POST, redirect.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedLines } from '../../harness/answers.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { type Loop, startLoop } from '../../harness/loop.ts';
import { lacks } from '../requirements.ts';
import { startRadicale } from './radicale.ts';

const organizer = 'alice@example.com';
const bob = 'bob@remote.test';

describe.skipIf(lacks('radicale'))('an answer by link reaches the calendar', () => {
  let radicale: CalendarServer;
  let loop: Loop;
  let count = 0;

  beforeAll(async () => {
    radicale = await startRadicale();
    loop = await startLoop(radicale, { CALENDAR_ITIP_ENABLED: 'False', REPLY_DOMAIN: '' });
  });
  afterAll(async () => {
    await loop?.stop();
    await radicale?.stop();
  });

  async function invite(extra: readonly string[] = []) {
    count += 1;
    const uid = `link-${count}@example.com`;
    const path = `${radicale.users.alice.calendar}${uid}.ics`;
    const text = meeting({ uid, organizer, attendees: [{ email: bob }], extra });
    await radicale.putEvent(radicale.users.alice, path, text);
    expect(await loop.callback({ sender: organizer, recipient: bob, method: 'REQUEST', calendar: text })).toBe(200);
    const invitation = await loop.invitation(bob, uid);
    const link = (action: string): URL =>
      new URL(invitation.links.find((each) => each.includes(`action=${action}`)) ?? '');
    return { uid, path, text, invitation, link };
  }

  const stored = async (path: string): Promise<string> =>
    (await radicale.getEvent(radicale.users.alice, path))?.text ?? '';
  const post = (link: URL, fields: Record<string, string>) =>
    fetch(new URL('/rsvp/', link), {
      method: 'POST',
      body: new URLSearchParams({ token: link.searchParams.get('token') ?? '', ...fields }),
      redirect: 'manual',
    });

  it('mails the calendar without METHOD, with the original ORGANIZER, and with links', async () => {
    const { invitation } = await invite();
    expect(invitation.mail.raw).not.toMatch(/method=/i);
    expect(invitation.calendar).not.toMatch(/^METHOD/m);
    expect(invitation.organizer).toBe(organizer);
    expect(invitation.links.length).toBeGreaterThanOrEqual(3);
  });

  it('changes nothing on GET or HEAD and one line on POST, and redirects to a page without the token', async () => {
    const { uid, path, link } = await invite();
    const before = await stored(path);
    const accept = link('accepted');
    for (const method of ['HEAD', 'GET']) {
      const answer = await fetch(accept, { method });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('cache-control')).toContain('no-store');
    }
    expect(await stored(path)).toBe(before);
    const answer = await post(accept, { action: 'accepted', sequence: '0', comment: '' });
    expect(answer.status).toBe(303);
    const location = answer.headers.get('location') ?? '';
    expect(location).not.toContain('token');
    expect(await (await fetch(new URL(location, accept))).text()).toMatch(/recorded/i);
    expect(await loop.entry(uid, 'applied')).toMatchObject({ door: 'web' });
    const changes = changedLines(before, await stored(path));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.after).toContain('PARTSTAT=ACCEPTED');
  });

  it('shows a changed event again before it accepts an answer', async () => {
    const { path, text, link } = await invite();
    await radicale.putEvent(
      radicale.users.alice,
      path,
      text.replace('SEQUENCE:0', 'SEQUENCE:1').replaceAll('20270301', '20270302'),
    );
    const answer = await post(link('declined'), { action: 'declined', sequence: '0' });
    expect(answer.status).toBe(409);
    expect(await stored(path)).not.toContain('DECLINED');
    expect((await post(link('declined'), { action: 'declined', sequence: '1' })).status).toBe(303);
    expect(await stored(path)).toContain('DECLINED');
  });

  it.each([
    [
      'an unknown action',
      (link: URL) => fetch(new URL(`/rsvp/?token=${link.searchParams.get('token')}&action=perhaps`, link)),
      400,
    ],
    [
      'a tampered token',
      (link: URL) => fetch(new URL(`/rsvp/?token=${link.searchParams.get('token')?.replace(/.$/, '~')}`, link)),
      400,
    ],
    ['no token', (link: URL) => fetch(new URL('/rsvp/', link)), 400],
  ])('refuses %s with a page', async (_what, ask, status) => {
    const { link } = await invite();
    const answer = await ask(link('accepted'));
    expect(Math.floor(answer.status / 100)).toBe(Math.floor(status / 100));
    expect(answer.headers.get('content-type')).toContain('text/html');
  });

  it('says that the event no longer exists, or that the person is no longer invited', async () => {
    const { path, text, link } = await invite();
    await radicale.putEvent(
      radicale.users.alice,
      path,
      text.replace(/^ATTENDEE.*\r\n/m, 'ATTENDEE:mailto:carol@remote.test\r\n'),
    );
    expect(await (await fetch(link('accepted'))).text()).toMatch(/list/i);
    await radicale.deleteEvent(radicale.users.alice, path);
    const gone = await fetch(link('accepted'));
    expect(gone.status).toBeGreaterThanOrEqual(400);
    expect((await post(link('accepted'), { action: 'accepted', sequence: '0' })).status).toBeGreaterThanOrEqual(400);
  });

  it('keeps an answer while the calendar server is unavailable', async () => {
    const { uid, path, link } = await invite();
    const accept = link('accepted');
    await radicale.stop();
    const page = await fetch(accept);
    expect(page.status).toBe(200);
    const answer = await post(accept, { action: 'accepted', sequence: '0' });
    expect(answer.status).toBe(303);
    expect(await (await fetch(new URL(answer.headers.get('location') ?? '', accept))).text()).toMatch(/received/i);
    expect(await loop.entry(uid, 'retried')).toMatchObject({ reason: 'caldav-unreachable' });
    expect(path).toContain(uid);
  }, 30_000);
});
