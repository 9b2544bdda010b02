// The evidence for who sent a mail: the results of DKIM, SPF, DMARC and ARC, and the addresses in its header. It refuses
// nothing: judge-sender.ts evaluates it.

/** The result of one check, as named by RFC 8601. */
export type AuthResult = 'pass' | 'fail' | 'none' | 'neutral' | 'temperror' | 'permerror';

export interface SenderEvidence {
  /** Every From address, in lower case, with internationalized domains as A-labels. */
  readonly from: readonly string[];
  /** The number of From fields in the header. */
  readonly fromFields: number;
  readonly sender: string | null;
  readonly replyTo: readonly string[];
  readonly dkim: readonly { readonly domain: string; readonly result: AuthResult; readonly aligned: boolean }[];
  readonly spf: { readonly result: AuthResult; readonly domain: string | null; readonly aligned: boolean };
  /** `policy` is null if the From domain publishes none. */
  readonly dmarc: { readonly result: AuthResult; readonly policy: 'none' | 'quarantine' | 'reject' | null };
  readonly arc: { readonly result: AuthResult; readonly trustedSealer: boolean; readonly dmarcPassed: boolean };
  /** Whether the results come from a trusted relay's Authentication-Results instead of our own checks. */
  readonly fromRelay: boolean;
}
