// Mail out, as the flow sees it.

export interface OutgoingMail {
  readonly messageId: string;
  /** RFC 5321 reverse-path; '' for the null sender. */
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly raw: Uint8Array;
}

export type SubmissionVerdict =
  | { readonly kind: 'accepted'; readonly response: string }
  /** A permanent 5yz for this mail. */
  | { readonly kind: 'refused'; readonly response: string; readonly status: number };

export interface Submission {
  /** Throws GatewayError `smtp-unreachable` or `smtp-refused`, temporary both: try again later. */
  submit(mail: OutgoingMail): Promise<SubmissionVerdict>;
  close(): Promise<void>;
}
