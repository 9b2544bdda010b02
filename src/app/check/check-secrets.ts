// Checks GATEWAY_SECRETS: whether each key looks random, and whether the reply addresses in recent mails still verify. If a
// key was lost, the mail door refuses the answers to the mails that the key signed. In: a Config and the ledger; out: a result.
import type { Config } from '../config/config.ts';
import { readReplyAddress } from '../../core/signing/reply-address.ts';
import type { Ledger } from '../../flow/ports/spool.ts';
import { type CheckResult, failed, ok, warning } from './check-result.ts';

const NAME = 'secrets';
const NEWEST_ENTRIES = 500;
const MAX_MAILINGS = 50;
/** Only one in 10^20 random keys of 32 bytes has fewer different bytes. */
const MIN_DIFFERENT_BYTES = 16;

/** @param ledger null if the database cannot be opened. */
export async function checkSecrets(config: Config, ledger: Ledger | null): Promise<CheckResult> {
  const { secrets, replyDomain } = config;
  const kids = secrets.map(({ kid }) => kid);
  const weak = secrets.find(({ secret }) => new Set(secret).size < MIN_DIFFERENT_BYTES);
  if (weak !== undefined) {
    const todo = 'make a key with "imip-gateway secret", put it first, and keep the old key after it';
    return warning(NAME, `the key ${weak.kid} is not random: an attacker who guesses it can forge answers`, todo);
  }
  const lost = replyDomain === null || ledger === null ? null : await findUnverifiable(ledger, config, replyDomain);
  if (lost !== null) {
    return failed(
      NAME,
      `no key of GATEWAY_SECRETS verifies the reply address in the mail ${lost}: answers to it get 550`,
      'add the old key after the new one: kid:base64 of the new key, a comma, kid:base64 of the old key',
    );
  }
  const others =
    kids.length === 1 ? '' : `; ${kids.slice(1).join(' and ')} only ${kids.length === 2 ? 'verifies' : 'verify'}`;
  return ok(NAME, `the key ${kids[0]} signs and verifies${others}`);
}

/** Returns the Message-ID of a recent mail whose reply address no longer verifies, or null. */
async function findUnverifiable(ledger: Ledger, { secrets }: Config, replyDomain: string): Promise<string | null> {
  const mailed = (await ledger.recent(NEWEST_ENTRIES)).filter(({ verdict }) => verdict === 'mailed');
  const ids = new Set(mailed.flatMap(({ messageId }) => (messageId === null ? [] : [messageId])));
  for (const id of [...ids].slice(-MAX_MAILINGS)) {
    const mailing = await ledger.mailing(id);
    const address = /([^:\s<>"]+@[^:\s<>"]+)>?\s*$/.exec(mailing?.organizerAsMailed ?? '')?.[1] ?? '';
    const isReply = address.toLowerCase().endsWith(`@${replyDomain}`) && /^r1[a-z0-9]{1,8}-/i.test(address);
    if (isReply && readReplyAddress(secrets, address, replyDomain) === null) return id;
  }
  return null;
}
