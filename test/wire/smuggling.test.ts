// SMTP smuggling: each sequence that some server accepts as the end of a mail, at every position and in every pair of TCP
// segments. None of them ends the mail here: the whole mail is refused, and no command in it gets a reply.
import { setImmediate as turn } from 'node:timers/promises';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { REPLY, type RawClient, type TestDoor, openTestDoor, rawClient } from '../doors/mail/mail-door-kit.ts';

const TERMINATORS = {
  'LF . LF': '\n.\n',
  'LF . CRLF': '\n.\r\n',
  'CRLF . LF': '\r\n.\n',
  'CR . CR': '\r.\r',
  'CR . CRLF': '\r.\r\n',
  'CRLF . CR': '\r\n.\r',
  'LF . CR': '\n.\r',
  'CRLF NUL . CRLF': '\r\n\0.\r\n',
};

const SMUGGLED = `MAIL FROM:<m@evil.test>\r\nRCPT TO:<postmaster>\r\nDATA\r\nS: x\r\n`;

/** The text before the terminator, and after it and the smuggled commands. */
const POSITIONS = {
  'first thing': ['', ''],
  'in the header': ['S: a', 'X: b\r\n\r\nbody'],
  'at the end of the header': ['S: a\r\n', '\r\nbody'],
  'in the body': ['S: a\r\n\r\nbody', 'more'],
  'last thing': ['S: a\r\n\r\nbody\r\n', ''],
} as const;

const CLIENTS = 12;

let door: TestDoor;
const clients: RawClient[] = [];

beforeAll(async () => {
  door = await openTestDoor({ limits: { commandsPerMail: Number.POSITIVE_INFINITY } });
  clients.push(...(await Promise.all(Array.from({ length: CLIENTS }, () => rawClient(door)))));
  for (const client of clients) {
    await client.reply();
    await client.talk('EHLO client.test');
  }
});
afterAll(async () => {
  for (const client of clients) client.close();
  await door.close(1_000);
});

/** Sends the mail in two segments, cut at `at`; returns the replies to DATA and to the NOOP after it. */
async function sendCut(client: RawClient, bytes: string, at: number): Promise<(string | null)[]> {
  await client.talk('MAIL FROM:<bob@example.com>', `RCPT TO:<${REPLY}>`, 'DATA');
  client.send(bytes.slice(0, at));
  // The door runs in this process: after two turns of the event loop, it has read what was written.
  await turn();
  await turn();
  client.send(bytes.slice(at));
  return [await client.reply(), ...(await client.talk('NOOP'))];
}

async function sendCutEverywhere(bytes: string): Promise<string[]> {
  const replies = new Set<string>();
  const segments = vi.spyOn(SMTPStream.prototype, '_write');
  let next = 1;
  await Promise.all(
    clients.map(async (client) => {
      for (let at = next++; at < bytes.length; at = next++) replies.add((await sendCut(client, bytes, at)).join(' | '));
    }),
  );
  // MAIL, RCPT, DATA, the two parts and NOOP arrived separately.
  expect(segments.mock.calls.length).toBeGreaterThanOrEqual(6 * (bytes.length - 1));
  segments.mockRestore();
  return [...replies];
}

describe.each(Object.entries(TERMINATORS))('%s', (_, terminator) => {
  it.each(Object.entries(POSITIONS))('does not end a mail as the %s', async (_position, [before, after]) => {
    const bytes = `${before}${terminator}${SMUGGLED}${after}\r\n.\r\n`;
    expect(await sendCutEverywhere(bytes)).toEqual([
      '550 5.6.0 Bare CR, bare LF and NUL are not accepted | 250 2.0.0 OK',
    ]);
    expect(door.mails).toEqual([]);
  });
});

describe('CRLF . CRLF', () => {
  it.each([
    ['a mail', 'S: a\r\n\r\nbody\r\n', 'S: a\r\n\r\nbody\r\n'],
    ['lines of dots', '..\r\n...\r\n..x\r\n\r\n..\r\n', '.\r\n..\r\n.x\r\n\r\n.\r\n'],
    ['nothing', '', ''],
  ])('ends %s, at any split into segments, and the bytes are kept', async (_, sent, kept) => {
    door.mails.length = 0;
    const bytes = `${sent}.\r\n`;
    expect(await sendCutEverywhere(bytes)).toEqual(['250 2.6.0 Mail accepted | 250 2.0.0 OK']);
    expect(new Set(door.mails.map(({ raw }) => Buffer.from(raw).toString('latin1')))).toEqual(new Set([kept]));
    expect(door.mails).toHaveLength(bytes.length - 1);
    door.mails.length = 0;
  });
});
