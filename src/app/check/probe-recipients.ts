// Tests whether a mail server accepts two recipients, one that we signed and one that is forged, without sending a mail. The
// replies show whether mail for our domain reaches this gateway. In: a server and the two addresses; out: the two replies
// and the certificate for STARTTLS.
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import { makeIds } from '../../adapters/spool/new-id.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import { bounceAddress } from '../../core/signing/bounce-address.ts';
import { replyAddress } from '../../core/signing/reply-address.ts';
import {
  type DialogueOptions,
  openDialogue,
  type ShownCertificate,
  type SmtpDialogue,
  type SmtpReply,
} from './smtp-dialogue.ts';

export interface ProbeAddresses {
  readonly signed: string;
  readonly forged: string;
}

export interface RecipientReplies {
  readonly signed: SmtpReply;
  readonly forged: SmtpReply;
  /** null: the server does not offer STARTTLS. */
  readonly tls: ShownCertificate | null;
}

/**
 * Makes two reply or bounce addresses that no mail contains. Both have the same form, so that only a gateway with our keys
 * can distinguish them.
 */
export function makeProbeAddresses(
  ring: KeyRing,
  what: 'replies' | 'bounces',
  domain: string,
  now: number,
): ProbeAddresses {
  const id = makeIds()(now);
  const nobody = { key: `${id}@check.invalid`, asWritten: `${id}@check.invalid` };
  const signed =
    what === 'bounces'
      ? bounceAddress(ring, id, domain)
      : replyAddress(ring, { organizer: nobody, attendee: nobody }, domain).address;
  const mac = randomBytes(16)
    .toString('hex')
    .slice(0, 26)
    .replace(/[0189]/g, 'q');
  return { signed, forged: signed.replace(/-[a-z2-7]{26}@/, `-${mac}@`) };
}

export async function probeRecipients(options: {
  readonly host: string;
  readonly port: number;
  readonly addresses: ProbeAddresses;
  readonly kind: 'smtp' | 'lmtp';
  /** Our name in EHLO. */
  readonly hostname: string;
  /** The name that the certificate must have; STARTTLS is not tried if omitted. */
  readonly tlsName?: string;
  readonly timeoutMs?: number;
}): Promise<RecipientReplies> {
  const { host, port, addresses, kind, hostname, tlsName, timeoutMs = 15_000 } = options;
  const server: DialogueOptions = { host, port, timeoutMs };
  const dialogue = await openDialogue(server);
  try {
    expectCode(server, 'the connection', dialogue.greeting, 220);
    const hello = kind === 'lmtp' ? 'LHLO' : 'EHLO';
    const offers = expectCode(server, hello, await dialogue.send(`${hello} ${hostname}`), 250);
    let tls: ShownCertificate | null = null;
    if (tlsName !== undefined && offers.lines.some((line) => line.toUpperCase() === 'STARTTLS')) {
      tls = await dialogue.startTls(tlsName);
      expectCode(server, hello, await dialogue.send(`${hello} ${hostname}`), 250);
    }
    expectCode(server, 'MAIL FROM:<>', await dialogue.send('MAIL FROM:<>'), 250);
    return { ...(await sendRecipients(dialogue, addresses)), tls };
  } finally {
    dialogue.close();
  }
}

async function sendRecipients(dialogue: SmtpDialogue, addresses: ProbeAddresses) {
  const replies = {
    signed: await dialogue.send(`RCPT TO:<${addresses.signed}>`),
    forged: await dialogue.send(`RCPT TO:<${addresses.forged}>`),
  };
  await dialogue.send('RSET');
  return replies;
}

function expectCode({ host, port }: DialogueOptions, what: string, reply: SmtpReply, code: number): SmtpReply {
  if (reply.code === code) return reply;
  throw new GatewayError('smtp-refused', `${host}:${port} answers ${what} with ${reply.code} ${reply.text}`, {
    temporary: true,
  });
}
