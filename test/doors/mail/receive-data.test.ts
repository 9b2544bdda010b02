// Receiving the bytes after DATA in chunks of any size.
import { PassThrough } from 'node:stream';
import { asyncProperty, assert, constantFrom, array, integer } from 'fast-check';
import type { SMTPServerDataStream } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import { openMemoryBudget, receiveData } from '../../../src/doors/mail/receive-data.ts';
import { REPLIES } from '../../../src/doors/mail/reply-codes.ts';

const LIMITS = { messageBytes: 1_000, dataMs: 5_000 };

function streamOf(chunks: readonly (string | Uint8Array)[], end = true): SMTPServerDataStream {
  const stream = Object.assign(new PassThrough(), { byteLength: 0, sizeExceeded: false }) as SMTPServerDataStream;
  for (const chunk of chunks) stream.write(chunk);
  if (end) stream.end();
  return stream;
}

describe('receiveData', () => {
  it('returns the bytes unchanged', async () => {
    const memory = openMemoryBudget(1_000, 1);
    const data = await receiveData(streamOf(['S: a\r', '\n\r\nb\r\n']), 'p', LIMITS, memory);
    expect(data).toEqual({ kind: 'complete', raw: Buffer.from('S: a\r\n\r\nb\r\n'), bytes: 11 });
  });

  it('refuses exactly the mails with a bare CR, LF or NUL, for any chunk size', async () => {
    await assert(
      asyncProperty(
        array(constantFrom('\r', '\n', '\r\n', '\0', 'a', '.'), { maxLength: 12 }),
        integer({ min: 1, max: 4 }),
        async (parts, size) => {
          const text = `${parts.join('')}\r\n`;
          const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
          const data = await receiveData(streamOf(chunks), 'p', LIMITS, openMemoryBudget(1_000, 1));
          const bare = /\0|(?<!\r)\n|\r(?!\n)/.test(text);
          expect(data.kind).toBe(bare ? 'refused' : 'complete');
        },
      ),
    );
  });

  it('refuses a mail that is one byte too large', async () => {
    const exact = await receiveData(streamOf(['x'.repeat(1_000)]), 'p', LIMITS, openMemoryBudget(5_000, 1));
    expect(exact.kind).toBe('complete');
    const more = await receiveData(streamOf(['x'.repeat(1_001)]), 'p', LIMITS, openMemoryBudget(5_000, 1));
    expect(more).toEqual({ kind: 'refused', reply: REPLIES.tooLarge });
  });

  it('releases the memory if the connection ends', async () => {
    const memory = openMemoryBudget(100, 1);
    const stream = streamOf(['x'.repeat(80)], false);
    setTimeout(() => stream.destroy(new Error('reset')), 5);
    expect(await receiveData(stream, 'p', LIMITS, memory)).toEqual({ kind: 'disconnected' });
    expect(memory.reserve('p', 100)).toBe(true);
  });

  it('refuses a mail after the deadline', async () => {
    const memory = openMemoryBudget(100, 1);
    const data = await receiveData(streamOf(['x'], false), 'p', { ...LIMITS, dataMs: 20 }, memory);
    expect(data).toEqual({ kind: 'refused', reply: REPLIES.dataTooSlow });
    expect(memory.reserve('p', 100)).toBe(true);
  });
});

describe('openMemoryBudget', () => {
  it('limits each client and all clients together', () => {
    const memory = openMemoryBudget(100, 0.5);
    expect(memory.reserve('a', 50)).toBe(true);
    expect(memory.reserve('a', 1)).toBe(false);
    expect(memory.reserve('b', 40)).toBe(true);
    expect(memory.reserve('c', 11)).toBe(false);
    memory.release('a', 50);
    expect(memory.reserve('c', 50)).toBe(true);
  });
});
