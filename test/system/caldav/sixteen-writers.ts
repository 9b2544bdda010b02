// Concurrent writers against the complete gateway. In: a stage; out: how many answers and how many of the clients' writes
// are in the event. It throws if an answer is missing at the end.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { meeting } from '../../harness/calendar-server.ts';
import { organizer, partstatOf, putIfMatch, type Stage } from './loop-on-servers.ts';
import { waitFor } from '../../harness/wait-for.ts';

const WRITERS = 16;

/**
 * The organizer's clients write the event, each twice and with If-Match, while sixteen answers arrive. On a server whose
 * If-Match is not atomic, answers are overwritten for about a second; in the end the event contains all of them.
 */
export async function sixteenWriters(stage: Stage): Promise<string> {
  const { server, loop } = stage;
  const uid = `${randomUUID()}@example.com`;
  const path = `${server.users.alice.calendar}${uid}.ics`;
  const guests = Array.from({ length: WRITERS }, (_, index) => `guest${index}x@remote.test`);
  await stage.save(path, meeting({ uid, organizer, attendees: guests.map((email) => ({ email })) }));
  const invited = await Promise.all(guests.map((guest) => stage.mail(uid, guest, 'invitation')));
  const start = performance.now();
  const answers = invited.map((one, index) =>
    stage.answer(one, { attendee: guests[index] ?? '', uid, partstat: 'ACCEPTED' }),
  );
  const writers = guests.map((_guest, index) => writeTwice(stage, path, index));
  await Promise.all([...answers, ...writers]);
  const accepted = async (): Promise<string[]> => {
    const text = await stage.stored(path);
    return guests.filter((guest) => partstatOf(text, guest) === 'ACCEPTED');
  };
  await waitFor('every answer', async () => (await accepted()).length === WRITERS, 30_000);
  const took = performance.now() - start;
  const text = await stage.stored(path);
  const kept = text.match(/^X-WRITER-\d+:2/gm)?.length ?? 0;
  const entries = await loop.gateway.ledger.entries(uid, 500);
  const again = entries.filter(({ reason }) => reason === 'overwritten').length;
  expect(entries.filter(({ reason }) => reason === 'applied')).toHaveLength(WRITERS);
  return `${WRITERS}/${WRITERS} in ${(took / 1000).toFixed(1)} s, ${again} put back; writers kept ${kept}/${WRITERS}`;
}

async function writeTwice({ server, stored }: Stage, path: string, index: number): Promise<void> {
  const { alice } = server.users;
  for (const round of [1, 2]) {
    for (let attempt = 0; ; attempt++) {
      if (attempt === 200) throw new Error(`writer ${index} got nowhere`);
      const etag = (await server.getEvent(alice, path))?.etag ?? '';
      const text = (await stored(path)).replace(new RegExp(`^X-WRITER-${index}:.*\r\n`, 'm'), '');
      const line = `X-WRITER-${index}:${round}\r\nEND:VEVENT`;
      const status = await putIfMatch(server, alice, path, text.replace('END:VEVENT', line), etag);
      if ([200, 201, 204].includes(status)) break;
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40));
    }
  }
}
