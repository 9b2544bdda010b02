// Receives the bytes of one mail after DATA. In: smtp-server's stream; out: the complete mail or a refusal. It refuses a
// mail that is too large, has a bare CR, LF or NUL, takes too long, or exceeds the memory for mails being received.
import type { SMTPServerDataStream } from 'smtp-server';
import { REPLIES, type Reply } from './reply-codes.ts';

export interface DataLimits {
  readonly messageBytes: number;
  /** From 354 to the final dot. */
  readonly dataMs: number;
}

/** Limits the memory of mails between 354 and 250, for all clients together and for each client. */
export interface MemoryBudget {
  reserve(peer: string, bytes: number): boolean;
  release(peer: string, bytes: number): void;
}

export type ReceivedData =
  /** `bytes` stay reserved until the caller releases them. */
  | { readonly kind: 'complete'; readonly raw: Uint8Array; readonly bytes: number }
  | { readonly kind: 'refused'; readonly reply: Reply }
  /** The connection ended before the mail was complete. */
  | { readonly kind: 'disconnected' };

const NUL = 0;
const LF = 10;
const CR = 13;

/** @param share the fraction of `bytes` that one client may reserve. */
export function openMemoryBudget(bytes: number, share: number): MemoryBudget {
  const reserved = new Map<string, number>();
  let total = 0;
  return {
    reserve(peer, more) {
      const own = (reserved.get(peer) ?? 0) + more;
      if (total + more > bytes || own > bytes * share) return false;
      total += more;
      reserved.set(peer, own);
      return true;
    },
    release(peer, less) {
      const left = (reserved.get(peer) ?? 0) - less;
      total -= less;
      if (left > 0) reserved.set(peer, left);
      else reserved.delete(peer);
    },
  };
}

/** Never rejects. A refused mail is still read to its end, because the client expects the reply only after the final dot. */
export function receiveData(
  stream: SMTPServerDataStream,
  peer: string,
  limits: DataLimits,
  memory: MemoryBudget,
): Promise<ReceivedData> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let last = NUL;
  let refused: Reply | null = null;
  const refuse = (reply: Reply) => {
    memory.release(peer, bytes);
    chunks.length = 0;
    bytes = 0;
    refused = reply;
  };
  stream.on('data', (chunk: Buffer) => {
    if (refused !== null) return;
    if (hasBareCharacter(chunk, last)) refuse(REPLIES.bareCharacter);
    else if (bytes + chunk.length > limits.messageBytes) refuse(REPLIES.tooLarge);
    else if (!memory.reserve(peer, chunk.length)) refuse(REPLIES.insufficientStorage);
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
    // smtp-server destroys the stream with an error if the connection ends; `close` follows.
    stream.once('error', () => {});
    stream.once('close', () => {
      clearTimeout(deadline);
      if (!stream.readableEnded && refused !== REPLIES.dataTooSlow) {
        if (refused === null) refuse(REPLIES.cannotAccept);
        resolve({ kind: 'disconnected' });
      } else if (refused !== null) resolve({ kind: 'refused', reply: refused });
    });
  });
}

/**
 * Returns whether CR or LF occurs outside CRLF (RFC 5321 §2.3.8), or NUL anywhere. A bare CR or LF allows SMTP smuggling:
 * one server sees one mail, the next sees two.
 * @param last the byte before the chunk.
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
