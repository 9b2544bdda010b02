// The corridor: adapters and use cases, joined to the four queues by a Config. In: spool, ledger and what they share; out:
// the calendar store that the doors ask, too. What it opens is closed by `onStop`, last opened first.
import { openAuthenticator } from '../adapters/authenticate/authenticate.ts';
import type { BreakerState } from '../flow/ports/calendar-store.ts';
import { openCalendarStore } from '../adapters/caldav/open-calendar-store.ts';
import type { Templates } from '../core/compose/types.ts';
import type { Config } from './config/config.ts';
import { linksToDecide } from '../flow/questions/decision-link.ts';
import type { DoorsFirst } from '../flow/queue/request-priority.ts';
import { interpretIncoming } from '../flow/inbound/interpret-incoming.ts';
import { mailInvitations } from '../flow/outbound/mail-invitation.ts';
import { notifyOrganizer } from '../flow/questions/notify-organizer.ts';
import type { Outcomes } from '../flow/queue/outcomes.ts';
import { languageOf } from '../flow/outbound/language-of.ts';
import { openPost } from '../flow/outbound/outgoing-mail.ts';
import { submitOutgoing } from '../flow/outbound/submit-outgoing.ts';
import { tellHeld } from '../flow/questions/tell-held.ts';
import { afterGivingUp } from '../flow/questions/notify-failed-decision.ts';
import { workEvent } from '../flow/copies/work-event.ts';
import { wakeWaiting } from '../flow/queue/resume-on-recovery.ts';
import { waitForQuota } from '../flow/outbound/wait-for-quota.ts';
import type { WritePace } from '../flow/queue/write-batching.ts';
import { type QueueWork, workQueue } from '../flow/queue/work-queue.ts';
import type { OccurrenceQuery } from '../core/itip/types.ts';
import type { Log } from '../flow/ports/log.ts';
import { interpretMail } from '../core/message/interpret-mail.ts';
import { openRecurrence } from '../adapters/recurrence/open-recurrence.ts';
import { recipientPolicy } from '../core/signing/recipient-policy.ts';
import type { Ledger, Spool } from '../flow/ports/spool.ts';
import { openSubmission } from '../adapters/submission/open-submission.ts';
import { calendarStoreOptions, hostnameOf, submissionOptions } from './config/adapter-options.ts';
import type { Metrics } from '../adapters/metrics/open-metrics.ts';

export type OnStop = (close: () => Promise<unknown> | unknown) => void;

export const DRAIN_MS = 10_000;

export interface FlowShared {
  readonly doors: DoorsFirst;
  readonly pace: WritePace;
  readonly metrics: Metrics;
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly outcomes: Outcomes;
  readonly makeId: (now: number) => string;
  readonly now: () => number;
  readonly templates: Templates;
}

export async function openFlow(config: Config, log: Log, onStop: OnStop, shared: FlowShared) {
  const { spool, outcomes, metrics, doors } = shared;
  const hostname = hostnameOf(config);
  const bounceDomain = config.bounceDomain ?? config.replyDomain;
  const waking = wakeWaiting({ spool, log, now: shared.now });
  onStop(() => waking.close());
  const onBreaker = (backEnd: string, state: BreakerState): void => {
    metrics.setBreakerState(backEnd, state);
    waking.tell(backEnd, state === 'closed');
    log.warn({ backEnd, breaker: state }, 'how the CalDAV server is asked has changed');
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
  const post = openPost({
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
    post,
    appUrl: config.appUrl,
    languageOf: languageOf(config.defaultLanguage, config.recipientLanguages ?? new Map()),
    timezone: config.displayTimezone,
    replyDomain: config.replyDomain,
    bounceDomain,
    hostname: messageDomain,
    expand: (query: OccurrenceQuery) => recurrence.expand(query),
    linkToDecide: linksToDecide({ ring: config.secrets, appUrl: config.appUrl, now: shared.now }),
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
  const event = workEvent({
    ...common,
    store,
    tellHeld: tellHeld(common),
    notifyOrganizer: notifyOrganizer({ ...common, mode: config.notifyOrganizer }),
  });
  const quota = { hour: config.quotaNewRecipientsHour, day: config.quotaNewRecipientsDay };
  const invitation = doors.giveWay(
    mailInvitations({
      ...common,
      itip: config.itipEnabled,
      guestList: config.showGuestList,
      waitForQuota: waitForQuota({ ...common, quota }),
    }),
  );
  const outgoing = submitOutgoing({ ...common, submission });
  const toCaldav = { first: 3_000, longest: 5 * 60_000 };
  const toRelay = { first: 15_000, longest: 30 * 60_000 };
  const base = { spool, outcomes, log, now: Date.now };
  const works: QueueWork[] = [
    workQueue({ ...base, queue: 'incoming', handle: incoming, lanes: 16, perLane: 1, backOff: toCaldav }),
    // More than one back end may hold (caldav/breaker.ts), so that a silent one leaves room for the others.
    workQueue({
      ...base,
      queue: 'event',
      handle: event,
      lanes: 24,
      perLane: 2_000,
      backOff: toCaldav,
      afterGivingUp: afterGivingUp(shared.makeId),
    }),
    workQueue({ ...base, queue: 'invitation', handle: invitation, lanes: 4, perLane: 20, backOff: toCaldav }),
    // One at a time: a crash between the relay's 250 and our record repeats at most one mail.
    workQueue({ ...base, queue: 'outgoing', handle: outgoing, lanes: 8, perLane: 1, backOff: toRelay }),
  ];
  onStop(() => Promise.all(works.map((work) => work.stop(DRAIN_MS))));
  return { store };
}
