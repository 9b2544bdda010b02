// Debian's Postfix, configured as in the README, routes the reply domain to the SMTP and the LMTP door.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerMail, changedLines } from '../../harness/answers.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { type Loop, REPLY_DOMAIN, startLoop } from '../../harness/loop.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { startRadicale } from '../caldav/radicale.ts';
import { lacks } from '../requirements.ts';
import { sendWithSwaks } from './swaks.ts';

const organizer = 'alice@example.com';
const bob = 'bob@remote.test';
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** Returns the README's line with that setting, with our ports. */
function fromReadme(pattern: RegExp, port: number): string {
  const found = pattern.exec(readme)?.[0];
  if (found === undefined) throw new Error(`the README has no ${pattern}`);
  return found.replace(/:(2525|2424) \}/, `:${port} }`);
}

describe.skipIf(lacks('radicale', 'postfix'))('through Postfix, as the README says', () => {
  let radicale: CalendarServer;
  let loop: Loop;
  const running: Postfix[] = [];

  beforeAll(async () => {
    radicale = await startRadicale();
    loop = await startLoop(radicale);
  });
  afterAll(async () => {
    for (const postfix of running) await postfix.stop();
    await loop?.stop();
    await radicale?.stop();
  });

  it.each([
    ['SMTP', /transport_maps = inline:\{ reply\.example\.com=smtp:\[127\.0\.0\.1\]:2525 \}/],
    ['LMTP', /transport_maps = inline:\{ reply\.example\.com=lmtp:inet:127\.0\.0\.1:2424 \}/],
  ] as const)(
    'an answer reaches the event by the %s door',
    async (door, route) => {
      const settings = [
        'relay_domains = reply.example.com',
        fromReadme(route, door === 'SMTP' ? loop.smtpPort : loop.lmtpPort),
        'relay_recipient_maps =',
      ];
      for (const setting of settings.filter((line) => !line.startsWith('transport_maps')))
        expect(readme).toContain(`\n${setting}\n`);
      const postfix = await startPostfix({ transports: {}, settings });
      running.push(postfix);

      const uid = `postfix-${door.toLowerCase()}@example.com`;
      const path = `${radicale.users.alice.calendar}${uid}.ics`;
      const text = meeting({ uid, organizer, attendees: [{ email: bob }, { email: 'carol@remote.test' }] });
      await radicale.putEvent(radicale.users.alice, path, text);
      const before = (await radicale.getEvent(radicale.users.alice, path))?.text ?? '';
      expect(await loop.callback({ sender: organizer, recipient: bob, method: 'REQUEST', calendar: text })).toBe(200);
      const invitation = await loop.invitation(bob, uid);
      expect(invitation.organizer.endsWith(`@${REPLY_DOMAIN}`)).toBe(true);

      const raw = answerMail({ attendee: bob, organizer: invitation.organizer, uid, partstat: 'ACCEPTED' });
      const sent = await sendWithSwaks({ port: postfix.port, from: bob, to: invitation.organizer, raw });
      expect(sent.status, sent.dialogue).toBe(0);
      expect(await loop.entry(uid, 'applied', 30_000)).toMatchObject({ door: door.toLowerCase() });
      const after = (await radicale.getEvent(radicale.users.alice, path))?.text ?? '';
      expect(changedLines(before, after)).toHaveLength(1);
    },
    60_000,
  );

  it('is bounced by Postfix if the gateway did not sign its recipient', async () => {
    const [postfix] = running;
    if (postfix === undefined) throw new Error('Postfix is not running');
    await sendWithSwaks({ port: postfix.port, from: bob, to: `guess@${REPLY_DOMAIN}`, raw: 'Subject: x\r\n\r\nx\r\n' });
    await waitFor('the refusal', async () =>
      /to=<guess@reply\.example\.com>.*dsn=5\.1\.1.*status=bounced/.test(await postfix.log()),
    );
    expect(await postfix.log()).toContain('550 5.1.1');
  }, 30_000);
});
