// Serves metrics. In: a registry; out: `/metrics` on a separate listener, with Node's own metrics (event-loop lag, memory,
// CPU) added. It refuses other paths and methods, but has no authentication, so the listener must not be public.
import { createServer } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Log } from '../../flow/ports/log.ts';
import { listen, type ListenAddress } from '../listen.ts';

export interface MetricsListener {
  readonly address: ListenAddress;
  close(): Promise<void>;
}

/** Port 0 means any free port. Throws `config-invalid` if the address cannot be used. */
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
        log.error({ err: error }, 'metrics could not be read');
        response.writeHead(500).end();
      },
    );
  });
  const address = await listen(server, { host, port }, 'METRICS_LISTEN');
  // Without an error listener, a connection that cannot be accepted would end the process.
  server.on('error', (error) => log.debug({ err: error }, 'metrics listener error'));
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
