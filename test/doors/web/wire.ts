// HTTP as bytes on a socket: for requests that no client would send.
import { connect } from 'node:net';

/** Sends the bytes, reads until the server closes (or `patience` ms pass) and gives back all it said. */
export function speak(port: number, bytes: string | Uint8Array, patience = 1500): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const said: Buffer[] = [];
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(said).toString('utf8'));
    };
    const timer = setTimeout(end, patience);
    socket.on('data', (data: Buffer) => said.push(data));
    socket.on('end', () => {
      clearTimeout(timer);
      end();
    });
    // A server that has answered may reset what it did not read.
    socket.on('error', (error) => (said.length > 0 ? end() : reject(error)));
  });
}

/** Something to wait for until a test opens it. */
export function makeGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const doors: (() => void)[] = [];
  const opened = new Promise<void>((resolve) => doors.push(resolve));
  return { opened, open: () => doors.forEach((door) => door()) };
}
