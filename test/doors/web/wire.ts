// Sends HTTP as bytes on a socket, for requests that no client would send.
import { connect } from 'node:net';

/** Sends the bytes, reads until the server closes or the time is over, and returns everything received. */
export function sendBytes(port: number, bytes: string | Uint8Array, timeoutMs = 1500): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const received: Buffer[] = [];
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(received).toString('utf8'));
    };
    const timer = setTimeout(end, timeoutMs);
    socket.on('data', (data: Buffer) => received.push(data));
    socket.on('end', () => {
      clearTimeout(timer);
      end();
    });
    // A server that has responded may reset the connection if it has not read everything.
    socket.on('error', (error) => (received.length > 0 ? end() : reject(error)));
  });
}

/** A promise that a test resolves with `open`. */
export function makeGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const resolvers: (() => void)[] = [];
  const opened = new Promise<void>((resolve) => resolvers.push(resolve));
  return { opened, open: () => resolvers.forEach((resolve) => resolve()) };
}
