// What the reply domain's servers say, and what it means. DNS and servers on loopback.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SMTPServer } from 'smtp-server';
import { checkMx, type MxOptions } from '../../../src/app/check/check-mx.ts';
import { openCheckDns } from '../../../src/app/check/look-up.ts';
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

/** A mail server that answers RCPT so. */
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

describe('the MX of the reply domain', () => {
  it('is right where it leads to a door of ours; that there is no TLS is said', async () => {
    const door = await openTestDoor();
    closing.push(() => door.close(0));
    const link = await check(door.address.port);
    expect(link).toMatchObject({
      status: 'attention',
      said: expect.stringMatching(/mail reaches this gateway; it offers no STARTTLS/),
    });
    const bounces = await check(door.address.port, { what: 'bounces', domain: 'reply.example.com' });
    expect(bounces).toMatchObject({ name: 'bounce MX', status: 'failed', said: expect.stringContaining('550') });
    expect(door.mails).toEqual([]);
  });

  it.each([
    [
      'refuses what we signed',
      '550 5.1.1 unknown',
      'failed',
      /refuses an address that we signed: 550/,
      /route the reply domain/,
    ],
    ['puts it off', '451 4.7.1 greylisted', 'failed', /does not take our address now: 451/, /greylisting ends/],
    ['takes anything', null, 'attention', /takes mail for any address/, /reject_unverified_recipient/],
  ])('where the server %s', async (_case, rcpt, status, said, todo) => {
    const link = await check(await startServer(rcpt));
    expect(link.status).toBe(status);
    expect(link.said).toMatch(said);
    expect(link.todo.join(' ')).toMatch(todo);
  });

  it.each([
    ['none.example.com', /has no MX record/, /none\.example\.com\. MX 10 gateway\.example\.com\./],
    ['unknown.example.com', /has no MX record/, /MX 10/],
    ['null.example.com', /null MX/, /MX 10/],
    ['lost.example.com', /nowhere\.example\.com, has no address/, /nowhere\.example\.com\. A/],
    ['two.example.com', /dead\.example\.com, does not talk to us: 127\.0\.0\.2:\d+: .*ECONNREFUSED/, /open port/],
  ])('where DNS says otherwise: %s', async (domain, said, todo) => {
    const link = await check(await startServer(null), { domain });
    expect(link.status).toBe('failed');
    expect(link.said).toMatch(said);
    expect(link.todo.join(' ')).toMatch(todo);
  });

  it('does not take a resolver that fails for "there is none"', async () => {
    responder.failing.add('reply.example.com');
    const link = await check(1);
    responder.failing.clear();
    expect(link).toMatchObject({ status: 'failed', said: expect.stringContaining('DNS does not say') });
  });

  it('is not asked for in own-domain mode', async () => {
    expect(await check(1, { domain: null })).toMatchObject({ status: 'skipped' });
  });
});
