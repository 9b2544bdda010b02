// Makes a server listen. In: the server and an address; out: the address on which it listens. It refuses an address that is
// in use or not on this machine, with GatewayError `config-invalid`, which names the setting to change.
import type { AddressInfo, Server } from 'node:net';
import { GatewayError } from '../core/errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Port 0 means any free port. After the promise resolves, the caller must handle the server's errors. */
export function listen(server: Server, { host, port }: ListenAddress, setting: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const message = `${setting}: cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new GatewayError('config-invalid', message, { cause }));
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}
