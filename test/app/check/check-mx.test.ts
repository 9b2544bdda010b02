// The check of the MX servers of the reply domain, with DNS and servers on loopback.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SMTPServer } from 'smtp-server';
import { checkMx, type MxOptions } from '../../../src/app/check/check-mx.ts';
import { openCheckDns } from '../../../src/app/check/check-dns.ts';
import { type DnsResponder, openDnsResponder } from '../../adapters/authenticate/dns-responder.ts';
import { openTestDoor, RING } from '../../doors/mail/mail-door-kit.ts';

const closing: (() => unknown)[] = [];
let responder: DnsResponder;

beforeAll(async () => {
  responder = await openDnsResponder({
    'reply.example.com': { MX: ['20 late.example.com', '10 mx.example.com'] },
    'mx.example.com': { A: ['127.0.0.1'] },
    'late.example.com': { A: ['127.0.0.1'] },
    'none.example.com': { TXT: ['nothing'] },
    'null.example.com': { MX: ['0 '] },
    'lost.example.com': { MX: ['10 nowhere.example.com'] },
    'two.example.com': { MX: ['10 mx.example.com', '20 dead.example.com'] },
    'dead.example.com': { A: ['127.0.0.2'] },
  });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => responder.close());

async function check(port: number, over: Partial<MxOptions> = {}) {
  const dns = openCheckDns([responder.server]);
  closing.push(() => dns.close());
  return checkMx({
    what: 'replies',
    domain: 'reply.example.com',
    ring: RING,
    dns,
    hostname: 'gateway.example.com',
    port,
    now: 1,
    doorIsOpen: true,
    ...over,
  });
}

/** Starts a mail server that gives this reply to RCPT; null: 250. */
async function startServer(rcpt: string | null): Promise<number> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) =>
      rcpt === null
        ? done()
        : done(Object.assign(new Error(rcpt.slice(4)), { responseCode: Number(rcpt.slice(0, 3)) })),
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('the check of the MX', () => {
  it('succeeds if the MX leads to our door, and warns if there is no TLS', async () => {
    const door = await openTestDoor();
    closing.push(() => door.close(0));
    const result = await check(door.address.port);
    expect(result).toMatchObject({
      status: 'warning',
      finding: expect.stringMatching(/mail reaches this gateway; it does not offer STARTTLS/),
    });
    const bounces = await check(door.address.port, { what: 'bounces', domain: 'reply.example.com' });
    expect(bounces).toMatchObject({ name: 'bounce MX', status: 'failed', finding: expect.stringContaining('550') });
    expect(door.mails).toEqual([]);
  });

  it.each([
    [
      'refuses signed addresses',
      '550 5.1.1 unknown',
      'failed',
      /refuses an address that we signed: 550/,
      /route the reply domain/,
    ],
    ['refuses for now', '451 4.7.1 greylisted', 'failed', /refuses our address for now: 451/, /greylisting/],
    ['accepts any address', null, 'warning', /accepts any address/, /reject_unverified_recipient/],
  ])('if the server %s', async (_case, rcpt, status, finding, todo) => {
    const result = await check(await startServer(rcpt));
    expect(result.status).toBe(status);
    expect(result.finding).toMatch(finding);
    expect(result.todo.join(' ')).toMatch(todo);
  });

  it.each([
    ['none.example.com', /has no MX record/, /none\.example\.com\. MX 10 gateway\.example\.com\./],
    ['unknown.example.com', /has no MX record/, /MX 10/],
    ['null.example.com', /null MX/, /MX 10/],
    ['lost.example.com', /nowhere\.example\.com, has no address/, /nowhere\.example\.com\. A/],
    ['two.example.com', /dead\.example\.com, does not respond: 127\.0\.0\.2:\d+: .*ECONNREFUSED/, /open port/],
  ])('fails by DNS: %s', async (domain, finding, todo) => {
    const result = await check(await startServer(null), { domain });
    expect(result.status).toBe('failed');
    expect(result.finding).toMatch(finding);
    expect(result.todo.join(' ')).toMatch(todo);
  });

  it('fails if the resolver fails', async () => {
    responder.failing.add('reply.example.com');
    const result = await check(1);
    responder.failing.clear();
    expect(result).toMatchObject({ status: 'failed', finding: expect.stringContaining('cannot look up MX') });
  });

  it('is skipped in own-domain mode', async () => {
    expect(await check(1, { domain: null })).toMatchObject({ status: 'skipped' });
  });
});
