// What a mail door does at each step of a session: whom it admits, which recipients it takes, when it says 250. Callbacks of
// smtp-server come in, replies go out; nothing here rejects, for smtp-server would take the process down with it.
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerEnvelope, SMTPServerSession } from 'smtp-server';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../flow/ports/log.ts';
import type { PeerFacts, ReceivedMail } from '../../core/message/types.ts';
import type { MailDoorLimits } from './limits.ts';
import type { Peers } from './peers.ts';
import { type DataMemory, receiveData } from './receive-data.ts';
import { foldDomain } from '../../core/signing/recipient-policy.ts';
import { REPLIES, type Reply } from './reply-codes.ts';

export interface MailSessionsOptions {
  readonly kind: 'smtp' | 'lmtp';
  readonly receive: (mail: ReceivedMail) => Promise<void>;
  readonly acceptsRecipient: (address: string) => boolean;
  readonly peers: Peers;
  readonly memory: DataMemory;
  readonly limits: MailDoorLimits;
  readonly log: Log;
}

/** Each step gives null where the session goes on, or what to refuse it with. */
export interface MailSessions {
  admit(session: SMTPServerSession): Promise<Reply | null>;
  beginMail(session: SMTPServerSession): Promise<Reply | null>;
  addRecipient(address: SMTPServerAddress, session: SMTPServerSession): Promise<Reply | null>;
  /** One reply for all recipients, and how often it is to be said. */
  receiveMail(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<{ reply: Reply; times: number }>;
}

interface SessionState {
  /** The TCP peer, whatever XCLIENT said later. */
  readonly peer: string;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  unknownRecipients: number;
}

export function mailSessions(options: MailSessionsOptions): MailSessions {
  const { kind, receive, acceptsRecipient, peers, memory, limits, log } = options;
  const states = new WeakMap<SMTPServerSession, SessionState>();
  // RCPT by RCPT, a repeated one too: LMTP answers each, and smtp-server's own list folds them.
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
    const passedHelo = session.xClient.get('HELO');
    return {
      door: kind,
      address: session.remoteAddress,
      helo: typeof passedHelo === 'string' ? passedHelo : session.hostNameAppearsAs,
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
      receivedAt: Date.now(),
      raw,
    };
    try {
      await receive(mail);
      return REPLIES.accepted;
    } catch (error) {
      log.error({ err: error }, 'mail not accepted');
      return error instanceof GatewayError && error.code === 'spool-full' ? REPLIES.noRoom : REPLIES.cannotAccept;
    }
  }

  return {
    async admit(session) {
      const { peer } = stateOf(session);
      if (await peers.isGuessing(peer)) return REPLIES.tooManyUnknownRecipients;
      if (peers.hasTooMany(peer)) return REPLIES.tooManyConnections;
      return (await peers.allows('connection', peer)) ? null : REPLIES.tooFast;
    },
    async beginMail(session) {
      const { peer, startedAt } = stateOf(session);
      if (performance.now() - startedAt > limits.sessionMs) return REPLIES.sessionTooLong;
      return (await peers.allows('mail', peer)) ? null : REPLIES.tooFast;
    },
    async addRecipient({ address }, session) {
      const named = recipients.get(session.envelope) ?? [];
      recipients.set(session.envelope, named);
      if (named.length >= limits.recipients) return REPLIES.tooManyRecipients;
      const folded = foldDomain(address);
      if (acceptsRecipient(folded)) {
        named.push(folded);
        return null;
      }
      const state = stateOf(session);
      state.unknownRecipients += 1;
      const tooOften = !(await peers.allows('unknown-recipient', state.peer));
      const tooMany = peers.isStranger(state.peer) && state.unknownRecipients > limits.unknownRecipients;
      return tooOften || tooMany ? REPLIES.tooManyUnknownRecipients : REPLIES.unknownRecipient;
    },
    async receiveMail(stream, session) {
      const { peer } = stateOf(session);
      const rcptTo = recipients.get(session.envelope) ?? [];
      const times = kind === 'lmtp' ? rcptTo.length : 1;
      const data = await receiveData(stream, peer, limits, memory);
      if (data.kind === 'refused') return { reply: data.reply, times };
      // Nobody is there to hear it.
      if (data.kind === 'lost') return { reply: REPLIES.cannotAccept, times };
      const reply = await store(data.raw, rcptTo, session);
      memory.give(peer, data.bytes);
      return { reply, times };
    },
  };
}
