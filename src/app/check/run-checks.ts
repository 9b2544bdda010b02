// `imip-gateway check`: checks every part of the set-up, in the order in which invitations and answers pass through them.
// In: the environment, an organizer and an address; out: each result as soon as there is one. Afterwards only a mark is
// left, in the database.
import { hostnameOf, submissionOptions } from '../config/adapter-options.ts';
import type { Config } from '../config/config.ts';
import { openOutgoingMails } from '../../flow/outbound/outgoing-mail.ts';
import type { CalendarAddress } from '../../core/ical/types.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import type { Ledger } from '../../flow/ports/spool.ts';
import { checkCaldav } from './check-caldav.ts';
import { checkClock } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { openCheckDns } from './check-dns.ts';
import { checkCertificate, checkDoor } from './check-doors.ts';
import { checkDkim, checkDmarc, checkSpf } from './check-mail-domains.ts';
import { checkMx } from './check-mx.ts';
import { catchFailure, type CheckResult, type Report } from './check-result.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSettings } from './check-settings.ts';
import { checkSending, checkSubmission } from './check-submission.ts';
import { checkTimeZones } from './check-time-zones.ts';
import { checkWeb } from './check-web.ts';
import { makeProbeAddresses, type ProbeAddresses } from './probe-recipients.ts';

export interface CheckOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The probe event is written into this person's calendar; null: no event is written. */
  readonly organizer: CalendarAddress | null;
  /** A real mail is sent to this address; null: no mail is sent. */
  readonly sendTo: CalendarAddress | null;
  readonly now: () => number;
  /** The port of MX hosts: 25, except in tests. */
  readonly mxPort?: number;
}

/** Reports each result, and returns them all in order. A check that fails does not stop the others, except for the settings. */
export async function runChecks(options: CheckOptions, report: Report): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const add: Report = (result) => {
    results.push(result);
    report(result);
  };
  const { result, config } = await checkSettings(options.environment);
  add(result);
  if (config === null) return results;
  const database = await checkDatabase(config.databaseUrl, options.now);
  add(database.result);
  try {
    await checkCalendarSide(options, config, database.ledger, add);
  } finally {
    await database.close();
  }
  await checkOutgoingMail(options, config, add);
  await checkIncomingMail(options, config, add);
  add(await checkWeb(config));
  return results;
}

async function checkCalendarSide(
  options: CheckOptions,
  config: Config,
  ledger: Ledger | null,
  add: Report,
): Promise<void> {
  add(await catchFailure('secrets', () => checkSecrets(config, ledger), 'repair the database first'));
  const { serverTime } = await checkCaldav(config, options.organizer, options.now, add);
  const newest = await ledger?.recent(1).catch(() => []);
  add(checkClock({ now: options.now(), newestEntry: newest?.[0]?.at ?? null, server: serverTime }));
  add(checkTimeZones(options.now()));
}

/** The relay, and what receivers look up about us. */
async function checkOutgoingMail({ organizer, sendTo, now }: CheckOptions, config: Config, add: Report): Promise<void> {
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
    const checkKey = async (): Promise<CheckResult> => checkDkim((await submissionOptions(config)).dkim, dns);
    add(await catchFailure('DKIM', checkKey, 'set DKIM_KEY to a file that the gateway can read'));
    add(await checkDmarc({ from, bounce, dkim: config.dkimDomain }, dns));
  } finally {
    dns.close();
  }
}

/** The mail doors, and whether mail from outside reaches them. */
async function checkIncomingMail({ now, mxPort = 25 }: CheckOptions, config: Config, add: Report): Promise<void> {
  const { replyDomain, bounceDomain, secrets: ring } = config;
  const addresses: ProbeAddresses | null =
    replyDomain !== null
      ? makeProbeAddresses(ring, 'replies', replyDomain, now())
      : bounceDomain !== null
        ? makeProbeAddresses(ring, 'bounces', bounceDomain, now())
        : null;
  const doors = [await checkDoor(config, 'smtp', addresses), await checkDoor(config, 'lmtp', addresses)];
  for (const { result } of doors) add(result);
  add(checkCertificate(config, now()));
  const dns = openCheckDns(config.dnsServers);
  try {
    const doorIsOpen = doors.some(({ result }) => result.status === 'ok');
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
