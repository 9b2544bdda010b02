// The bytes after DATA, in chunks of any size.
import { PassThrough } from 'node:stream';
import { asyncProperty, assert, constantFrom, array, integer } from 'fast-check';
import type { SMTPServerDataStream } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import { openDataMemory, receiveData } from '../../../src/doors/mail/receive-data.ts';
import { REPLIES } from '../../../src/doors/mail/reply-codes.ts';

const LIMITS = { messageBytes: 1_000, dataMs: 5_000 };

function streamOf(chunks: readonly (string | Uint8Array)[], end = true): SMTPServerDataStream {
  const stream = Object.assign(new PassThrough(), { byteLength: 0, sizeExceeded: false }) as SMTPServerDataStream;
  for (const chunk of chunks) stream.write(chunk);
  if (end) stream.end();
  return stream;
}

describe('receiveData', () => {
  it('keeps the bytes', async () => {
    const memory = openDataMemory(1_000, 1);
    const data = await receiveData(streamOf(['S: a\r', '\n\r\nb\r\n']), 'p', LIMITS, memory);
    expect(data).toEqual({ kind: 'complete', raw: Buffer.from('S: a\r\n\r\nb\r\n'), bytes: 11 });
  });

  it('refuses exactly the mails with a bare CR, LF or NUL, however they are cut', async () => {
    await assert(
      asyncProperty(
        array(constantFrom('\r', '\n', '\r\n', '\0', 'a', '.'), { maxLength: 12 }),
        integer({ min: 1, max: 4 }),
        async (parts, size) => {
          const text = `${parts.join('')}\r\n`;
          const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
          const data = await receiveData(streamOf(chunks), 'p', LIMITS, openDataMemory(1_000, 1));
          const bare = /\0|(?<!\r)\n|\r(?!\n)/.test(text);
          expect(data.kind).toBe(bare ? 'refused' : 'complete');
        },
      ),
    );
  });

  it('refuses what is too large by a byte', async () => {
    const exact = await receiveData(streamOf(['x'.repeat(1_000)]), 'p', LIMITS, openDataMemory(5_000, 1));
    expect(exact.kind).toBe('complete');
    const more = await receiveData(streamOf(['x'.repeat(1_001)]), 'p', LIMITS, openDataMemory(5_000, 1));
    expect(more).toEqual({ kind: 'refused', reply: REPLIES.tooLarge });
  });

  it('is lost where the connection dies, and holds no memory then', async () => {
    const memory = openDataMemory(100, 1);
    const stream = streamOf(['x'.repeat(80)], false);
    setTimeout(() => stream.destroy(new Error('reset')), 5);
    expect(await receiveData(stream, 'p', LIMITS, memory)).toEqual({ kind: 'lost' });
    expect(memory.take('p', 100)).toBe(true);
  });

  it('has a deadline', async () => {
    const memory = openDataMemory(100, 1);
    const data = await receiveData(streamOf(['x'], false), 'p', { ...LIMITS, dataMs: 20 }, memory);
    expect(data).toEqual({ kind: 'refused', reply: REPLIES.dataTooSlow });
    expect(memory.take('p', 100)).toBe(true);
  });
});

describe('openDataMemory', () => {
  it('gives one peer its share, and all together no more than there is', () => {
    const memory = openDataMemory(100, 0.5);
    expect(memory.take('a', 50)).toBe(true);
    expect(memory.take('a', 1)).toBe(false);
    expect(memory.take('b', 40)).toBe(true);
    expect(memory.take('c', 11)).toBe(false);
    memory.give('a', 50);
    expect(memory.take('c', 50)).toBe(true);
  });
});
