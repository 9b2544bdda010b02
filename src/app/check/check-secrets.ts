// GATEWAY_SECRETS: whether a key looks drawn by hand, and whether the reply addresses in mails that are out already still
// verify. A key that was lost turns every answer to those mails away.
import type { Config } from '../config/config.ts';
import { readReplyAddress } from '../../core/signing/reply-address.ts';
import type { Ledger } from '../../flow/ports/spool.ts';
import { attention, failed, ok } from './link.ts';
import type { Link } from './types.ts';

const NAME = 'secrets';
const NEWEST = 500;
const MOST_MAILINGS = 50;
/** 32 random bytes have this few different ones once in 10^20 times. */
const FEWEST_BYTES = 16;

/** `ledger`: null where it could not be opened. */
export async function checkSecrets(config: Config, ledger: Ledger | null): Promise<Link> {
  const { secrets, replyDomain } = config;
  const kids = secrets.map(({ kid }) => kid);
  const weak = secrets.find(({ secret }) => new Set(secret).size < FEWEST_BYTES);
  if (weak !== undefined) {
    const todo = 'make one with "imip-gateway secret", put it first, and keep the old one behind it';
    return attention(NAME, `the key ${weak.kid} was not drawn at random: whoever guesses it forges answers`, todo);
  }
  const lost = replyDomain === null || ledger === null ? null : await findLost(ledger, config, replyDomain);
  if (lost !== null) {
    return failed(
      NAME,
      `the mail ${lost} went out with a reply address that no key of GATEWAY_SECRETS signed: its answers get 550`,
      'put the old key back behind the new one: kid:base64 of the new one, comma, kid:base64 of the old one',
    );
  }
  const others = kids.length === 1 ? '' : `, ${kids.slice(1).join(' and ')} verify`;
  return ok(NAME, `the key ${kids[0]} signs${others}`);
}

/** The Message-ID of a mail whose reply address verifies no longer, among the newest. */
async function findLost(ledger: Ledger, { secrets }: Config, replyDomain: string): Promise<string | null> {
  const mailed = (await ledger.recent(NEWEST)).filter(({ verdict }) => verdict === 'mailed');
  const ids = new Set(mailed.flatMap(({ messageId }) => (messageId === null ? [] : [messageId])));
  for (const id of [...ids].slice(-MOST_MAILINGS)) {
    const mailing = await ledger.mailing(id);
    const address = /([^:\s<>"]+@[^:\s<>"]+)>?\s*$/.exec(mailing?.organizerAsMailed ?? '')?.[1] ?? '';
    const isReply = address.toLowerCase().endsWith(`@${replyDomain}`) && /^r1[a-z0-9]{1,8}-/i.test(address);
    if (isReply && readReplyAddress(secrets, address, replyDomain) === null) return id;
  }
  return null;
}
