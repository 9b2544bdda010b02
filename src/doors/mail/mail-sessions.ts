// Handles the steps of an SMTP or LMTP session. In: smtp-server's callbacks; out: replies. It refuses clients over their
// limits, recipients that are not ours, and mails that cannot be stored. No promise here may reject, because smtp-server
// does not catch rejections, and the process would end.
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerEnvelope, SMTPServerSession } from 'smtp-server';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../flow/ports/log.ts';
import type { PeerFacts, ReceivedMail } from '../../core/message/types.ts';
import type { MailDoorLimits } from './limits.ts';
import type { Peers } from './peers.ts';
import { type MemoryBudget, receiveData } from './receive-data.ts';
import { foldDomain } from '../../core/signing/recipient-policy.ts';
import { REPLIES, type Reply } from './reply-codes.ts';

export interface MailSessionsOptions {
  readonly kind: 'smtp' | 'lmtp';
  readonly receive: (mail: ReceivedMail) => Promise<void>;
  readonly acceptsRecipient: (address: string) => boolean;
  readonly peers: Peers;
  readonly memory: MemoryBudget;
  readonly limits: MailDoorLimits;
  readonly now: () => number;
  readonly log: Log;
}

/** Each step returns null to continue the session, or the reply that refuses it. */
export interface MailSessions {
  admit(session: SMTPServerSession): Promise<Reply | null>;
  beginMail(session: SMTPServerSession): Promise<Reply | null>;
  addRecipient(address: SMTPServerAddress, session: SMTPServerSession): Promise<Reply | null>;
  /** Returns one reply for all recipients, and how many times to send it. */
  receiveMail(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<{ reply: Reply; times: number }>;
}

interface SessionState {
  /** The address of the TCP connection, which XCLIENT does not change. */
  readonly peer: string;
  /** A `performance.now()` time. */
  readonly startedAt: number;
  unknownRecipients: number;
}

export function mailSessions(options: MailSessionsOptions): MailSessions {
  const { kind, receive, acceptsRecipient, peers, memory, limits, now, log } = options;
  const states = new WeakMap<SMTPServerSession, SessionState>();
  // One entry per RCPT, including repeated ones: LMTP needs a reply for each, and smtp-server's own list has no duplicates.
  const recipients = new WeakMap<SMTPServerEnvelope, string[]>();

  function stateOf(session: SMTPServerSession): SessionState {
    const state = states.get(session) ?? {
      peer: session.remoteAddress,
      startedAt: performance.now(),
      unknownRecipients: 0,
    };
    states.set(session, state);
    return state;
  }

  function peerFacts(session: SMTPServerSession): PeerFacts {
    const { peer } = stateOf(session);
    const relayedHelo = session.xClient.get('HELO');
    return {
      door: kind,
      address: session.remoteAddress,
      helo: typeof relayedHelo === 'string' ? relayedHelo : session.hostNameAppearsAs,
      tls: session.secure,
      trustedRelay: peers.isTrustedRelay(peer),
      xclient: typeof session.xClient.get('ADDR') === 'string',
    };
  }

  async function store(raw: Uint8Array, rcptTo: readonly string[], session: SMTPServerSession): Promise<Reply> {
    const { mailFrom } = session.envelope;
    const mail: ReceivedMail = {
      envelope: { mailFrom: mailFrom === false ? '' : foldDomain(mailFrom.address), rcptTo: [...new Set(rcptTo)] },
      peer: peerFacts(session),
      receivedAt: now(),
      raw,
    };
    try {
      await receive(mail);
      return REPLIES.accepted;
    } catch (error) {
      log.error({ err: error }, 'mail not accepted');
      return error instanceof GatewayError && error.code === 'spool-full'
        ? REPLIES.insufficientStorage
        : REPLIES.cannotAccept;
    }
  }

  return {
    async admit(session) {
      const { peer } = stateOf(session);
      if (await peers.hasGuessedTooOften(peer)) return REPLIES.tooManyUnknownRecipients;
      if (peers.hasTooManyConnections(peer)) return REPLIES.tooManyConnections;
      return (await peers.allows('connection', peer)) ? null : REPLIES.rateLimited;
    },
    async beginMail(session) {
      const { peer, startedAt } = stateOf(session);
      if (performance.now() - startedAt > limits.sessionMs) return REPLIES.sessionTooLong;
      return (await peers.allows('mail', peer)) ? null : REPLIES.rateLimited;
    },
    async addRecipient({ address }, session) {
      const accepted = recipients.get(session.envelope) ?? [];
      recipients.set(session.envelope, accepted);
      if (accepted.length >= limits.recipients) return REPLIES.tooManyRecipients;
      const folded = foldDomain(address);
      if (acceptsRecipient(folded)) {
        accepted.push(folded);
        return null;
      }
      const state = stateOf(session);
      state.unknownRecipients += 1;
      const tooOften = !(await peers.allows('unknown-recipient', state.peer));
      const tooMany = peers.isUntrusted(state.peer) && state.unknownRecipients > limits.unknownRecipients;
      return tooOften || tooMany ? REPLIES.tooManyUnknownRecipients : REPLIES.unknownRecipient;
    },
    async receiveMail(stream, session) {
      const { peer } = stateOf(session);
      const rcptTo = recipients.get(session.envelope) ?? [];
      const times = kind === 'lmtp' ? rcptTo.length : 1;
      const data = await receiveData(stream, peer, limits, memory);
      if (data.kind === 'refused') return { reply: data.reply, times };
      // The client has disconnected, so this reply is never sent.
      if (data.kind === 'disconnected') return { reply: REPLIES.cannotAccept, times };
      const reply = await store(data.raw, rcptTo, session);
      memory.release(peer, data.bytes);
      return { reply, times };
    },
  };
}
