// docs/callback-api.md: its examples run against a gateway and get the responses that the page shows; its table has every
// response of the callback; its output of `imip-gateway why` is what the ledger contains afterwards.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEntries } from '../../src/app/cli/describe-entries.ts';
import { requireConfig } from '../../src/app/config/config.ts';
import { openLog } from '../../src/app/log.ts';
import { type Gateway, makeSecret, startGateway } from '../../src/app/start-gateway.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { OpenHttp } from '../../src/doors/web/open-http.ts';
import { callbackReplies } from '../../src/doors/web/reply-codes.ts';
import { explain } from '../../src/flow/questions/explain.ts';
import { type EmbeddedCaldav, startEmbeddedCaldav } from '../../src/playground/embedded-caldav.ts';
import { makeFakes, startHttp } from '../doors/web/start-http.ts';
import { type Catcher, startCatcher } from '../harness/catcher.ts';
import { waitFor } from '../harness/wait-for.ts';

const page = await readFile(new URL('../../docs/callback-api.md', import.meta.url), 'utf8');
const API_KEY = 'change-me';
const UID = 'lunch-1@example.com';

interface Example {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly status: number;
  readonly response: string;
}

/** `-H 'Name: value'` or `Name: value`, one per line. */
function headersIn(text: string): Record<string, string> {
  const fields = [...text.matchAll(/^(?:\s*-H ')?([A-Za-z-]+): ([^'\n]*)/gm)];
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]));
}

/** A file that the page shows, or that a command of the page creates from zero bytes. */
function fileNamed(name: string): Uint8Array<ArrayBuffer> {
  const zeros = new RegExp(`^head -c (\\d+) /dev/zero >${name}$`, 'm').exec(page)?.[1];
  if (zeros !== undefined) return new Uint8Array(Number(zeros));
  const text = page.split(`Save this as \`${name}\`:\n\n\`\`\`ics\n`)[1]?.split('```')[0] ?? '';
  return new Uint8Array(Buffer.from(text));
}

const examples = [
  ...page.matchAll(/^curl -i http:\/\/127\.0\.0\.1:8080(\S+) ([^]*?)```\n\n```http\n([^]*?)```$/gm),
].map(
  ([, path = '', options = '', response = '']): Example => ({
    path,
    headers: headersIn(options),
    body: fileNamed(/--data-binary @(\S+)/.exec(options)?.[1] ?? ''),
    status: Number(/^HTTP\/1\.1 (\d+) /.exec(response)?.[1]),
    response,
  }),
);

/** The response with the headers that the page shows, and the body. */
function asShown(response: Response, body: string, shown: string): string {
  const names = Object.keys(headersIn(shown));
  const headers = names.map((name) => `${name}: ${response.headers.get(name)}\n`).join('');
  return `HTTP/1.1 ${response.status} ${response.statusText}\n${headers}\n${body}`;
}

const withoutTimesAndIds = (text: string): string =>
  text.replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME').replaceAll(/\b[a-z0-9]{26}\b/g, 'ID');

describe('the page about the callback', () => {
  let folder: string;
  let caldav: EmbeddedCaldav;
  let relay: Catcher;
  let gateway: Gateway;
  let fullDisk: OpenHttp & { readonly url: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'callback-api-'));
    [caldav, relay] = await Promise.all([startEmbeddedCaldav(), startCatcher()]);
    const settings = {
      GATEWAY_SECRETS: makeSecret(),
      DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
      HTTP_LISTEN: '127.0.0.1:0',
      SMTP_LISTEN: 'off',
      CALDAV_URL: caldav.url,
      CALDAV_OUTBOUND_API_KEY: caldav.apiKey,
      CALDAV_INBOUND_API_KEY: API_KEY,
      CALENDAR_ITIP_ENABLED: 'True',
      REPLY_DOMAIN: 'reply.example.com',
      SMTP_URL: relay.smtpUrl,
    };
    gateway = await startGateway(requireConfig(settings), openLog('silent'));
    const callback = async (): Promise<never> => {
      throw new GatewayError('spool-full', 'less than 64 MiB are free', { temporary: true });
    };
    fullDisk = await startHttp({ ...makeFakes(), callback }, { inboundApiKey: API_KEY });
  });
  afterAll(async () => {
    await Promise.all([gateway.stop(), fullDisk.close(100)]);
    await Promise.all([caldav.close(), relay.stop(), rm(folder, { recursive: true, force: true })]);
  });

  it('has an example for each status', () => {
    expect(examples.map(({ status }) => status)).toEqual([200, 200, 401, 400, 413, 503]);
    const spellings = examples.map(({ headers }) => Object.keys(headers).find((name) => name.endsWith('-Sender')));
    expect(new Set(spellings)).toEqual(new Set(['X-CalDAV-Sender', 'X-LS-Sender']));
  });

  it.each(examples)('$status $path', async ({ path, headers, body, status, response }) => {
    const server = status === 503 ? fullDisk.url : `http://${gateway.addresses.http}`;
    const given = await fetch(server + path, { method: 'POST', headers, body });
    expect(asShown(given, await given.text(), response)).toBe(response);
    // The page shows the mail before the repetition of the same message.
    if (status === 200) await waitFor('the outcome', async () => (await explain(gateway.ledger, UID)).length > 0);
  });

  it('shows what becomes of the messages', async () => {
    await waitFor('both outcomes', async () => (await explain(gateway.ledger, UID)).length === 2);
    const shown = page.split(`$ npx imip-gateway why ${UID}\n`)[1]?.split('\n```')[0] ?? '';
    const said = describeEntries(await explain(gateway.ledger, UID));
    expect(withoutTimesAndIds(said)).toBe(withoutTimesAndIds(shown));
    expect(relay.mails()).toHaveLength(1);
  });

  it('has every response in its table', () => {
    const rows = [...page.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)].map(([, status, sentence]) => [
      Number(status),
      sentence,
    ]);
    expect(rows).toEqual(Object.values(callbackReplies));
  });
});
