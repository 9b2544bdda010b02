// The limits of a mail door and their defaults, which are far above what a busy relay needs and far below what would harm
// the gateway.
import type { PeerLimits } from './peers.ts';
import type { DataLimits } from './receive-data.ts';

export interface MailDoorLimits extends PeerLimits, DataLimits {
  readonly recipients: number;
  /** Open connections of all clients together. */
  readonly connections: number;
  /** The session of an untrusted client ends after this many unknown recipients. */
  readonly unknownRecipients: number;
  /** A session ends after this many commands without an accepted mail. */
  readonly commandsPerMail: number;
  /** A session ends after this time without a byte from the client. */
  readonly idleMs: number;
  /** After this time, a session cannot begin another mail; after twice this time, its connection is closed. */
  readonly sessionMs: number;
  /** For all mails that are being received at the same time; one client may use a quarter of it. */
  readonly memoryBytes: number;
  /** How often the certificate files are checked for changes. */
  readonly tlsCheckMs: number;
}

const MINUTE = 60_000;
const MEGABYTE = 1024 * 1024;

export const MAIL_DOOR_LIMITS: MailDoorLimits = {
  messageBytes: 25 * MEGABYTE,
  recipients: 100,
  connections: 10_000,
  connectionsPerPeer: 50,
  connectionsPerMinute: 600,
  mailsPerMinute: 3_000,
  unknownRecipientsPerHour: 200,
  unknownRecipients: 20,
  commandsPerMail: 1_000,
  // A server must wait at least 5 minutes for a command (RFC 5321 §4.5.3.2.7).
  idleMs: 5 * MINUTE,
  dataMs: 10 * MINUTE,
  sessionMs: 30 * MINUTE,
  memoryBytes: 256 * MEGABYTE,
  tlsCheckMs: 10_000,
};
