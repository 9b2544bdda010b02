// Sends single commands to a mail server, to test its replies without sending a mail. In: host and port; out: replies and,
// after STARTTLS, the certificate. It throws if the server does not respond or does not speak SMTP.
import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { GatewayError } from '../../core/errors.ts';
import { messageOf } from './check-result.ts';

export interface SmtpReply {
  readonly code: number;
  readonly text: string;
  /** All lines without their codes, for EHLO. */
  readonly lines: readonly string[];
}

export interface ShownCertificate {
  /** Why a client would not trust its name or chain; null if a client would. */
  readonly distrust: string | null;
  readonly validTo: number;
}

export interface SmtpDialogue {
  readonly greeting: SmtpReply;
  /** Sends one command line and returns the reply. */
  send(line: string): Promise<SmtpReply>;
  /** Starts TLS with any certificate. The caller must send EHLO again. */
  startTls(name: string): Promise<ShownCertificate>;
  close(): void;
}

export interface DialogueOptions {
  readonly host: string;
  readonly port: number;
  /** The longest wait for each reply. */
  readonly timeoutMs: number;
}

/** Throws `smtp-unreachable` for every fault of the connection. */
export async function openDialogue({ host, port, timeoutMs }: DialogueOptions): Promise<SmtpDialogue> {
  const where = `${host}:${port}`;
  let socket: Socket | TLSSocket = connectTcp({ host, port });
  let reader = readReplies(socket, timeoutMs);
  const next = (): Promise<SmtpReply> => reader.next(where);
  const greeting = await next().catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  const send = (line: string): Promise<SmtpReply> => {
    socket.write(`${line}\r\n`);
    return next();
  };
  return {
    greeting,
    send,
    async startTls(name) {
      const reply = await send('STARTTLS');
      if (reply.code !== 220) throw unreachable(where, `STARTTLS is answered with ${reply.code} ${reply.text}`);
      reader.detach();
      const secured = connectTls({ socket, servername: name, rejectUnauthorized: false });
      await handshake(secured, where, timeoutMs);
      socket = secured;
      reader = readReplies(secured, timeoutMs);
      return describeCertificate(secured, name);
    },
    close() {
      socket.on('error', () => undefined);
      socket.end('QUIT\r\n');
      setTimeout(() => socket.destroy(), 1_000).unref();
    },
  };
}

interface ReplyReader {
  next(where: string): Promise<SmtpReply>;
  detach(): void;
}

/** Collects lines until one has a space after its code (RFC 5321 §4.2.1). */
function readReplies(socket: Socket, timeoutMs: number): ReplyReader {
  let buffered = '';
  let fault: string | null = null;
  let wake: () => void = () => undefined;
  const onData = (chunk: Buffer): void => {
    buffered += chunk.toString('utf8');
    if (buffered.length > 65_536) fault ??= 'the reply is too long for a mail server';
    wake();
  };
  const onFault = (error?: Error): void => {
    fault ??= error === undefined ? 'the connection was closed' : messageOf(error);
    wake();
  };
  socket.on('data', onData).on('error', onFault).on('end', onFault).on('close', onFault);
  const take = (): SmtpReply | null => {
    const match = /^(?:\d{3}-[^\n]*\n)*(\d{3})(?: [^\n]*)?\r?\n/.exec(buffered);
    if (match === null) return null;
    buffered = buffered.slice(match[0].length);
    const lines = match[0]
      .trim()
      .split(/\r?\n/)
      .map((line) => line.slice(4));
    return { code: Number(match[1]), text: lines.join(' '), lines };
  };
  return {
    async next(where) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const reply = take();
        if (reply !== null) return reply;
        if (fault !== null) throw unreachable(where, fault);
        if (performance.now() >= deadline) throw unreachable(where, `no reply within ${timeoutMs / 1_000} s`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline - performance.now());
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    detach() {
      socket.off('data', onData).off('end', onFault).off('close', onFault);
    },
  };
}

function handshake(socket: TLSSocket, where: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unreachable(where, 'the TLS handshake timed out')), timeoutMs);
    const settle = (end: () => void) => () => {
      clearTimeout(timer);
      end();
    };
    socket.once('secureConnect', settle(resolve));
    socket.once('error', (error) => settle(() => reject(unreachable(where, `TLS: ${messageOf(error)}`)))());
  });
}

function describeCertificate(socket: TLSSocket, name: string): ShownCertificate {
  const certificate = socket.getPeerCertificate();
  const wrongName = checkServerIdentity(name, certificate);
  const chain = socket.authorized ? null : String(socket.authorizationError);
  return { distrust: wrongName?.message ?? chain, validTo: Date.parse(certificate.valid_to) };
}

function unreachable(where: string, why: string): GatewayError {
  return new GatewayError('smtp-unreachable', `${where}: ${why}`, { temporary: true });
}
