// What every route of the web door is given: use cases, keys, templates, pages. Types only.
import type { Templates } from '../../core/compose/types.ts';
import type { KeyRing } from '../../core/signing/types.ts';
import type { Log } from '../../flow/ports/log.ts';
import type { UseCases } from '../../flow/use-cases.ts';
import type { Pages } from './show-page.ts';

export interface RouteContext {
  readonly useCases: UseCases;
  readonly ring: KeyRing;
  readonly templates: Templates;
  /** null: every callback gets 401. */
  readonly inboundApiKey: string | null;
  /** IANA name; what instants are shown in where the event has no zone of its own. */
  readonly displayTimezone?: string;
  readonly now: () => number;
  readonly log: Log;
  readonly pages: Pages;
}
