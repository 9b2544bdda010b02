// The captured mailbox as the gateway's relay.
import { afterEach, expect, it } from 'vitest';
import { type CapturedMail, type Mailbox, startMailbox } from '../../src/playground/mailbox.ts';
import { openSubmission } from '../../src/adapters/submission/open-submission.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.close();
});

async function start(): Promise<{ mailbox: Mailbox; send: (subject: string, size?: number) => Promise<string> }> {
  const mailbox = await startMailbox();
  const out = openSubmission({ url: mailbox.smtpUrl, hostname: 'gateway.example.com', dkim: null, timeoutMs: 5_000 });
  running.push(mailbox, out);
  const send = async (subject: string, size = 10): Promise<string> => {
    const head = `From: alice@example.com\r\nTo: guest@remote.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x.test>\r\n\r\n`;
    const raw = Buffer.from(`${head}${`${'x'.repeat(70)}\r\n`.repeat(size / 10)}`);
    const mail = { messageId: `<${subject}@x.test>`, mailFrom: 'b@example.com', rcptTo: 'guest@remote.test', raw };
    return (await out.submit(mail)).kind;
  };
  return { mailbox, send };
}

it('keeps mails raw and parsed, and notifies of each', async () => {
  const { mailbox, send } = await start();
  const notified: CapturedMail[] = [];
  const stop = mailbox.onMail((mail) => notified.push(mail));
  expect(await send('first')).toBe('accepted');
  stop();
  expect(await send('second')).toBe('accepted');
  expect(mailbox.mails().map(({ id, parsed }) => [id, parsed.subject])).toEqual([
    [1, 'first'],
    [2, 'second'],
  ]);
  expect(notified.map((mail) => mail.parsed.subject)).toEqual(['first']);
  expect(notified[0]).toMatchObject({ mailFrom: 'b@example.com', rcptTo: ['guest@remote.test'] });
  expect(notified[0]?.raw.toString()).toMatch(/^From: alice@example.com\r\n/);
});

it('refuses a mail that is too large', async () => {
  const { mailbox, send } = await start();
  expect(await send('huge', 1_000_000)).toBe('refused');
  expect(mailbox.mails()).toEqual([]);
});
