// The replies of the mail doors (RFC 5321 §4.2, RFC 3463), except those that smtp-server sends itself. No reply mentions a
// file, the database, an exception or another mail, because anybody may read it.

/** `text` starts with the enhanced status code. */
export interface Reply {
  readonly code: number;
  readonly text: string;
}

export const REPLIES = {
  accepted: { code: 250, text: '2.6.0 Mail accepted' },
  unknownRecipient: { code: 550, text: '5.1.1 No such recipient here' },
  tooManyRecipients: { code: 452, text: '4.5.3 Too many recipients, send the others in another mail' },
  tooManyUnknownRecipients: { code: 421, text: '4.7.0 Too many unknown recipients' },
  tooManyCommands: { code: 421, text: '4.7.0 Too many commands' },
  tooManyConnections: { code: 421, text: '4.7.0 Too many connections from your address' },
  rateLimited: { code: 421, text: '4.7.0 Rate limit exceeded, try again later' },
  sessionTooLong: { code: 421, text: '4.4.2 Session has lasted too long, connect again' },
  shuttingDown: { code: 421, text: '4.3.2 Shutting down, try again in a moment' },
  dataTooSlow: { code: 421, text: '4.4.2 Mail took too long to arrive' },
  tooLarge: { code: 552, text: '5.3.4 Mail is too large' },
  bareCharacter: { code: 550, text: '5.6.0 Bare CR, bare LF and NUL are not accepted' },
  insufficientStorage: { code: 452, text: '4.3.1 Insufficient storage, try again later' },
  cannotAccept: { code: 451, text: '4.3.0 Mail cannot be accepted now, try again later' },
} as const satisfies Record<string, Reply>;

/** Returns the reply as the error that smtp-server's callbacks expect. */
export function asSmtpError(reply: Reply): Error & { responseCode: number } {
  return Object.assign(new Error(reply.text), { responseCode: reply.code });
}
