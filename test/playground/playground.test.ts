// The playground through its API: somebody invites, answers with a mail client, and sees the event change.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../src/app/log.ts';
import { type Playground, startPlayground } from '../../src/playground/start-playground.ts';

interface State {
  readonly events: { uid: string; title: string; attendees: { address: string; partstat: string }[] }[];
  readonly mails: { id: number; to: string; subject: string; text: string; source: string }[];
  readonly ledger: { verdict: string; reason: string; attendee: string | null }[];
}

describe('the playground', () => {
  let playground: Playground;
  beforeAll(async () => {
    playground = await startPlayground({ port: 0, log: openLog('silent') });
  });
  afterAll(() => playground?.stop());

  const state = async (): Promise<State> => (await fetch(`${playground.url}api/state`)).json() as Promise<State>;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(playground.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const partstat = async (address: string): Promise<string | undefined> =>
    (await state()).events[0]?.attendees.find((attendee) => attendee.address === address)?.partstat;
  const form = {
    title: 'Tea',
    start: '2027-03-01T10:00',
    minutes: '45',
    timezone: 'Europe/Paris',
    attendees: 'bob@example.com carol@example.com dave@example.com',
  };

  it('leaves nothing behind if its port is in use', async () => {
    const folders = (): Promise<string[]> =>
      readdir(tmpdir()).then((names) => names.filter((name) => name.startsWith('imip-playground-')).toSorted());
    const before = await folders();
    const port = Number(new URL(playground.url).port);
    await expect(startPlayground({ port, log: openLog('silent') })).rejects.toThrow(/choose another one with --port/);
    expect((await folders()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('says what is wrong in a form', async () => {
    const answer = await post('api/events', { ...form, attendees: 'bob' });
    expect([answer.status, await answer.text()]).toEqual([400, 'bob is not a mail address']);
  });

  it('refuses requests from other sites', async () => {
    expect((await post('api/events', form, { Origin: 'https://elsewhere.test' })).status).toBe(403);
    expect((await state()).events).toEqual([]);
  });

  it.each([
    ['outlook', 'bob@example.com', 'ACCEPTED'],
    ['apple-mail', 'carol@example.com', 'TENTATIVE'],
    ['gmail', 'dave@example.com', 'DECLINED'],
  ])('as %s: %s answers %s', async (client, address, answer) => {
    if ((await state()).events.length === 0) expect((await post('api/events', form)).status).toBe(204);
    await expect
      .poll(async () => (await state()).mails.some(({ to }) => to === address), { timeout: 10_000 })
      .toBe(true);
    const mail = (await state()).mails.find(({ to }) => to === address);
    expect((await post(`api/mails/${mail?.id}/answer`, { client, partstat: answer, comment: 'See you' })).status).toBe(
      204,
    );
    await expect.poll(() => partstat(address), { timeout: 10_000 }).toBe(answer);
    expect((await state()).ledger).toContainEqual(
      expect.objectContaining({ verdict: 'applied', reason: 'applied', attendee: expect.stringContaining(address) }),
    );
  });

  it('mails a change and a cancellation once to everybody', async () => {
    const uid = encodeURIComponent((await state()).events[0]?.uid ?? '');
    expect((await post(`api/events/${uid}/move`, {})).status).toBe(204);
    await expect
      .poll(async () => (await state()).mails.filter(({ subject }) => /updated|changed/i.test(subject)).length, {
        timeout: 10_000,
      })
      .toBe(3);
    expect(await partstat('bob@example.com')).toBe('NEEDS-ACTION');
    expect((await post(`api/events/${uid}/cancel`, {})).status).toBe(204);
    await expect
      .poll(async () => (await state()).mails.filter(({ subject }) => /cancel/i.test(subject)).length, {
        timeout: 10_000,
      })
      .toBe(3);
  });
});
