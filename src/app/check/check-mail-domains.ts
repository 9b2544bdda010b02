// What receivers look up about our mail: SPF of the envelope sender's domain, our DKIM key, DMARC of From and which of the
// two it aligns with (RFC 7489 §3.1). With each fault, the record to publish.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { spf } from 'mailauth';
import { isAligned, lookUpDmarc } from '../../adapters/authenticate/dmarc.ts';
import type { SubmissionOptions } from '../../adapters/submission/open-submission.ts';
import { attention, failed, ok, skipped, tryLink } from './link.ts';
import { type CheckDns, localAddresses } from './look-up.ts';
import type { Link } from './types.ts';

const DNS_REMEDY = 'set DNS_SERVERS to resolvers that answer, or mend those of this machine';

/** `relayHost`: of SMTP_URL. Its address is what receivers see, where it sends by itself. */
export async function checkSpf(domain: string, relayHost: string, dns: CheckDns): Promise<Link> {
  const name = 'SPF';
  return tryLink(
    name,
    async () => {
      const records = (await dns.txt(domain)).filter((text) => /^v=spf1(?:\s|$)/i.test(text));
      const publish = `${domain}. TXT "v=spf1 a:${isIP(relayHost) === 0 ? relayHost : domain} -all"   (name the servers that send for you)`;
      const [record] = records;
      if (record === undefined) return failed(name, `${domain}, of our envelope senders, has no SPF record`, publish);
      if (records.length > 1) {
        return failed(
          name,
          `${domain} has ${records.length} SPF records: receivers take neither`,
          'leave one',
          ...records,
        );
      }
      if (/(?:^|\s)\+?all(?:\s|$)/i.test(record)) {
        return failed(name, `${domain} lets the whole world send: ${record}`, 'end it in -all');
      }
      return judgeRelay(name, domain, record, relayHost, dns);
    },
    DNS_REMEDY,
  );
}

async function judgeRelay(
  name: string,
  domain: string,
  record: string,
  relayHost: string,
  dns: CheckDns,
): Promise<Link> {
  const addresses = (await localAddresses(relayHost)).filter((address) => !isPrivate(address));
  if (addresses.length === 0) {
    return ok(name, `${domain}: ${record}; see that it names the address from which your relay sends`);
  }
  const verdicts = await Promise.all(
    addresses.map(async (ip) => {
      const { status } = await spf({
        sender: `check@${domain}`,
        ip,
        helo: relayHost,
        mta: 'check',
        resolver: dns.lookUp,
      });
      return { ip, result: status.result };
    }),
  );
  if (verdicts.some(({ result }) => result === 'pass')) return ok(name, `${domain}: ${record}; it names the relay`);
  const said = verdicts.map(({ ip, result }) => `${ip}: ${result}`).join(', ');
  const todo = `add the relay where it sends by itself: ${ip4or6(verdicts[0]?.ip ?? '')}`;
  return attention(name, `${domain}: ${record}; it does not name the relay ${relayHost} (${said})`, todo);
}

function ip4or6(ip: string): string {
  return isIP(ip) === 6 ? `ip6:${ip}` : `ip4:${ip}`;
}

/** RFC 1918, RFC 4193, loopback and link-local: no receiver ever sees these. */
function isPrivate(address: string): boolean {
  return /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/i.test(address);
}

export async function checkDkim(dkim: SubmissionOptions['dkim'], dns: CheckDns): Promise<Link> {
  const name = 'DKIM';
  if (dkim === null) return skipped(name, 'DKIM_KEY is not set: your relay must sign for the domain of From');
  return tryLink(
    name,
    async () => {
      const { type, p } = publicKeyOf(dkim.key);
      const host = `${dkim.selector}._domainkey.${dkim.domain}`;
      const publish = [`${host}. TXT "v=DKIM1; k=${type}; p=${p}"`];
      const records = (await dns.txt(host)).filter((text) => /(?:^|;)\s*p\s*=/i.test(text));
      const [record] = records;
      if (record === undefined) return failed(name, `${host} has no key: our signatures fail`, 'publish:', ...publish);
      if (records.length > 1) return failed(name, `${host} has ${records.length} keys`, 'leave one:', ...publish);
      if (tagOf(record, 'p').replace(/\s+/g, '') !== p) {
        return failed(
          name,
          `${host} has another key than DKIM_KEY: our signatures fail`,
          'publish instead:',
          ...publish,
        );
      }
      return ok(name, `${host} has the key that we sign with`);
    },
    'mend DKIM_KEY (a private key in PEM), or DNS_SERVERS',
  );
}

/** RFC 6376 §3.6.1, RFC 8463 §4: RSA as SubjectPublicKeyInfo, Ed25519 as its 32 bytes. */
function publicKeyOf(pem: string): { type: string; p: string } {
  const key = createPublicKey(createPrivateKey(pem));
  const der = key.export({ type: 'spki', format: 'der' });
  if (key.asymmetricKeyType === 'ed25519') return { type: 'ed25519', p: der.subarray(-32).toString('base64') };
  return { type: 'rsa', p: der.toString('base64') };
}

function tagOf(record: string, tag: string): string {
  return new RegExp(`(?:^|;)\\s*${tag}\\s*=([^;]*)`, 'i').exec(record)?.[1]?.trim() ?? '';
}

/** `bounceDomain`: SPF's; `dkimDomain`: null where the relay signs, and we cannot know for whom. */
export async function checkDmarc(
  domains: { readonly from: string; readonly bounce: string; readonly dkim: string | null },
  dns: CheckDns,
): Promise<Link> {
  const name = 'DMARC';
  const { from, bounce, dkim } = domains;
  return tryLink(
    name,
    async () => {
      const record = await lookUpDmarc(from, dns.lookUp);
      const bySpf = await isAligned(bounce, from, record?.strictSpf ?? false);
      const byDkim = dkim !== null && (await isAligned(dkim, from, record?.strictDkim ?? false));
      const aligned = [...(bySpf ? [`SPF (${bounce})`] : []), ...(byDkim ? [`DKIM (${dkim})`] : [])];
      if (record === null) {
        const publish = `_dmarc.${from}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@${from}"   (p=reject once all is well)`;
        return attention(name, `${from}, of From, has no DMARC record: anybody may write in its name`, publish);
      }
      const said = `${from} has p=${record.policy}`;
      if (aligned.length > 0) return ok(name, `${said}; From aligns by ${aligned.join(' and ')}`);
      const todo = `set BOUNCE_DOMAIN or DKIM_DOMAIN to ${from} or, unless it is strict, a domain under it; or let the relay sign for it`;
      const unaligned = `${said}; neither ${bounce} nor ${dkim ?? 'a key of ours'} aligns with it`;
      return record.policy === 'none' || dkim === null
        ? attention(name, unaligned, todo)
        : failed(name, unaligned, todo);
    },
    DNS_REMEDY,
  );
}
