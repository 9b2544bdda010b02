// smtp-server's server and connection with what they lack: our own enhanced status codes (RFC 2034), an end to clients that
// send commands for ever and never a mail, and replies for those that close their side before they have them.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { REPLIES, type Reply } from './reply-codes.ts';

const OWN_STATUS = /^[245]\.\d{1,3}\.\d{1,3} /;

export class MailServer extends SMTPServer {
  private readonly commandsPerMail: number;

  /** `commandsPerMail`: past that many without an accepted mail, a session ends. */
  constructor(options: SMTPServerOptions, commandsPerMail: number) {
    // Exim sends `.` and QUIT in one after its last mail and closes its side: by default Node would close ours, too, before
    // the mail is on disk, and Exim would send it again for days.
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
    // smtp-server writes only to sockets that are open on both sides: one whose client has closed its own is shown as such.
    // oxlint-disable-next-line no-underscore-dangle
    const socket = this._socket;
    const halfClosed = socket.readyState === 'writeOnly';
    if (halfClosed) Object.defineProperty(socket, 'readyState', { value: 'open', configurable: true });
    // Replies to commands that came together leave together (RFC 2920 §3.2). STARTTLS's 220 must leave before the handshake.
    if (code !== 220 && socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    // A text that begins with a status keeps it: no second one from smtp-server's table.
    super.send(code, data, typeof data === 'string' && OWN_STATUS.test(data) ? false : context);
    if (halfClosed) Reflect.deleteProperty(socket, 'readyState');
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.commands += 1;
    // smtp-server has no event for a command: this is the one place that sees them all.
    // oxlint-disable-next-line no-underscore-dangle
    if (this.commands <= this.commandsPerMail) super._onCommand(command, callback);
    else this.end(REPLIES.tooManyCommands);
  }

  /** Of a client that has closed its side nothing more will come: once all it sent is answered, we close ours. */
  // oxlint-disable-next-line no-underscore-dangle
  override _createParser(): SMTPStream {
    // oxlint-disable-next-line no-underscore-dangle
    const parser = super._createParser();
    parser.once('finish', () => this.close());
    return parser;
  }

  /** Says it, and closes. */
  end({ code, text }: Reply): void {
    this.send(code, text);
    this.close();
  }
}
