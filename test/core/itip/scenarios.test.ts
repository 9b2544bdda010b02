// Runs every script of fixtures/itip (see its README.md): an event, messages, the outcome of each, and the event after it.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { addDelegate } from '../../../src/core/itip/add-delegate.ts';
import { parseEvent } from '../../../src/core/ical/event-document.ts';
import { declineCounterFor } from '../../../src/core/itip/schedule-message.ts';
import type { ClaimedItem, Decision } from '../../../src/core/itip/types.ts';
import { address, Ledgered, reasonOf } from './run-answer.ts';

const FOLDER = new URL('../../../fixtures/itip/', import.meta.url);
const scripts = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

interface Step {
  readonly word: string;
  readonly args: string;
  readonly options: ReadonlyMap<string, string>;
  readonly body: string;
}

function readScript(text: string): Step[] {
  const [, ...steps] = text.split(/^=== /m);
  return steps.map((step) => {
    const [head = '', ...lines] = step.split('\n');
    const [word = '', ...args] = head.trim().split(' ');
    const options = args.flatMap((arg) => (arg.includes('=') ? [arg.split('=', 2) as [string, string]] : []));
    const body = lines.filter((line) => !line.startsWith('#')).join('\r\n');
    return {
      word,
      args: args.join(' '),
      options: new Map(options),
      body: body.trim() === '' ? '' : `${body.trimEnd()}\r\n`,
    };
  });
}

function describeOutcome(item: ClaimedItem, decisions: Decision[]): string {
  if (item.kind === 'answer') {
    const decision = decisions.shift();
    const comment = item.comment === null ? '' : ` comment ${JSON.stringify(item.comment)}`;
    const also = item.delegatedTo.length === 0 ? '' : ` delegate ${item.delegatedTo.map((each) => each.key).join(' ')}`;
    return `${decision ? reasonOf(decision) : 'no decision'}${comment}${also}`;
  }
  const subject = `${item.kind} ${item.attendee?.key ?? 'somebody'} ${item.occurrence.recurrenceId ?? 'event'}`;
  if (item.kind === 'refresh') return subject;
  const times = [item.start, item.end].map((time) => (time ? `${time.local} ${time.zone ?? time.form}` : 'open'));
  return `${subject} ${times.join(' to ')}${item.comment === null ? '' : ` comment ${JSON.stringify(item.comment)}`}`;
}

class Stage {
  ledgered: Ledgered | null = null;
  /** The outcomes of the last message that the script has not checked yet. */
  outcomes: string[] = [];

  run(step: Step): void {
    const ledgered = this.ledgered;
    if (step.word === 'event') this.load(step);
    else if (!ledgered) throw new TypeError('a script begins with an event');
    else if (step.word === 'mailed') ledgered.mailed.push(mailed(step));
    else if (step.word === 'message') this.receive(ledgered, step);
    else if (step.word === 'add') this.add(ledgered, step);
    else if (step.word === 'decline') expect(declined(ledgered, step)).toBe(step.body);
    else if (step.word === 'then') expect(this.outcomes.shift()).toBe(step.args);
    else if (step.word === 'expect') expect(ledgered.text).toBe(step.body);
    else throw new TypeError(`unknown step: ${step.word}`);
  }

  /** Loads the event. A second event is one that another client has changed; the ledger is kept. */
  load({ options, body }: Step): void {
    const stored = options.get('stored');
    const storedAt = stored === undefined ? null : Date.parse(stored);
    if (this.ledgered) this.ledgered.document = parseEvent(body, storedAt);
    else this.ledgered = new Ledgered(body, storedAt);
  }

  /** The organizer confirms a delegate. */
  add(ledgered: Ledgered, { args, options }: Step): void {
    const [delegate = ''] = args.split(' ');
    const delegator = address(options.get('for') ?? '');
    const occurrence = options.get('occurrence') ?? null;
    ledgered.document = addDelegate(ledgered.document, delegator, address(delegate), occurrence);
  }

  receive(ledgered: Ledgered, { options, body }: Step): void {
    expect(this.outcomes).toEqual([]);
    const sent = options.get('sent');
    const as = options.get('as');
    try {
      const received = ledgered.receive(
        body,
        options.get('method') ?? null,
        sent ? Date.parse(sent) : null,
        as ? address(as) : null,
      );
      const decisions = [...received.decisions];
      const { items, unusable, method } = received.message;
      this.outcomes = [
        ...items.map((item) => describeOutcome(item, decisions)),
        ...unusable.map((each) => `unusable ${each}`),
      ];
      if (this.outcomes.length === 0) this.outcomes = [`nothing to do for ${method ?? 'no method'}`];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.outcomes = [`${error.code}: ${error.message}`];
    }
  }
}

function mailed({ args, options, body }: Step) {
  return {
    calendar: body,
    method: args.split(' ')[0] ?? '',
    recurrenceId: options.get('occurrence') ?? null,
    sequence: Number(options.get('sequence')),
    raised: {},
    mailedAt: Date.parse(options.get('at') ?? ''),
    stampedAt: Date.parse(options.get('at') ?? ''),
    scheduleFingerprint: options.get('schedule') ?? '',
  };
}

/** Returns the DECLINECOUNTER that the attendee gets. */
function declined({ document }: Ledgered, { args, options }: Step): string | null {
  const [attendee = ''] = args.split(' ');
  const at = Date.parse(options.get('at') ?? '');
  return declineCounterFor(document, address(attendee), options.get('occurrence') ?? null, at);
}

describe('fixtures/itip', () => {
  it('has a script for every row of the decision table', () => {
    expect(scripts.length).toBeGreaterThanOrEqual(40);
  });

  it.each(scripts)('%s', (name) => {
    const stage = new Stage();
    for (const step of readScript(readFileSync(new URL(name, FOLDER), 'utf8'))) stage.run(step);
    expect(stage.outcomes).toEqual([]);
  });
});
