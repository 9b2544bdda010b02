// Dialogues with all kinds of mail servers: replies of several lines or pieces, silence, other protocols, an early end.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openDialogue } from '../../../src/app/check/smtp-dialogue.ts';

let stop: () => void = () => {};
afterEach(() => stop());

/** Starts a server that greets with `greet` and looks up each reply in the table. */
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

describe('an SMTP dialogue', () => {
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
    expect((await dialogue.send('EHLO x')).lines).toEqual(['mx', 'STARTTLS', 'SIZE 1']);
    expect((await dialogue.send('NOOP')).code).toBe(250);
    expect(await dialogue.send('ODD')).toMatchObject({ code: 500, text: 'what?' });
    await expect(dialogue.startTls('x')).rejects.toMatchObject({ message: expect.stringContaining('500 what?') });
    dialogue.close();
  });

  it.each([
    ['is silent', () => undefined, /no reply within 0\.3 s/],
    ['closes the connection', (socket: Socket) => socket.destroy(), /the connection was closed/],
    ['speaks HTTP', (socket: Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /no reply within/],
    ['never ends its reply', (socket: Socket) => socket.write('220-x\r\n'.repeat(12_000)), /too long/],
  ])('fails if the server %s', async (_case, greet, message) => {
    const port = await listen(greet);
    await expect(open(port)).rejects.toMatchObject({
      code: 'smtp-unreachable',
      message: expect.stringMatching(message),
    });
  });

  it('fails if no server listens', async () => {
    const port = await listen(() => undefined);
    stop();
    await expect(open(port)).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  });
});
