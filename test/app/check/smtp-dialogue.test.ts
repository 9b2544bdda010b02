// Talking to mail servers of every kind: several lines, several pieces, silence, nonsense, an early end.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openDialogue } from '../../../src/app/check/smtp-dialogue.ts';

let stop: () => void = () => {};
afterEach(() => stop());

/** Greets as told, and answers each line by the table. */
async function listen(greet: (socket: Socket) => void, replies: Record<string, string> = {}): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) socket.write(replies[line] ?? '500 what?\r\n');
    });
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const open = (port: number) => openDialogue({ host: '127.0.0.1', port, timeoutMs: 300 });

describe('a dialogue', () => {
  it('reads replies of one line and of many, whole and in pieces', async () => {
    const port = await listen(
      (socket) => {
        socket.write('220-mx.example.com\r\n22');
        setTimeout(() => socket.write('0 ESMTP\r\n'), 20);
      },
      { 'EHLO x': '250-mx\r\n250-STARTTLS\r\n250 SIZE 1\r\n', NOOP: '250\r\n' },
    );
    const dialogue = await open(port);
    expect(dialogue.greeting).toEqual({ code: 220, text: 'mx.example.com ESMTP', lines: ['mx.example.com', 'ESMTP'] });
    expect((await dialogue.say('EHLO x')).lines).toEqual(['mx', 'STARTTLS', 'SIZE 1']);
    expect((await dialogue.say('NOOP')).code).toBe(250);
    expect(await dialogue.say('ODD')).toMatchObject({ code: 500, text: 'what?' });
    await expect(dialogue.startTls('x')).rejects.toMatchObject({ message: expect.stringContaining('500 what?') });
    dialogue.close();
  });

  it.each([
    ['says nothing', () => undefined, /no answer within 0\.3 s/],
    ['hangs up', (socket: Socket) => socket.destroy(), /the connection was closed/],
    ['speaks HTTP', (socket: Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /no answer within/],
    ['never ends', (socket: Socket) => socket.write('220-x\r\n'.repeat(12_000)), /says too much/],
  ])('gives up where the server %s', async (_case, greet, said) => {
    const port = await listen(greet);
    await expect(open(port)).rejects.toMatchObject({ code: 'smtp-unreachable', message: expect.stringMatching(said) });
  });

  it('says that nobody is there', async () => {
    const port = await listen(() => undefined);
    stop();
    await expect(open(port)).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  });
});
