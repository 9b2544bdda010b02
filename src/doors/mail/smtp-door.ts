// The SMTP and LMTP doors: sessions in, ReceivedMail out. 250 is said only once `receive` has the mail on disk; what can be
// refused without reading the mail is refused here (see `mail-sessions.ts`), everything else is accepted and judged later.
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
import { openDataMemory } from './receive-data.ts';
import { REPLIES, type Reply, refusal } from './reply-codes.ts';
import { type TlsFiles, readTlsFiles, watchTlsFiles } from './tls-files.ts';

export interface MailDoorOptions extends ListenAddress {
  readonly kind: 'smtp' | 'lmtp';
  /** The name in the greeting. */
  readonly hostname: string;
  /** Resolves once the mail is on disk. Rejects with GatewayError `spool-full` (said as 452) or anything else (451). */
  readonly receive: (mail: ReceivedMail) => Promise<void>;
  readonly acceptsRecipient: (address: string) => boolean;
  /** Where given, STARTTLS is offered, and the files are read again when they change. */
  readonly tls: TlsFiles | null;
  /** Addresses and CIDR networks. */
  readonly trustedRelays: readonly string[];
  readonly limits?: Partial<MailDoorLimits>;
  readonly log: Log;
}

export interface MailDoor {
  readonly address: ListenAddress;
  /** Takes no new mail; those being received have `drainMs` to end. Never rejects. */
  close(drainMs: number): Promise<void>;
}

/** Throws GatewayError `config-invalid` where the address or the certificate cannot be used. */
export async function openMailDoor(options: MailDoorOptions): Promise<MailDoor> {
  const limits = { ...MAIL_DOOR_LIMITS, ...options.limits };
  const peers = openPeers(options.trustedRelays, limits);
  const memory = openDataMemory(limits.memoryBytes, 0.25);
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
  const never = ['AUTH', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', ...(tls === null ? ['STARTTLS'] : [])];
  return {
    ...(tls === null ? {} : readTlsFiles(tls)),
    minVersion: 'TLSv1.2',
    name: hostname,
    heloResponse: '%s',
    lmtp: kind === 'lmtp',
    disabledCommands: never,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    size: limits.messageBytes,
    maxClients: limits.connections,
    maxCommandLength: 4096,
    socketTimeout: limits.idleMs,
    useXClient: true,
    onConnect(session, done) {
      session.disabledCommands = peers.isTrustedRelay(session.remoteAddress) ? never : [...never, 'XCLIENT'];
      answer(sessions.admit(session), done);
    },
    onMailFrom: (_address, session, done) => answer(sessions.beginMail(session), done),
    onRcptTo: (address, session, done) => answer(sessions.addRecipient(address, session), done),
    onData(stream, session, done) {
      const received = sessions.receiveMail(stream, session).then(({ reply, times }) => {
        // 421 closes the connection: said once, as an error. Else LMTP (RFC 2033 §4.2) has a reply for each recipient.
        if (reply.code === 421 || (kind === 'smtp' && reply.code !== 250)) done(refusal(reply));
        else if (kind === 'smtp') done(null, reply.text);
        else
          done(
            null,
            Array.from({ length: times }, () => (reply.code === 250 ? reply.text : refusal(reply))),
          );
      });
      receiving.set(session, received);
      void received.finally(() => receiving.delete(session));
    },
  };
}

function answer(step: Promise<Reply | null>, done: (error?: Error | null) => void): void {
  void step.then((reply) => done(reply === null ? null : refusal(reply)));
}

/** Counts each peer's connections, and cuts those that outlive a session and its last mail. */
function trackSockets(server: MailServer, peers: Peers, sessionMs: number): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    const closed = peers.open(plainAddress(socket.remoteAddress ?? ''));
    const cut = setTimeout(() => socket.destroy(), 2 * sessionMs);
    sockets.add(socket);
    socket.once('close', () => {
      clearTimeout(cut);
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
  // The last replies go out; a client that keeps its side open is not waited for.
  for (const socket of sockets) socket.destroySoon();
  await within(AbortSignal.timeout(1_000), closed, () => undefined);
  for (const socket of sockets) socket.destroy();
}
