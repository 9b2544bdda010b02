// Checks APP_URL. In: a Config; out: whether the links in our mails lead to this gateway.
import { connect } from 'node:net';
import type { Config } from '../config/config.ts';
import { type CheckResult, failed, messageOf, ok, skipped, warning } from './check-result.ts';

const NAME = 'pages';
const TIMEOUT_MS = 10_000;

export async function checkWeb({ appUrl, httpListen }: Config): Promise<CheckResult> {
  const url = `${appUrl.replace(/\/$/, '')}/healthz`;
  const listen = `${httpListen.host}:${httpListen.port}`;
  const fault = await findFault(url);
  if (fault !== null) {
    if (!(await acceptsConnections(httpListen.host, httpListen.port))) {
      return skipped(NAME, `nothing listens on ${listen}: start the gateway and check again`);
    }
    return failed(
      NAME,
      `${url} does not lead to the gateway: ${fault}`,
      `let the proxy for APP_URL forward requests to ${listen}`,
    );
  }
  if (url.startsWith('http:') && !/^http:\/\/(?:localhost|127\.|\[::1\])/.test(url)) {
    const todo = 'put a proxy with TLS in front of it, and use https:// in APP_URL';
    return warning(NAME, `${appUrl} leads to the gateway, but without encryption`, todo);
  }
  return ok(NAME, `${appUrl} leads to the gateway`);
}

/** Returns null if the gateway answers at the URL. */
async function findFault(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (response.status !== 200) return `HTTP ${response.status}`;
    return text.trim() === '{"ok":true}' ? null : 'another server answers';
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    return messageOf(cause ?? error);
  }
}

function acceptsConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(2_000, settle(false)).once('connect', settle(true)).once('error', settle(false));
  });
}
