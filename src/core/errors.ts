// The one error type of the gateway. Expected results are values with literal reasons; what throws is a
// GatewayError: `code` says what failed, `temporary` whether trying again later can help. Its message is for the
// operator and never goes onto the wire.

export type ErrorCode =
  | 'config-invalid'
  | 'calendar-unparseable'
  | 'mail-unparseable'
  | 'caldav-unreachable'
  | 'caldav-unauthorized'
  | 'caldav-refused'
  | 'caldav-answer-invalid'
  | 'dns-temporary'
  | 'smtp-unreachable'
  | 'smtp-refused'
  | 'spool-full'
  | 'spool-unavailable'
  | 'template-invalid'
  | 'token-invalid'
  | 'internal';

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  /** True where the same work may succeed later: the caller retries with back-off instead of giving up. */
  readonly temporary: boolean;

  constructor(code: ErrorCode, message: string, options: { temporary?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.temporary = options.temporary ?? false;
  }
}
