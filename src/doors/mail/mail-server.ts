// Extends smtp-server's server and connection. In: the options of smtp-server; out: a server with our own enhanced status
// codes (RFC 2034) and with replies to clients that half-close the connection early. It refuses clients that send too many
// commands without a mail.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { REPLIES, type Reply } from './reply-codes.ts';

const OWN_STATUS = /^[245]\.\d{1,3}\.\d{1,3} /;

export class MailServer extends SMTPServer {
  private readonly commandsPerMail: number;

  /** @param commandsPerMail a session ends after this many commands without an accepted mail. */
  constructor(options: SMTPServerOptions, commandsPerMail: number) {
    // After its last mail, Exim sends `.` and QUIT together and closes its side. By default Node would then close our side
    // before the mail is on disk, and Exim would send the mail again for days.
    super({ ...options, allowHalfOpen: true });
    this.commandsPerMail = commandsPerMail;
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection = new MailConnection(this, socket, options, this.commandsPerMail);
    this.connections.add(connection);
    connection.on('error', (error: Error) => this.emit('error', error));
    connection.init();
  }
}

export class MailConnection extends SMTPConnection {
  private readonly commandsPerMail: number;
  private commands = 0;

  constructor(
    server: MailServer,
    socket: Socket | TLSSocket,
    options: SMTPConnectionOptions | null | undefined,
    commandsPerMail: number,
  ) {
    super(server, socket, options);
    this.commandsPerMail = commandsPerMail;
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (code === 250 && context === 'DATA_OK') this.commands = 0;
    // smtp-server writes only to sockets that are open on both sides, so a half-closed socket is presented as open.
    // oxlint-disable-next-line no-underscore-dangle
    const socket = this._socket;
    const halfClosed = socket.readyState === 'writeOnly';
    if (halfClosed) Object.defineProperty(socket, 'readyState', { value: 'open', configurable: true });
    // Replies to pipelined commands are sent together (RFC 2920 §3.2), except the 220 to STARTTLS, which must be sent before
    // the handshake.
    if (code !== 220 && socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    // Without a context, smtp-server does not add a second status to a text that already has one.
    super.send(code, data, typeof data === 'string' && OWN_STATUS.test(data) ? false : context);
    if (halfClosed) Reflect.deleteProperty(socket, 'readyState');
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.commands += 1;
    // smtp-server has no event for commands. This method gets all of them.
    // oxlint-disable-next-line no-underscore-dangle
    if (this.commands <= this.commandsPerMail) super._onCommand(command, callback);
    else this.end(REPLIES.tooManyCommands);
  }

  /** Keeps the listeners on the plain socket, which smtp-server removes at STARTTLS, because the door counts open sockets. */
  override upgrade(callback: () => void, secureCallback?: () => void): void {
    // oxlint-disable-next-line no-underscore-dangle
    const plain = this._socket;
    const listeners = plain.listeners('close') as (() => void)[];
    super.upgrade(callback, secureCallback);
    for (const listener of listeners) plain.once('close', listener);
  }

  /** Closes our side when a client has closed its own and every command has a reply: no more input will come. */
  // oxlint-disable-next-line no-underscore-dangle
  override _createParser(): SMTPStream {
    // oxlint-disable-next-line no-underscore-dangle
    const parser = super._createParser();
    parser.once('finish', () => this.close());
    return parser;
  }

  /** Sends the reply and closes the connection. */
  end({ code, text }: Reply): void {
    this.send(code, text);
    this.close();
  }
}
