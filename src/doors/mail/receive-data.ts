// The bytes of one mail as they come in after DATA: kept whole, or refused for what can be seen without reading the mail:
// its size, a bare CR, LF or NUL, the time it takes, and how much of other mails is in memory already.
import type { SMTPServerDataStream } from 'smtp-server';
import { REPLIES, type Reply } from './reply-codes.ts';

export interface DataLimits {
  readonly messageBytes: number;
  /** From 354 to the final dot. */
  readonly dataMs: number;
}

/** What mails may hold in memory between 354 and 250, all together and of one peer. */
export interface DataMemory {
  take(peer: string, bytes: number): boolean;
  give(peer: string, bytes: number): void;
}

export type ReceivedData =
  /** `bytes` are taken from the memory until the caller gives them back. */
  | { readonly kind: 'complete'; readonly raw: Uint8Array; readonly bytes: number }
  | { readonly kind: 'refused'; readonly reply: Reply }
  /** The connection died first. */
  | { readonly kind: 'lost' };

const NUL = 0;
const LF = 10;
const CR = 13;

/** `share`: the part of `bytes` that one peer may hold. */
export function openDataMemory(bytes: number, share: number): DataMemory {
  const held = new Map<string, number>();
  let total = 0;
  return {
    take(peer, more) {
      const own = (held.get(peer) ?? 0) + more;
      if (total + more > bytes || own > bytes * share) return false;
      total += more;
      held.set(peer, own);
      return true;
    },
    give(peer, less) {
      const left = (held.get(peer) ?? 0) - less;
      total -= less;
      if (left > 0) held.set(peer, left);
      else held.delete(peer);
    },
  };
}

/** Never rejects. What is refused is read to its end all the same, so that the reply comes where the client expects it. */
export function receiveData(
  stream: SMTPServerDataStream,
  peer: string,
  limits: DataLimits,
  memory: DataMemory,
): Promise<ReceivedData> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let last = NUL;
  let refused: Reply | null = null;
  const refuse = (reply: Reply) => {
    memory.give(peer, bytes);
    chunks.length = 0;
    bytes = 0;
    refused = reply;
  };
  stream.on('data', (chunk: Buffer) => {
    if (refused !== null) return;
    if (hasBareCharacter(chunk, last)) refuse(REPLIES.bareCharacter);
    else if (bytes + chunk.length > limits.messageBytes) refuse(REPLIES.tooLarge);
    else if (!memory.take(peer, chunk.length)) refuse(REPLIES.noRoom);
    else {
      chunks.push(chunk);
      bytes += chunk.length;
      last = chunk.at(-1) ?? last;
    }
  });
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      refuse(REPLIES.dataTooSlow);
      stream.destroy();
    }, limits.dataMs);
    stream.once('end', () => {
      if (refused === null) resolve({ kind: 'complete', raw: Buffer.concat(chunks, bytes), bytes });
    });
    // smtp-server destroys the stream with an error where the connection dies; `close` follows.
    stream.once('error', () => {});
    stream.once('close', () => {
      clearTimeout(deadline);
      if (!stream.readableEnded && refused !== REPLIES.dataTooSlow) {
        if (refused === null) refuse(REPLIES.cannotAccept);
        resolve({ kind: 'lost' });
      } else if (refused !== null) resolve({ kind: 'refused', reply: refused });
    });
  });
}

/**
 * RFC 5321 §2.3.8: CR and LF only as CRLF. Who lets them pass alone may see one mail where the next relay sees two.
 * `last`: the byte before the chunk.
 */
function hasBareCharacter(chunk: Uint8Array, last: number): boolean {
  let before = last;
  for (let at = 0; at < chunk.length; at += 1) {
    const byte = chunk[at] as number;
    if (byte === NUL || (byte === LF) !== (before === CR)) return true;
    before = byte;
  }
  return false;
}
