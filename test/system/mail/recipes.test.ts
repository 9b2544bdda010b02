// Runs the configurations of docs/mail-routing.md as written, with Debian's mail servers: an answer passes through each
// into the calendar. Only the ports are replaced.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedCaldav, startEmbeddedCaldav } from '../../../src/playground/embedded-caldav.ts';
import { answerMail } from '../../harness/answers.ts';
import { type CalendarServer, meeting } from '../../harness/calendar-server.ts';
import { type Loop, REPLY_DOMAIN, startLoop } from '../../harness/loop.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { type PrivateSystem, startPrivately } from './private-system.ts';
import { freePort } from '../../harness/free-port.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { lacks } from '../requirements.ts';
import { sendWithSwaks } from './swaks.ts';

const organizer = 'alice@example.com';
const bob = 'bob@remote.test';
const page = readFileSync(new URL('../../../docs/mail-routing.md', import.meta.url), 'utf8');

/** By headings (outermost first), then by path: the block without the line that names its file. */
function recipe(...headings: readonly string[]): Record<string, string> {
  let text = page;
  for (const [depth, heading] of headings.entries()) {
    const marks = '#'.repeat(depth + 2);
    const start = text.indexOf(`\n${marks} ${heading}\n`);
    if (start < 0) throw new Error(`the page has no section ${heading}`);
    const end = text.slice(start + 1).search(new RegExp(`\n#{2,${depth + 2}} `));
    text = end < 0 ? text.slice(start) : text.slice(start, start + 1 + end);
  }
  const own = headings.length === 1 ? text.replace(/\n### [\s\S]*/, '\n') : text;
  const blocks = own.matchAll(/```\w+\n# (\/\S+)\n([\s\S]*?)```/g);
  return Object.fromEntries([...blocks].map(([, path, block]) => [path ?? '', block ?? '']));
}

const withPort = (text: string, port: number): string =>
  text.replace(/:2525\b/g, `:${port}`).replace(/port = 2525/, `port = ${port}`);
const linesOf = (text: string | undefined): string[] => (text ?? '').trimEnd().split('\n');

describe('recipes', () => {
  let caldav: EmbeddedCaldav;
  let loop: Loop;
  const running: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    caldav = await startEmbeddedCaldav();
    caldav.addUser(organizer);
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
    await caldav?.close();
  });

  async function openLoop(settings: Record<string, string> = {}): Promise<Loop> {
    const server = { url: caldav.url, service: caldav.service, home: '/calendars/{email}/' } as CalendarServer;
    const opened = await startLoop(server, settings);
    running.unshift(opened);
    return opened;
  }

  async function invite(uid: string): Promise<string> {
    const text = meeting({ uid, organizer, attendees: [{ email: bob }] });
    caldav.putEvent(organizer, uid, text);
    expect(await loop.callback({ sender: organizer, recipient: bob, method: 'REQUEST', calendar: text })).toBe(200);
    return (await loop.invitation(bob, uid)).organizer;
  }

  async function send(port: number, to: string, raw: string | Uint8Array, protocol: 'SMTP' | 'LMTP' = 'SMTP') {
    return sendWithSwaks({ port, from: bob, to, raw, protocol });
  }

  async function expectApplied(uid: string, door: string): Promise<void> {
    expect(await loop.entry(uid, 'applied', 30_000)).toMatchObject({ door });
    expect(caldav.getEvent(organizer, uid)?.text).toContain('PARTSTAT=ACCEPTED');
  }

  async function expectDelivery(port: number, name: string, door: 'smtp' | 'lmtp'): Promise<void> {
    const uid = `${name}-${door}@example.com`;
    const to = await invite(uid);
    const sent = await send(port, to, answerMail({ attendee: bob, organizer: to, uid, partstat: 'ACCEPTED' }));
    expect(sent.status, sent.dialogue).toBe(0);
    await expectApplied(uid, door);
  }

  async function expectRefusal(port: number): Promise<void> {
    // From an address of no peer with special rights: 127.0.0.1 may relay.
    const stranger = { from: bob, to: `guess@${REPLY_DOMAIN}`, args: ['--local-interface', '127.1.0.1'] };
    const sent = await sendWithSwaks({ port, raw: 'Subject: x\r\n\r\nx\r\n', ...stranger });
    expect(sent.status, sent.dialogue).toBe(24);
    expect(sent.dialogue).toMatch(/550[ -]/);
  }

  describe('for a reply domain', () => {
    beforeAll(async () => {
      loop = await openLoop();
    });

    it.skipIf(lacks('postfix')).each(['smtp', 'lmtp'] as const)(
      'Postfix, %s',
      async (door) => {
        const byLmtp = /`(transport_maps = inline:[^`]*lmtp:[^`]*:)2424( \})`/.exec(page);
        const settings = linesOf(recipe('Postfix')['/etc/postfix/main.cf']).map((line) =>
          line.startsWith('transport_maps') && door === 'lmtp'
            ? `${byLmtp?.[1]}${loop.lmtpPort}${byLmtp?.[2]}`
            : withPort(line, loop.smtpPort),
        );
        const postfix = await startPostfix({
          transports: {},
          settings: [...settings, 'mynetworks = 127.0.0.0/16'],
        });
        running.unshift(postfix);
        await expectDelivery(postfix.port, 'postfix', door);
        await waitFor('an empty queue', async () => (await postfix.queue()).length === 0);
        await expectRefusal(postfix.port);
      },
      90_000,
    );

    it.skipIf(lacks('exim')).each(['smtp', 'lmtp'] as const)(
      'Exim, %s',
      async (door) => {
        const files = recipe('Exim');
        const transport = '/etc/exim4/conf.d/transport/30_imip-gateway';
        files[transport] =
          door === 'smtp'
            ? withPort(files[transport] ?? '', loop.smtpPort)
            : `${files[transport]?.replace('2525', String(loop.lmtpPort))}  protocol = lmtp\n`;
        const { port, exim } = await startExim(files);
        expect(exim.run('exim4 -bV')).toContain('Configuration file is /var/lib/exim4/config.autogenerated');
        await expectDelivery(port, 'exim', door);
        await expectEmptyQueue(exim);
        await expectRefusal(port);
      },
      90_000,
    );

    it.skipIf(lacks('opensmtpd')).each(['smtp', 'lmtp'] as const)(
      'OpenSMTPD, %s',
      async (door) => {
        const port = await freePort();
        const byLmtp = (text: string): string =>
          text.replace('relay host "smtp://127.0.0.1:2525"', `relay host "lmtp://127.0.0.1:${loop.lmtpPort}"`);
        expect(page).toContain('`relay host "lmtp://127.0.0.1:2424"`');
        const block = recipe('OpenSMTPD')['/etc/smtpd.conf'] ?? '';
        const rules = door === 'lmtp' ? byLmtp(block) : withPort(block, loop.smtpPort);
        const smtpd = await startPrivately(
          {
            packages: ['opensmtpd'],
            accounts: ['opensmtpd', 'opensmtpq'],
            files: { '/etc/smtpd.conf': `listen on 127.0.0.1 port ${port}\n${rules}` },
            prepare: ['mkdir -p /var/lib/opensmtpd/empty', '/usr/sbin/smtpd -n'],
            command: '/usr/sbin/smtpd -d',
          },
          () => answers(port),
        );
        running.unshift(smtpd);
        expect(smtpd.process.output()).toContain('configuration OK');
        await expectDelivery(port, 'opensmtpd', door);
        await waitFor('word of the delivery', async () => /mta delivery .* result="Ok"/.test(smtpd.process.output()));
        await expectRefusal(port);
      },
      90_000,
    );
  });

  describe('for own-domain mode', () => {
    const authservId = 'mx.example.net';

    beforeAll(async () => {
      loop = await openLoop({
        REPLY_DOMAIN: '',
        REPLY_RECIPIENTS: '@example.com',
        TRUSTED_RELAYS: '127.0.0.1',
        TRUSTED_AUTHSERV_IDS: authservId,
      });
    });

    /** The answer to the organizer's own address, with the Authentication-Results of the site. */
    function answerTo(uid: string): string {
      const raw = Buffer.from(answerMail({ attendee: bob, organizer, uid, partstat: 'ACCEPTED' })).toString('utf8');
      return `Authentication-Results: ${authservId}; dmarc=pass header.from=remote.test\r\n${raw}`;
    }

    const letter =
      'From: <bob@remote.test>\r\nMessage-ID: <letter@remote.test>\r\nSubject: Hello\r\n\r\nHow are you?\r\n';

    async function expectCopy(
      name: string,
      deliver: (raw: string) => Promise<{ status: number; dialogue: string }>,
    ): Promise<void> {
      const uid = `${name}-own@example.com`;
      expect(await invite(uid)).toBe(organizer);
      for (const raw of [letter, answerTo(uid)]) {
        const sent = await deliver(raw);
        expect(sent.status, sent.dialogue).toBe(0);
      }
      await expectApplied(uid, 'smtp');
      expect(await loop.gateway.ledger.entries('<letter@remote.test>', 10)).toEqual([]);
    }

    const expectInMailbox = (read: () => string): Promise<void> =>
      waitFor('both mails in the mailbox', async () => /METHOD:REPLY/.test(read()) && /How are you/.test(read()));

    const startSitePostfix = async (own: Record<string, string>): Promise<Postfix> => {
      const folder = await mkdtemp(join(tmpdir(), 'maps-'));
      running.push({ stop: () => rm(folder, { recursive: true }) });
      const map = '/etc/postfix/imip-answers.regexp';
      await writeFile(join(folder, 'regexp'), own[map] ?? '');
      const main = own['/etc/postfix/main.cf']?.replace(map, join(folder, 'regexp')) ?? '';
      const settings = linesOf(withPort(main, loop.smtpPort));
      const services = linesOf(own['/etc/postfix/master.cf']);
      // The catcher is alice's mailbox.
      const relayhost = `[127.0.0.1]:${loop.catcher.port}`;
      const postfix = await startPostfix({ transports: {}, relayhost, settings, services });
      running.unshift(postfix);
      return postfix;
    };

    it.skipIf(lacks('postfix'))(
      'Postfix',
      async () => {
        const postfix = await startSitePostfix(recipe('Own-domain mode', 'Postfix'));
        await expectCopy('postfix', (raw) => send(postfix.port, organizer, raw));
        const original = await loop.catcher.waitFor(
          ({ to, raw }) => to[0] === organizer && raw.includes('METHOD:REPLY'),
        );
        expect(original.from).toBe(bob);
      },
      60_000,
    );

    it.skipIf(lacks('exim'))(
      'Exim',
      async () => {
        const files = { ...recipe('Exim'), ...recipe('Own-domain mode', 'Exim') };
        const transport = '/etc/exim4/conf.d/transport/30_imip-gateway';
        files[transport] = withPort(files[transport] ?? '', loop.smtpPort);
        const { port, exim } = await startExim(files);
        await expectCopy('exim', (raw) => send(port, organizer, raw));
        await expectEmptyQueue(exim);
        await expectInMailbox(() => exim.run('cat /var/mail/alice'));
      },
      60_000,
    );

    it.skipIf(lacks('sieve'))(
      'Sieve',
      async () => {
        const own = recipe('Own-domain mode', 'Postfix');
        own['/etc/postfix/main.cf'] = linesOf(own['/etc/postfix/main.cf'])
          .filter((line) => !line.startsWith('recipient_bcc_maps'))
          .join('\n');
        const postfix = await startSitePostfix(own);
        const port = await freePort();
        const files = recipe('Own-domain mode', 'Sieve');
        const conf = '/etc/dovecot/conf.d/95-imip-answers.conf';
        files[conf] = files[conf]?.replace('127.0.0.1:25\n', `127.0.0.1:${postfix.port}\n`) ?? '';
        const dovecot = await startPrivately(
          {
            packages: [],
            accounts: ['alice'],
            files: { ...files, '/etc/dovecot/dovecot.conf': dovecotConfiguration(port) },
            prepare: ['sievec /etc/dovecot/imip-answers.sieve', 'mkdir -p /var/home && chown 64001:64001 /var/home'],
            command: 'dovecot -F',
          },
          () => answers(port),
        );
        running.unshift(dovecot);
        await expectCopy('sieve', (raw) => send(port, organizer, raw, 'LMTP'));
        await expectInMailbox(() => dovecot.run('cat /var/home/alice/Maildir/new/*'));
      },
      60_000,
    );
  });

  const expectEmptyQueue = (exim: PrivateSystem): Promise<void> =>
    waitFor('an empty queue', async () => exim.run('exim4 -bpc').trim() === '0', 10_000).catch((error: unknown) => {
      throw new Error(exim.run('cat /var/log/exim4/mainlog'), { cause: error });
    });

  async function startExim(files: Record<string, string>): Promise<{ port: number; exim: PrivateSystem }> {
    const port = await freePort();
    const debconf = `dc_eximconfig_configtype='internet'
dc_other_hostnames='example.com'
dc_local_interfaces='127.0.0.1'
dc_readhost=''
dc_relay_domains='reply.example.com'
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
`;
    const exim = await startPrivately(
      {
        packages: ['exim4'],
        accounts: ['Debian-exim', 'alice'],
        files: { ...files, '/etc/exim4/update-exim4.conf.conf': debconf },
        prepare: [
          'mkdir -p /var/lib/exim4 /var/spool/exim4 /var/log/exim4 /var/mail',
          'chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4',
          'chmod 1777 /var/mail',
          'update-exim4.conf',
        ],
        command: `exim4 -bdf -oX 127.0.0.1.${port}`,
      },
      () => answers(port),
    );
    running.unshift(exim);
    return { port, exim };
  }
});

/** Whether the server sends its greeting. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('data', (data: Buffer) => end(data.toString('latin1').startsWith('220')));
  });
}

function dovecotConfiguration(port: number): string {
  return `protocols = lmtp
listen = 127.0.0.1
ssl = no
log_path = /dev/stderr
mail_location = maildir:~/Maildir
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=64001 gid=64001 home=/var/home/%n
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
}
protocol lmtp {
  mail_plugins = sieve
}
!include conf.d/95-imip-answers.conf
`;
}
