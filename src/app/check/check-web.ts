// APP_URL: whether the links in our mails lead to this gateway. In: the settings; out: a link.
import { connect } from 'node:net';
import type { Config } from '../config/config.ts';
import { attention, failed, messageOf, ok, skipped } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'pages';
const TIMEOUT_MS = 10_000;

export async function checkWeb({ appUrl, httpListen }: Config): Promise<Link> {
  const url = `${appUrl.replace(/\/$/, '')}/healthz`;
  const listens = `${httpListen.host}:${httpListen.port}`;
  const fault = await ask(url);
  if (fault !== null) {
    if (!(await accepts(httpListen.host, httpListen.port))) {
      return skipped(NAME, `nothing listens on ${listens}: start the gateway and check again`);
    }
    return failed(
      NAME,
      `${url} does not lead to the gateway: ${fault}`,
      `let the proxy for APP_URL pass on to ${listens}`,
    );
  }
  if (url.startsWith('http:') && !/^http:\/\/(?:localhost|127\.|\[::1\])/.test(url)) {
    const todo = 'put a proxy with TLS before it and write https:// into APP_URL';
    return attention(NAME, `${appUrl} leads to the gateway, but its links go unencrypted`, todo);
  }
  return ok(NAME, `${appUrl} leads to the gateway`);
}

/** null: it is the gateway. */
async function ask(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    if (answer.status !== 200) return `HTTP ${answer.status}`;
    return text.trim() === '{"ok":true}' ? null : 'something else answers there';
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    return messageOf(cause ?? error);
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, end(false)).once('connect', end(true)).once('error', end(false));
  });
}
