// The corridor: adapters and use cases, joined to the four queues by a Config. In: spool, ledger and what they share; out:
// the calendar store that the doors ask, too. What it opens is closed by `onStop`, last opened first.
import { openAuthenticator } from './authenticate/authenticate.ts';
import type { BreakerState } from './caldav/breaker.ts';
import { openCalendarStore } from './caldav/open-calendar-store.ts';
import type { Templates } from './compose/types.ts';
import type { Config } from './config.ts';
import { linksToDecide } from './flow/decision-link.ts';
import type { DoorsFirst } from './flow/doors-first.ts';
import { interpretIncoming } from './flow/interpret-incoming.ts';
import { mailInvitations } from './flow/mail-invitation.ts';
import { notifyOrganizer } from './flow/notify-organizer.ts';
import type { Outcomes } from './flow/outcomes.ts';
import { languageOf } from './flow/language-of.ts';
import { openPost } from './flow/post.ts';
import { submitOutgoing } from './flow/submit-outgoing.ts';
import { tellHeld } from './flow/tell-held.ts';
import { afterGivingUp } from './flow/tell-not-entered.ts';
import { workEvent } from './flow/work-event.ts';
import { wakeWaiting } from './flow/wake-waiting.ts';
import { waitForQuota } from './flow/wait-for-quota.ts';
import type { WritePace } from './flow/write-pace.ts';
import { type QueueWork, workQueue } from './flow/work-queue.ts';
import type { OccurrenceQuery } from './itip/types.ts';
import type { Log } from './log.ts';
import { interpretMail } from './message/interpret-mail.ts';
import { openRecurrence } from './recurrence/open-recurrence.ts';
import { recipientPolicy } from './smtp/recipient-policy.ts';
import type { Ledger, Spool } from './spool/types.ts';
import { openSubmission } from './submission/open-submission.ts';
import { calendarStoreOptions, hostnameOf, submissionOptions } from './adapter-options.ts';
import type { Metrics } from './metrics/open-metrics.ts';

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
    metrics.showBreaker(backEnd, state);
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
