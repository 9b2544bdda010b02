// Facts about who sent a mail. The verdict is itip's.

export type AuthResult = 'pass' | 'fail' | 'none' | 'neutral' | 'temperror' | 'permerror';

export interface SenderEvidence {
  /** Every From address, lower case, IDN as A-labels. */
  readonly from: readonly string[];
  readonly fromFields: number;
  readonly sender: string | null;
  readonly replyTo: readonly string[];
  readonly dkim: readonly { readonly domain: string; readonly result: AuthResult; readonly aligned: boolean }[];
  readonly spf: { readonly result: AuthResult; readonly domain: string | null; readonly aligned: boolean };
  /** `policy` is null where the From domain publishes none. */
  readonly dmarc: { readonly result: AuthResult; readonly policy: 'none' | 'quarantine' | 'reject' | null };
  readonly arc: { readonly result: AuthResult; readonly trustedSealer: boolean; readonly dmarcPassed: boolean };
  /** The facts come from a trusted relay's Authentication-Results instead of our own checks. */
  readonly fromRelay: boolean;
}
