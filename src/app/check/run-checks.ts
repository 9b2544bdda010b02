// `imip-gateway check`: the whole chain, link by link, in the order in which a mail or an answer travels it. In: the
// environment, an organizer, an address; out: each link as soon as it is known. It changes nothing that stays, but a mark.
import { hostnameOf, submissionOptions } from '../config/adapter-options.ts';
import type { Config } from '../config/config.ts';
import { openOutgoingMails } from '../../flow/outbound/outgoing-mail.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import type { Ledger } from '../../flow/ports/spool.ts';
import { type SignedNames, signedNames } from './ask-recipients.ts';
import { checkCaldav } from './check-caldav.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkCertificate, checkDoor } from './check-doors.ts';
import { checkDkim, checkDmarc, checkSpf } from './check-mail-domains.ts';
import { checkMx } from './check-mx.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSettings } from './check-settings.ts';
import { checkSending, checkSubmission } from './check-submission.ts';
import { checkWeb } from './check-web.ts';
import { tryLink } from './link.ts';
import { openCheckDns } from './look-up.ts';
import type { Link, Tell } from './types.ts';

export interface CheckOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** In whose calendar the probe event is written; null: none is. */
  readonly organizer: CalendarAddress | null;
  /** Whom a real mail is sent; null: nobody. */
  readonly sendTo: CalendarAddress | null;
  readonly now: () => number;
  /** Of MX hosts: 25, but for tests. */
  readonly mxPort?: number;
}

/** Never rejects for what a link finds. All of them, in order; `tell` hears each when it is known. */
export async function runChecks(options: CheckOptions, tell: Tell): Promise<readonly Link[]> {
  const links: Link[] = [];
  const add: Tell = (link) => {
    links.push(link);
    tell(link);
  };
  const { link, config } = await checkSettings(options.environment);
  add(link);
  if (config === null) return links;
  const database = await checkDatabase(config.databaseUrl, options.now);
  add(database.link);
  try {
    await checkInside(options, config, database.ledger, add);
  } finally {
    await database.close();
  }
  await checkSubmitting(options, config, add);
  await checkMailIn(options, config, add);
  add(await checkWeb(config));
  return links;
}

async function checkInside(options: CheckOptions, config: Config, ledger: Ledger | null, add: Tell): Promise<void> {
  add(await tryLink('secrets', () => checkSecrets(config, ledger), 'mend the database first'));
  const { serverTime } = await checkCaldav(config, options.organizer, options.now, add);
  const newest = await ledger?.recent(1).catch(() => []);
  add(checkClock({ now: options.now(), newestRecord: newest?.[0]?.at ?? null, server: serverTime }));
}

/** Mail out: the relay, and what receivers look up about us. */
async function checkSubmitting({ organizer, sendTo, now }: CheckOptions, config: Config, add: Tell): Promise<void> {
  const { replyDomain, invitationFromEmail, secrets: ring } = config;
  const bounceDomain = config.bounceDomain ?? replyDomain;
  const hostname = replyDomain ?? bounceDomain ?? hostnameOf(config);
  add(await checkSubmission(config));
  const mailOptions = { ring, makeId: makeIds(), hostname, bounceDomain, replyDomain, invitationFromEmail };
  add(await checkSending(config, openOutgoingMails(mailOptions), sendTo, now));
  const from = domainOf(invitationFromEmail) ?? replyDomain ?? domainOf(organizer?.asWritten ?? null);
  if (from === null) return;
  const dns = openCheckDns(config.dnsServers);
  try {
    const bounce = bounceDomain ?? from;
    add(await checkSpf(bounce, new URL(config.smtpUrl).hostname, dns));
    add(await tryLink('DKIM', async () => checkDkim((await submissionOptions(config)).dkim, dns), 'mend DKIM_KEY'));
    add(await checkDmarc({ from, bounce, dkim: config.dkimDomain }, dns));
  } finally {
    dns.close();
  }
}

/** Mail in: our doors, and the way to them from outside. */
async function checkMailIn({ now, mxPort = 25 }: CheckOptions, config: Config, add: Tell): Promise<void> {
  const { replyDomain, bounceDomain, secrets: ring } = config;
  const names: SignedNames | null =
    replyDomain !== null
      ? signedNames(ring, 'replies', replyDomain, now())
      : bounceDomain !== null
        ? signedNames(ring, 'bounces', bounceDomain, now())
        : null;
  const doors = [await checkDoor(config, 'smtp', names), await checkDoor(config, 'lmtp', names)];
  for (const { link } of doors) add(link);
  add(checkCertificate(config, now()));
  const dns = openCheckDns(config.dnsServers);
  try {
    const doorIsOpen = doors.some(({ link }) => link.status === 'ok');
    const common = { ring, dns, hostname: hostnameOf(config), port: mxPort, now: now(), doorIsOpen };
    add(await checkMx({ ...common, what: 'replies', domain: replyDomain }));
    if (bounceDomain !== null && bounceDomain !== replyDomain) {
      add(await checkMx({ ...common, what: 'bounces', domain: bounceDomain }));
    }
  } finally {
    dns.close();
    for (const door of doors) await door.close();
  }
}

function domainOf(address: string | null): string | null {
  return address?.slice(address.lastIndexOf('@') + 1).toLowerCase() ?? null;
}
