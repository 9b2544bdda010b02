// A registry in, `/metrics` on a listener of its own out, with Node's own figures (event-loop lag, memory, CPU) added. It
// is not for the public: whoever may connect may read.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../flow/ports/log.ts';

export interface MetricsListener {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Port 0 picks one. Throws `config-invalid` where the address cannot be used. */
export async function openMetricsListener(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly log: Log;
}): Promise<MetricsListener> {
  const { host, port, registry, log } = options;
  collectDefaultMetrics({ register: registry });
  const server = createServer((request, response) => {
    const isScrape = request.url?.split('?', 1)[0] === '/metrics';
    if (!isScrape || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(isScrape ? 405 : 404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'the metrics cannot be read');
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new GatewayError('config-invalid', `METRICS_LISTEN: cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  // Unheard, a connection that could not be accepted would end the process.
  server.on('error', (error) => log.debug({ err: error }, 'metrics listener'));
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    address: { host: address, port: bound },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
