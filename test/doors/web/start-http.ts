// Starts a real server on a free loopback port with fake use cases, which record their calls.
import { type HttpOptions, type OpenHttp, openHttp } from '../../../src/doors/web/open-http.ts';
import type {
  CallbackRequest,
  DecisionOutcome,
  HeldChoice,
  HeldView,
  RsvpView,
  UseCases,
  WebAnswer,
  WebOutcome,
} from '../../../src/flow/use-cases.ts';
import { compileTemplates } from '../../../src/core/compose/templates.ts';
import type { EventView, Recurrence } from '../../../src/core/compose/types.ts';
import { readTemplates } from '../../../src/app/config/read-templates.ts';
import { openLog } from '../../../src/app/log.ts';
import { calendarOf } from './calendars.ts';
import type { DecisionClaims, KeyRing, RsvpClaims } from '../../../src/core/signing/types.ts';

export const ring: KeyRing = [{ kid: 'a1', secret: new Uint8Array(32).fill(7) }];
export const NOW = Date.UTC(2026, 9, 1, 12);
export const templates = compileTemplates(await readTemplates(null));

export const claims: RsvpClaims = {
  uid: 'sprint-review@example.com',
  recurrenceId: null,
  attendee: 'bob@example.com',
  organizer: 'alice@example.com',
  expiresAt: NOW + 7 * 86_400_000,
};

export const decisionClaims: DecisionClaims = {
  holdKey: 'alice|bob|robert',
  organizer: 'alice@example.com',
  expiresAt: NOW + 86_400_000,
};

export const weekly = (rrule: string): Recurrence => ({
  rrule,
  start: { form: 'zoned', local: '20261124T100000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 24, 9) },
  last: null,
  added: [],
  excluded: [],
});

export const event: EventView = {
  uid: claims.uid,
  item: 'event',
  recurrenceId: null,
  summary: 'Sprint review and a walk along the river',
  location: 'Bridge House, room 4.02',
  description: 'Agenda: https://example.com/agenda\n\nBring your shoes.',
  meetings: [{ name: '', href: 'https://meet.example.com/sprint-review' }],
  files: [],
  start: { form: 'zoned', local: '20261124T100000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 24, 9) },
  end: { form: 'zoned', local: '20261124T113000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 24, 10, 30) },
  isDue: false,
  recurrence: null,
  exceptions: [],
  organizer: { key: 'alice@example.com', name: 'Alice Martin', address: 'alice@example.com' },
  guests: [
    { key: 'bob@example.com', name: 'Bob Bell', address: 'bob@example.com', partstat: 'NEEDS-ACTION', optional: false },
    {
      key: 'carol@example.net',
      name: 'Carol Weiß',
      address: 'carol@example.net',
      partstat: 'TENTATIVE',
      optional: true,
    },
  ],
  sequence: 3,
  cancelled: false,
};

export const shown: RsvpView = {
  state: 'open',
  event,
  partstat: 'NEEDS-ACTION',
  sequence: 3,
  guestList: true,
  calendar: calendarOf({ method: null }),
};

export const held: HeldView = {
  asks: 'sender',
  sender: 'robert.bell@example.org',
  attendee: 'bob@example.com',
  delegate: null,
  answers: [
    {
      event,
      partstat: 'ACCEPTED',
      comment: 'From my other account.',
      reason: 'unauthenticated',
      receivedAt: NOW - 3_600_000,
    },
  ],
};

export const proposed: HeldView = {
  asks: 'proposal',
  sender: 'bob@example.com',
  attendee: 'bob@example.com',
  delegate: null,
  answers: [
    {
      event,
      partstat: null,
      comment: 'My train arrives at noon.',
      proposal: {
        start: { form: 'zoned', local: '20261124T140000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 24, 13) },
        end: { form: 'zoned', local: '20261124T153000', zone: 'Europe/Paris', instant: Date.UTC(2026, 10, 24, 14, 30) },
      },
      reason: null,
      receivedAt: NOW - 3_600_000,
    },
  ],
};

export const delegated: HeldView = {
  asks: 'delegation',
  sender: 'bob@example.com',
  attendee: 'bob@example.com',
  delegate: 'dave@example.org',
  answers: [{ event, partstat: 'DELEGATED', comment: null, reason: null, receivedAt: NOW - 3_600_000 }],
};

/** The results that the fakes return, which tests set, and the calls that they record, which tests read. */
export interface Fakes {
  callback: (request: CallbackRequest) => Promise<void>;
  shown: RsvpView;
  outcome: WebOutcome;
  held: HeldView | null;
  decided: DecisionOutcome;
  ready: { ok: boolean; checks: Record<string, string> };
  readonly callbacks: CallbackRequest[];
  readonly answers: { claims: RsvpClaims; answer: WebAnswer }[];
  readonly decisions: HeldChoice[];
}

export function makeFakes(): Fakes {
  return {
    callback: async () => undefined,
    shown,
    outcome: 'recorded',
    held,
    decided: 'done',
    ready: { ok: true, checks: { spool: 'ok' } },
    callbacks: [],
    answers: [],
    decisions: [],
  };
}

export async function startHttp(
  fakes: Fakes,
  options: Partial<HttpOptions> = {},
): Promise<OpenHttp & { readonly url: string }> {
  const useCases: UseCases = {
    receiveCallback: async (request) => {
      await fakes.callback(request);
      fakes.callbacks.push(request);
    },
    showRsvp: async () => fakes.shown,
    answerRsvp: async (of, answer) => {
      fakes.answers.push({ claims: of, answer });
      return fakes.outcome;
    },
    readDecision: async () => fakes.held,
    decideHeld: async (_, choice) => {
      fakes.decisions.push(choice);
      return fakes.decided;
    },
    ready: async () => fakes.ready,
  };
  const http = await openHttp({
    host: '127.0.0.1',
    port: 0,
    displayTimezone: 'UTC',
    useCases,
    ring,
    templates,
    inboundApiKey: 'right-key',
    appUrl: 'http://127.0.0.1',
    now: () => NOW,
    log: openLog('silent'),
    ...options,
  });
  return { ...http, url: `http://127.0.0.1:${http.address.port}` };
}
