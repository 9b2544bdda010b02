// Asks a mail server about two recipients, one that we signed just now and one that nobody did, and sends nothing. What it
// answers tells whether the way from there leads to this gateway. In: where; out: the two replies, and its STARTTLS.
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

export interface SignedNames {
  readonly signed: string;
  readonly guessed: string;
}

export interface RecipientAnswers {
  readonly signed: SmtpReply;
  readonly guessed: SmtpReply;
  /** null: STARTTLS is not offered. */
  readonly tls: ShownCertificate | null;
}

/**
 * An address at the domain of replies or of bounces, made for this check: no mail went out with it. The guessed one has
 * the same form, so that only who holds the keys can tell them apart.
 */
export function signedNames(ring: KeyRing, what: 'replies' | 'bounces', domain: string, now: number): SignedNames {
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
  return { signed, guessed: signed.replace(/-[a-z2-7]{26}@/, `-${mac}@`) };
}

export async function askRecipients(options: {
  readonly host: string;
  readonly port: number;
  readonly names: SignedNames;
  readonly kind: 'smtp' | 'lmtp';
  /** What we call ourselves. */
  readonly hostname: string;
  /** Try STARTTLS for this name; undefined: do not. */
  readonly tlsName?: string;
  readonly timeoutMs?: number;
}): Promise<RecipientAnswers> {
  const { host, port, names, kind, hostname, tlsName, timeoutMs = 15_000 } = options;
  const where: DialogueOptions = { host, port, timeoutMs };
  const dialogue = await openDialogue(where);
  try {
    demand(where, 'its greeting', dialogue.greeting, 220);
    const hello = kind === 'lmtp' ? 'LHLO' : 'EHLO';
    const offers = demand(where, hello, await dialogue.say(`${hello} ${hostname}`), 250);
    let tls: ShownCertificate | null = null;
    if (tlsName !== undefined && offers.lines.some((line) => line.toUpperCase() === 'STARTTLS')) {
      tls = await dialogue.startTls(tlsName);
      demand(where, hello, await dialogue.say(`${hello} ${hostname}`), 250);
    }
    demand(where, 'MAIL FROM:<>', await dialogue.say('MAIL FROM:<>'), 250);
    return { ...(await ask(dialogue, names)), tls };
  } finally {
    dialogue.close();
  }
}

async function ask(dialogue: SmtpDialogue, { signed, guessed }: SignedNames) {
  const answers = {
    signed: await dialogue.say(`RCPT TO:<${signed}>`),
    guessed: await dialogue.say(`RCPT TO:<${guessed}>`),
  };
  await dialogue.say('RSET');
  return answers;
}

function demand({ host, port }: DialogueOptions, what: string, reply: SmtpReply, code: number): SmtpReply {
  if (reply.code === code) return reply;
  throw new GatewayError('smtp-refused', `${host}:${port}: ${what} is ${reply.code} ${reply.text}`, {
    temporary: true,
  });
}
