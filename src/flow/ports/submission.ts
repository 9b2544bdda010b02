// The port of outgoing mail: submits one composed mail to the relay and returns its verdict.

export interface OutgoingMail {
  readonly messageId: string;
  /** RFC 5321 reverse-path; '' for the null sender. */
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly raw: Uint8Array;
}

export type SubmissionVerdict =
  | { readonly kind: 'accepted'; readonly response: string }
  /** A permanent refusal of this mail; `status` is the 5yz reply code. */
  | { readonly kind: 'refused'; readonly response: string; readonly status: number };

export interface Submission {
  /** Throws GatewayError `smtp-unreachable` or `smtp-refused`, both temporary: the caller tries again later. */
  submit(mail: OutgoingMail): Promise<SubmissionVerdict>;
  close(): Promise<void>;
}
