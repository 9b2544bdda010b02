// The type of the context that every route of the web door gets: use cases, keys, templates, pages.
import type { Templates } from '../../core/compose/types.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { Log } from '../../flow/ports/log.ts';
import type { UseCases } from '../../flow/use-cases.ts';
import type { Pages } from './show-page.ts';

export interface RouteContext {
  readonly useCases: UseCases;
  readonly ring: KeyRing;
  readonly templates: Templates;
  /** null refuses every callback with 401. */
  readonly inboundApiKey: string | null;
  /** IANA name of the time zone for events without their own. */
  readonly displayTimezone: string;
  readonly now: () => number;
  readonly log: Log;
  readonly pages: Pages;
}
