// How much of us a client may take, with the defaults: far above what a busy relay does, far below what hurts.
import type { PeerLimits } from './peers.ts';
import type { DataLimits } from './receive-data.ts';

export interface MailDoorLimits extends PeerLimits, DataLimits {
  readonly recipients: number;
  /** Open connections of everybody. */
  readonly connections: number;
  /** A stranger's session ends past that many unknown recipients. */
  readonly unknownRecipients: number;
  /** A session ends past that many commands without an accepted mail. */
  readonly commandsPerMail: number;
  /** Without a byte from the client. */
  readonly idleMs: number;
  /** A session older than that begins no further mail; it is cut after as long again. */
  readonly sessionMs: number;
  /** Mails being received, all together; one peer may have a quarter of it. */
  readonly memoryBytes: number;
  /** How often the certificate files are looked at. */
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
  // RFC 5321 §4.5.3.2.7: a server waits at least 5 minutes for a command.
  idleMs: 5 * MINUTE,
  dataMs: 10 * MINUTE,
  sessionMs: 30 * MINUTE,
  memoryBytes: 256 * MEGABYTE,
  tlsCheckMs: 10_000,
};
