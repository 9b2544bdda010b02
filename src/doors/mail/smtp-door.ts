// The SMTP and LMTP doors. In: sessions; out: ReceivedMail. The reply 250 is sent only after `receive` has stored the
// mail on disk. It refuses only what can be refused without reading the mail (see `mail-sessions.ts`); everything else is
// accepted and judged later.
import type { Socket } from 'node:net';
import type { SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { Log } from '../../flow/ports/log.ts';
import type { ReceivedMail } from '../../core/message/types.ts';
import { within } from '../../core/within.ts';
import { listen, type ListenAddress } from '../listen.ts';
import { MAIL_DOOR_LIMITS, type MailDoorLimits } from './limits.ts';
import { MailConnection, MailServer } from './mail-server.ts';
import { type MailSessions, mailSessions } from './mail-sessions.ts';
import { type Peers, openPeers, plainAddress } from './peers.ts';
import { openMemoryBudget } from './receive-data.ts';
import { REPLIES, type Reply, asSmtpError } from './reply-codes.ts';
import { type TlsFiles, readTlsFiles, watchTlsFiles } from './tls-files.ts';

export interface MailDoorOptions extends ListenAddress {
  readonly kind: 'smtp' | 'lmtp';
  /** The host name in the greeting. */
  readonly hostname: string;
  /** Resolves when the mail is on disk. Rejects with GatewayError `spool-full`, which gets 452, or another error (451). */
  readonly receive: (mail: ReceivedMail) => Promise<void>;
  readonly acceptsRecipient: (address: string) => boolean;
  /** With files, STARTTLS is offered, and they are reloaded when they change. */
  readonly tls: TlsFiles | null;
  /** Addresses and CIDR networks. */
  readonly trustedRelays: readonly string[];
  readonly limits?: Partial<MailDoorLimits>;
  readonly now: () => number;
  readonly log: Log;
}

export interface MailDoor {
  readonly address: ListenAddress;
  /** Accepts no new mail, and waits up to `drainMs` for the mails being received. Never rejects. */
  close(drainMs: number): Promise<void>;
}

/** Throws GatewayError `config-invalid` if the address or the certificate cannot be used. */
export async function openMailDoor(options: MailDoorOptions): Promise<MailDoor> {
  const limits = { ...MAIL_DOOR_LIMITS, ...options.limits };
  const peers = openPeers(options.trustedRelays, limits);
  const memory = openMemoryBudget(limits.memoryBytes, 0.25);
  const receiving = new Map<SMTPServerSession, Promise<unknown>>();
  const sessions = mailSessions({ ...options, peers, memory, limits });
  const server = new MailServer(serverOptions(options, limits, peers, sessions, receiving), limits.commandsPerMail);
  server.on('error', (error) => options.log.debug({ err: error }, 'mail session failed'));
  const sockets = trackSockets(server, peers, limits.sessionMs);
  const address = await listen(server.server, options, `${options.kind.toUpperCase()}_LISTEN`);
  const stopWatching =
    options.tls === null
      ? () => {}
      : watchTlsFiles(options.tls, limits.tlsCheckMs, options.log, (pair) => server.updateSecureContext({ ...pair }));
  return {
    address,
    async close(drainMs) {
      stopWatching();
      await drain(server, receiving, sockets, drainMs);
    },
  };
}

function serverOptions(
  { kind, hostname, tls }: MailDoorOptions,
  limits: MailDoorLimits,
  peers: Peers,
  sessions: MailSessions,
  receiving: Map<SMTPServerSession, Promise<unknown>>,
): SMTPServerOptions {
  const alwaysDisabled = ['AUTH', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', ...(tls === null ? ['STARTTLS'] : [])];
  return {
    ...(tls === null ? {} : readTlsFiles(tls)),
    minVersion: 'TLSv1.2',
    name: hostname,
    heloResponse: '%s',
    lmtp: kind === 'lmtp',
    disabledCommands: alwaysDisabled,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    size: limits.messageBytes,
    maxClients: limits.connections,
    maxCommandLength: 4096,
    socketTimeout: limits.idleMs,
    useXClient: true,
    onConnect(session, done) {
      const mayUseXclient = peers.isTrustedRelay(session.remoteAddress);
      session.disabledCommands = mayUseXclient ? alwaysDisabled : [...alwaysDisabled, 'XCLIENT'];
      replyWith(sessions.admit(session), done);
    },
    onMailFrom: (_address, session, done) => replyWith(sessions.beginMail(session), done),
    onRcptTo: (address, session, done) => replyWith(sessions.addRecipient(address, session), done),
    onData(stream, session, done) {
      const received = sessions.receiveMail(stream, session).then(({ reply, times }) => {
        // 421 closes the connection, so it is sent once, as an error. Otherwise LMTP needs one reply per recipient (RFC 2033
        // §4.2).
        if (reply.code === 421 || (kind === 'smtp' && reply.code !== 250)) done(asSmtpError(reply));
        else if (kind === 'smtp') done(null, reply.text);
        else
          done(
            null,
            Array.from({ length: times }, () => (reply.code === 250 ? reply.text : asSmtpError(reply))),
          );
      });
      receiving.set(session, received);
      void received.finally(() => receiving.delete(session));
    },
  };
}

function replyWith(step: Promise<Reply | null>, done: (error?: Error | null) => void): void {
  void step.then((reply) => done(reply === null ? null : asSmtpError(reply)));
}

/** Counts the connections of each client, and closes those that last longer than a session and its last mail may. */
function trackSockets(server: MailServer, peers: Peers, sessionMs: number): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    const closed = peers.countConnection(plainAddress(socket.remoteAddress ?? ''));
    const deadline = setTimeout(() => socket.destroy(), 2 * sessionMs);
    sockets.add(socket);
    socket.once('close', () => {
      clearTimeout(deadline);
      sockets.delete(socket);
      closed();
    });
  });
  return sockets;
}

async function drain(
  server: MailServer,
  receiving: ReadonlyMap<SMTPServerSession, Promise<unknown>>,
  sockets: ReadonlySet<Socket>,
  drainMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(resolve);
  });
  for (const connection of server.connections) {
    if (connection instanceof MailConnection && !receiving.has(connection.session))
      connection.end(REPLIES.shuttingDown);
  }
  await within(AbortSignal.timeout(drainMs), Promise.all(receiving.values()), () => undefined);
  // Pending replies are still sent, but a client that does not close its side cannot delay the shutdown.
  for (const socket of sockets) socket.destroySoon();
  await within(AbortSignal.timeout(1_000), closed, () => undefined);
  for (const socket of sockets) socket.destroy();
}
