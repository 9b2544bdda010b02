// Tests the harness: swaks sends mails to a private Postfix, which routes a reply domain to an SMTP or an LMTP door, queues
// mails that the door cannot accept yet, and accepts our submissions.
import { afterEach, describe, expect, it } from 'vitest';
import { openSubmission } from '../../../src/adapters/submission/open-submission.ts';
import { startCatcher } from '../../harness/catcher.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { lacks } from '../requirements.ts';
import { sendWithSwaks } from './swaks.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop();
});

function keep<T extends { stop(): Promise<void> }>(one: T): T {
  running.push(one);
  return one;
}

const raw =
  'From: guest@remote.test\nTo: r1@reply.example.com\nSubject: Accepted\nMessage-ID: <1@remote.test>\n\nyes\n';
const answer = { from: 'guest@remote.test', to: 'r1k1-abc@reply.example.com', raw };

describe.skipIf(lacks('postfix'))('Postfix', () => {
  it.each([
    ['SMTP', (port: number) => `smtp:[127.0.0.1]:${port}`],
    ['LMTP', (port: number) => `lmtp:inet:127.0.0.1:${port}`],
  ])('routes the reply domain to the %s door', async (protocol, transport) => {
    const door = keep(await startCatcher({ lmtp: protocol === 'LMTP' }));
    const postfix = keep(await startPostfix({ transports: { 'reply.example.com': transport(door.port) } }));
    const sent = await sendWithSwaks({ port: postfix.port, ...answer });
    expect(sent).toMatchObject({ status: 0 });
    const mail = await door.waitFor(() => true);
    expect(mail).toMatchObject({ from: 'guest@remote.test', to: ['r1k1-abc@reply.example.com'] });
    expect(mail.raw).toMatch(/^Received: [\s\S]*\r\n\r\nyes\r\n/);
    const elsewhere = await sendWithSwaks({ port: postfix.port, ...answer, to: 'x@elsewhere.test' });
    expect(elsewhere.dialogue).toContain('no such domain here');
  });

  it('queues an answer while the door is closed, and delivers it afterwards', async () => {
    const port = await freePort();
    const postfix = keep(await startPostfix({ transports: { 'reply.example.com': `smtp:[127.0.0.1]:${port}` } }));
    expect((await sendWithSwaks({ port: postfix.port, ...answer })).status).toBe(0);
    await waitFor('the deferral', async () => (await postfix.log()).includes('status=deferred'));
    expect(await postfix.queue()).toHaveLength(1);
    const door = keep(await startCatcher({ port }));
    await postfix.flush();
    expect((await door.waitFor(() => true)).to).toEqual([answer.to]);
    await waitFor('the empty queue', async () => (await postfix.queue()).length === 0);
  });

  it('accepts our submissions, and refuses what its policy forbids', async () => {
    const inbox = keep(await startCatcher());
    const postfix: Postfix = keep(
      await startPostfix({
        transports: {},
        relayhost: `[127.0.0.1]:${inbox.port}`,
        settings: [
          'smtpd_recipient_restrictions = check_recipient_access inline:{ { gone@remote.test = 550 5.1.1 gone } }',
        ],
      }),
    );
    const out = openSubmission({ url: postfix.smtpUrl, hostname: 'gateway.example.com', dkim: null });
    running.push({ stop: () => out.close() });
    const mail = {
      messageId: '<2@example.com>',
      mailFrom: 'b1@reply.example.com',
      rcptTo: 'jürgen@remote.test',
      raw: Buffer.from('From: alice@example.com\r\nSubject: Einladung\r\nMessage-ID: <2@example.com>\r\n\r\nGrüße\r\n'),
    };
    expect(await out.submit(mail)).toMatchObject({ kind: 'accepted', response: expect.stringContaining('queued as') });
    expect(await inbox.waitFor(() => true)).toMatchObject({ from: 'b1@reply.example.com', to: ['jürgen@remote.test'] });
    expect(inbox.mails()[0]?.raw).toContain('\r\n\r\nGrüße\r\n');
    expect(await out.submit({ ...mail, rcptTo: 'gone@remote.test' })).toMatchObject({ kind: 'refused', status: 550 });
  });
});
