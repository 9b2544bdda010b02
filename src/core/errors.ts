// The error type of the gateway. Expected results are values with literal reasons; every failure is a GatewayError,
// whose `code` is the kind of failure. The message is for the operator and is never sent to clients.

export const ERROR_CODES = [
  'config-invalid',
  'calendar-unparseable',
  'mail-unparseable',
  'caldav-unreachable',
  'caldav-unauthorized',
  'caldav-refused',
  'caldav-answer-invalid',
  'dns-temporary',
  'smtp-unreachable',
  'smtp-refused',
  'spool-full',
  'spool-unavailable',
  'template-invalid',
  'token-invalid',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface GatewayErrorOptions {
  readonly temporary?: boolean;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | null;
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  /** Whether a retry may succeed. If so, the caller retries with back-off. */
  readonly temporary: boolean;
  /** Milliseconds to wait before the next attempt; null if the server did not say. */
  readonly retryAfterMs: number | null;
  /**
   * The unreachable back end, so that the task can be resumed when that back end recovers; null if the failure has
   * another cause.
   */
  backEnd: string | null = null;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.temporary = options.temporary ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
