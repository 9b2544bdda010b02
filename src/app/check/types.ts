// A chain is as good as each link: what `imip-gateway check` says of one.

/**
 * `ok`: it works. `failed`: it does not, and mails or answers will be lost or refused. `attention`: it works, and
 * something about it should be known. `skipped`: not tried, and why.
 */
export type LinkStatus = 'ok' | 'failed' | 'attention' | 'skipped';

export interface Link {
  readonly name: string;
  readonly status: LinkStatus;
  /** One sentence of what was found. */
  readonly said: string;
  /** What to do about it, a line each; records to publish stand alone on theirs. */
  readonly todo: readonly string[];
}

/** Called for each link once it is known. */
export type Tell = (link: Link) => void;
