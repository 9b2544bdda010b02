// Opens the adapters, builds the handlers of the five queues and runs the queues. In: a Config, and what the queues share
// with the doors; out: the calendar store, which the doors also use. It registers with `onStop` how to close each part.
import { openAuthenticator } from '../adapters/authenticate/authenticate.ts';
import type { BreakerState } from '../flow/ports/calendar-store.ts';
import { openCalendarStore } from '../adapters/caldav/open-calendar-store.ts';
import type { Templates } from '../core/compose/types.ts';
import type { Config } from './config/config.ts';
import { decisionLinks } from '../flow/questions/decision-link.ts';
import type { RequestPriority } from '../flow/queue/request-priority.ts';
import { interpretIncoming } from '../flow/inbound/interpret-incoming.ts';
import { deliver } from '../flow/outbound/deliver.ts';
import { notifyOrganizer } from '../flow/questions/notify-organizer.ts';
import type { Outcomes } from '../flow/queue/outcomes.ts';
import { languageOf } from '../flow/outbound/language-of.ts';
import { openOutgoingMails } from '../flow/outbound/outgoing-mail.ts';
import { submitOutgoing } from '../flow/outbound/submit-outgoing.ts';
import { askOwner } from '../flow/questions/ask-owner.ts';
import { notifyNotWritten } from '../flow/questions/notify-not-written.ts';
import { notifyFailedDecision } from '../flow/questions/notify-failed-decision.ts';
import { processCopy } from '../flow/copies/process-copy.ts';
import { resumeOnRecovery } from '../flow/queue/resume-on-recovery.ts';
import { waitForQuota } from '../flow/outbound/wait-for-quota.ts';
import type { WriteBatching } from '../flow/queue/write-batching.ts';
import { type RunningQueue, runQueue } from '../flow/queue/run-queue.ts';
import type { OccurrenceQuery } from '../core/itip/types.ts';
import type { Log } from '../flow/ports/log.ts';
import { interpretMail } from '../core/message/interpret-mail.ts';
import { openRecurrence } from '../adapters/recurrence/open-recurrence.ts';
import { recipientPolicy } from '../core/signing/recipient-policy.ts';
import type { Ledger, Spool } from '../flow/ports/spool.ts';
import { openSubmission } from '../adapters/submission/open-submission.ts';
import { calendarStoreOptions, hostnameOf, submissionOptions } from './config/adapter-options.ts';
import type { Metrics } from '../adapters/metrics/open-metrics.ts';

/** Registers a function that runs when the gateway stops, in reverse order of registration. */
export type OnStop = (close: () => Promise<unknown> | unknown) => void;

/** The longest wait for work in progress when the gateway stops. */
export const DRAIN_MS = 10_000;

export interface SharedParts {
  readonly priority: RequestPriority;
  readonly writeBatching: WriteBatching;
  readonly metrics: Metrics;
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
  readonly templates: Templates;
}

export async function startQueues(config: Config, log: Log, onStop: OnStop, shared: SharedParts) {
  const { spool, metrics, priority } = shared;
  const hostname = hostnameOf(config);
  const bounceDomain = config.bounceDomain ?? config.replyDomain;
  const resumer = resumeOnRecovery({ spool, log, now: shared.now });
  onStop(() => resumer.close());
  const onBreaker = (backEnd: string, state: BreakerState): void => {
    metrics.setBreakerState(backEnd, state);
    resumer.report(backEnd, state === 'closed');
    log.warn({ backEnd, state }, `CalDAV circuit breaker: ${state}`);
  };
  const store = metrics.measureStore(openCalendarStore({ ...calendarStoreOptions(config), onBreaker }));
  onStop(() => store.close());
  const submission = metrics.measureSubmission(openSubmission(await submissionOptions(config)));
  onStop(() => submission.close());
  const recurrence = openRecurrence();
  onStop(() => recurrence.close());
  const authenticator = openAuthenticator({
    dnsServers: config.dnsServers,
    trustedAuthservIds: config.trustedAuthservIds ?? [],
    trustedArcSealers: config.trustedArcSealers ?? [],
    hostname,
  });
  onStop(() => authenticator.close());
  const messageDomain = config.replyDomain ?? bounceDomain ?? hostname;
  const outgoingMails = openOutgoingMails({
    ...shared,
    ring: config.secrets,
    hostname: messageDomain,
    bounceDomain,
    replyDomain: config.replyDomain,
    invitationFromEmail: config.invitationFromEmail,
  });
  const common = {
    ...shared,
    ring: config.secrets,
    outgoingMails,
    appUrl: config.appUrl,
    languageOf: languageOf(config.defaultLanguage, config.recipientLanguages ?? new Map()),
    timezone: config.displayTimezone,
    replyDomain: config.replyDomain,
    bounceDomain,
    hostname: messageDomain,
    expand: (query: OccurrenceQuery) => recurrence.expand(query),
    makeDecisionLink: decisionLinks({ ring: config.secrets, appUrl: config.appUrl, now: shared.now }),
  };
  const isOwnRecipient = recipientPolicy({
    ring: config.secrets,
    replyDomain: null,
    bounceDomain: null,
    replyRecipients: config.replyRecipients ?? [],
  });
  const incoming = interpretIncoming({
    ...common,
    interpret: interpretMail,
    authenticate: (mail, lastTry) => authenticator.authenticate(mail, lastTry),
    isOwnRecipient,
    postmaster: config.postmasterEmail,
    policy: config.senderPolicy,
  });
  const event = processCopy({
    ...common,
    store,
    notifyOrganizer: notifyOrganizer({ ...common, mode: config.notifyOrganizer }),
  });
  const quota = { hour: config.quotaNewRecipientsHour, day: config.quotaNewRecipientsDay };
  const invitation = priority.defer(
    deliver({
      ...common,
      itip: config.itipEnabled,
      guestList: config.showGuestList,
      waitForQuota: waitForQuota({ ...common, quota }),
    }),
  );
  const question = askOwner({ ...common, store });
  const outgoing = submitOutgoing({ ...common, submission });
  const caldavBackOff = { first: 3_000, longest: 5 * 60_000 };
  const relayBackOff = { first: 15_000, longest: 30 * 60_000 };
  const base = { ...shared, log };
  const queues: RunningQueue[] = [
    runQueue({ ...base, queue: 'incoming', handle: incoming, lanes: 16, perLane: 1, backOff: caldavBackOff }),
    // More lanes than one CalDAV server may occupy (caldav/breaker.ts), so that a server that does not respond leaves lanes
    // for the others.
    runQueue({
      ...base,
      queue: 'event',
      handle: event,
      lanes: 24,
      perLane: 2_000,
      backOff: caldavBackOff,
      onHeld: notifyFailedDecision,
      onFailed: notifyNotWritten({ ...common, store }),
    }),
    runQueue({ ...base, queue: 'question', handle: question, lanes: 4, perLane: 2_000, backOff: caldavBackOff }),
    runQueue({ ...base, queue: 'invitation', handle: invitation, lanes: 4, perLane: 20, backOff: caldavBackOff }),
    // One mail at a time, so that a crash between the relay's 250 and our commit repeats only that mail.
    runQueue({ ...base, queue: 'outgoing', handle: outgoing, lanes: 8, perLane: 1, backOff: relayBackOff }),
  ];
  onStop(() => Promise.all(queues.map((queue) => queue.stop(DRAIN_MS))));
  return { store, expand: common.expand };
}
