// Checks what receivers look up about our mail: SPF of the envelope sender's domain, our DKIM key, and DMARC of From with
// its alignment (RFC 7489 §3.1). In: domains and DNS; out: results, each with the DNS record to publish.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { spf } from 'mailauth';
import { isAligned, lookUpDmarc } from '../../adapters/authenticate/dmarc.ts';
import type { SubmissionOptions } from '../../adapters/submission/open-submission.ts';
import { type CheckDns, localAddresses } from './check-dns.ts';
import { catchFailure, type CheckResult, failed, ok, skipped, warning } from './check-result.ts';

const REPAIR_DNS = 'set DNS_SERVERS to resolvers that answer, or repair those of this machine';

/** @param relayHost the host of SMTP_URL. Receivers see its address if it delivers mail itself. */
export async function checkSpf(domain: string, relayHost: string, dns: CheckDns): Promise<CheckResult> {
  const name = 'SPF';
  return catchFailure(
    name,
    async () => {
      const records = (await dns.txt(domain)).filter((text) => /^v=spf1(?:\s|$)/i.test(text));
      const publish = `${domain}. TXT "v=spf1 a:${isIP(relayHost) === 0 ? relayHost : domain} -all"   (name the servers that send for you)`;
      const [record] = records;
      if (record === undefined) {
        return failed(name, `${domain}, the domain of our envelope senders, has no SPF record`, publish);
      }
      if (records.length > 1) {
        const finding = `${domain} has ${records.length} SPF records: receivers ignore them all`;
        return failed(name, finding, 'keep one:', ...records);
      }
      if (/(?:^|\s)\+?all(?:\s|$)/i.test(record)) {
        return failed(name, `${domain} lets every server send: ${record}`, 'let the record end in -all');
      }
      return judgeRelay(name, domain, record, relayHost, dns);
    },
    REPAIR_DNS,
  );
}

async function judgeRelay(
  name: string,
  domain: string,
  record: string,
  relayHost: string,
  dns: CheckDns,
): Promise<CheckResult> {
  const addresses = (await localAddresses(relayHost)).filter((address) => !isPrivate(address));
  if (addresses.length === 0) {
    return ok(name, `${domain}: ${record}; make sure that it names the address from which your relay sends`);
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
  const tried = verdicts.map(({ ip, result }) => `${ip}: ${result}`).join(', ');
  const todo = `add the relay if it delivers mail itself: ${ip4or6(verdicts[0]?.ip ?? '')}`;
  return warning(name, `${domain}: ${record}; it does not name the relay ${relayHost} (${tried})`, todo);
}

function ip4or6(ip: string): string {
  return isIP(ip) === 6 ? `ip6:${ip}` : `ip4:${ip}`;
}

/** RFC 1918, RFC 4193, loopback and link-local addresses, which receivers never see. */
function isPrivate(address: string): boolean {
  return /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/i.test(address);
}

export async function checkDkim(dkim: SubmissionOptions['dkim'], dns: CheckDns): Promise<CheckResult> {
  const name = 'DKIM';
  if (dkim === null) return skipped(name, 'DKIM_KEY is not set: your relay must sign for the domain of From');
  return catchFailure(
    name,
    async () => {
      const { type, p } = publicKeyOf(dkim.key);
      const host = `${dkim.selector}._domainkey.${dkim.domain}`;
      const publish = `${host}. TXT "v=DKIM1; k=${type}; p=${p}"`;
      const records = (await dns.txt(host)).filter((text) => /(?:^|;)\s*p\s*=/i.test(text));
      const [record] = records;
      if (record === undefined) {
        return failed(name, `${host} has no key: our signatures fail`, 'publish it:', publish);
      }
      if (records.length > 1) return failed(name, `${host} has ${records.length} keys`, 'keep one:', publish);
      if (tagOf(record, 'p').replace(/\s+/g, '') !== p) {
        const finding = `the key at ${host} does not match DKIM_KEY: our signatures fail`;
        return failed(name, finding, 'publish this instead:', publish);
      }
      return ok(name, `the key at ${host} matches DKIM_KEY`);
    },
    'set DKIM_KEY to a private key in PEM, or correct DNS_SERVERS',
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

/** `bounce`: the domain that SPF checks. `dkim`: the domain that we sign for; null if the relay signs, for a domain unknown to us. */
export async function checkDmarc(
  domains: { readonly from: string; readonly bounce: string; readonly dkim: string | null },
  dns: CheckDns,
): Promise<CheckResult> {
  const name = 'DMARC';
  const { from, bounce, dkim } = domains;
  return catchFailure(
    name,
    async () => {
      const record = await lookUpDmarc(from, dns.lookUp);
      const bySpf = await isAligned(bounce, from, record?.strictSpf ?? false);
      const byDkim = dkim !== null && (await isAligned(dkim, from, record?.strictDkim ?? false));
      const aligned = [...(bySpf ? [`SPF (${bounce})`] : []), ...(byDkim ? [`DKIM (${dkim})`] : [])];
      if (record === null) {
        const publish = `_dmarc.${from}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@${from}"   (p=reject once everything passes)`;
        return warning(name, `${from}, the domain of From, has no DMARC record: anybody may send in its name`, publish);
      }
      const policy = `${from} has p=${record.policy}`;
      if (aligned.length > 0) return ok(name, `${policy}; From aligns by ${aligned.join(' and ')}`);
      const todo = `set BOUNCE_DOMAIN or DKIM_DOMAIN to ${from} or, unless alignment is strict, to a subdomain; or let the relay sign for it`;
      const unaligned = `${policy}; neither ${bounce} nor ${dkim ?? 'a DKIM domain of ours'} aligns with it`;
      return record.policy === 'none' || dkim === null ? warning(name, unaligned, todo) : failed(name, unaligned, todo);
    },
    REPAIR_DNS,
  );
}
