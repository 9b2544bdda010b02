// Mails signed with a real key, and the DNS records of that key.
import { generateKeyPairSync } from 'node:crypto';
import { dkimSign, sealMessage } from 'mailauth';
import type { PeerFacts, ReceivedMail } from '../../../src/core/message/types.ts';
import type { Zone } from './dns-responder.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const DNS_KEY = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

/** The key record of a domain under the selector `s1`. */
export function keyRecord(domain: string): Zone {
  return { [`s1._domainkey.${domain}`]: { TXT: [`v=DKIM1; k=rsa; p=${DNS_KEY}`] } };
}

export const RECEIVED_AT = Date.UTC(2026, 10, 22, 9);

export const DIRECT_PEER: PeerFacts = {
  door: 'smtp',
  address: '192.0.2.1',
  helo: 'mail.example.com',
  tls: true,
  trustedRelay: false,
  xclient: false,
};

/** A mail with these header lines and a constant body. */
export function mailText(...lines: string[]): string {
  const rest = ['To: <alice@example.com>', 'Subject: Accepted: Tea', 'Date: Sun, 22 Nov 2026 08:59:00 +0000'];
  return [...lines, ...rest, 'Message-ID: <1@example.com>', '', 'Yes.', ''].join('\r\n');
}

export interface SigningOptions {
  readonly domain: string;
  readonly headerList?: readonly string[];
  readonly maxBodyLength?: number;
  readonly algorithm?: string;
}

export async function sign(
  text: string,
  { domain, headerList, algorithm, maxBodyLength }: SigningOptions,
): Promise<string> {
  const { signatures, errors } = await dkimSign(text, {
    signTime: new Date(RECEIVED_AT - 60_000),
    // mailauth expects the names as one text, although its types say otherwise.
    ...(headerList === undefined ? {} : { headerList: headerList.join(':') }),
    ...(algorithm === undefined ? {} : { algorithm }),
    signatureData: [
      {
        signingDomain: domain,
        selector: 's1',
        privateKey: PEM,
        ...(maxBodyLength === undefined ? {} : { maxBodyLength }),
      },
    ],
  } as unknown as Parameters<typeof dkimSign>[1]);
  if (errors.length > 0) throw new Error(`not signed: ${JSON.stringify(errors)}`);
  return signatures + text;
}

/** Adds an ARC set of that sealer with these results. */
export async function seal(text: string, domain: string, authResults: string): Promise<string> {
  const headers = await sealMessage(text, {
    signingDomain: domain,
    selector: 's1',
    privateKey: PEM,
    authResults,
    cv: 'none',
  } as Parameters<typeof sealMessage>[1]);
  return headers.toString() + text;
}

export function received(text: string, facts: Partial<PeerFacts> & { mailFrom?: string } = {}): ReceivedMail {
  const { mailFrom = 'bob@example.com', ...peer } = facts;
  return {
    envelope: { mailFrom, rcptTo: ['reply@reply.example.com'] },
    peer: { ...DIRECT_PEER, ...peer },
    receivedAt: RECEIVED_AT,
    raw: Buffer.from(text),
  };
}
