// Runs a wire dialogue: a text script of what the client sends and what the server must reply, line by line.
//
//   # comment                     @door lmtp              the door (default: smtp)
//   C: a line, CRLF is added      @limit recipients 2     one of MailDoorLimits
//   R: raw bytes, \r \n \0 \xHH   @receive spool-full     the result of storing a mail: an error code, or `accepts`
//   S: a reply line, exactly      @trusted 127.0.0.1      TRUSTED_RELAYS
//   S: its beginning …            @wait 50                milliseconds
//   S: END (server has closed)    @repeat 20 C: a -> S: b sends the line 20 times and expects the reply each time
//   X: client disconnects         @mails 1                how many mails have been received so far
//
// {reply}, {bounce} are addresses signed for the door, {REPLY} in upper case.
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts';
import type { MailDoorOptions } from '../../src/doors/mail/smtp-door.ts';
import { BOUNCE, REPLY, type RawClient, openTestDoor, rawClient } from '../doors/mail/mail-door-kit.ts';

interface Step {
  readonly number: number;
  readonly kind: string;
  readonly text: string;
}

export async function runDialogue(script: string): Promise<void> {
  const steps = parseScript(script);
  const received: number[] = [];
  const door = await openTestDoor({ ...doorOptions(steps, received) });
  const client = await rawClient(door);
  try {
    for (const step of steps) await runStep(step, client, received);
  } finally {
    client.close();
    await door.close(1_000);
  }
}

function parseScript(script: string): Step[] {
  const filled = script
    .replaceAll('{reply}', REPLY)
    .replaceAll('{REPLY}', REPLY.toUpperCase())
    .replaceAll('{bounce}', BOUNCE);
  return filled.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, kind, text = ''] = /^(@\w+|[CRSX]:) ?(.*)$/.exec(line) ?? [];
    if (kind === undefined) throw new Error(`line ${index + 1} is no step: ${line}`);
    return [{ number: index + 1, kind, text }];
  });
}

function doorOptions(steps: readonly Step[], received: number[]): Partial<MailDoorOptions> {
  const told = (kind: string) => steps.filter((step) => step.kind === kind).map(({ text }) => text);
  const outcome = told('@receive')[0] ?? 'accepts';
  return {
    kind: told('@door')[0] === 'lmtp' ? 'lmtp' : 'smtp',
    trustedRelays: told('@trusted'),
    limits: Object.fromEntries(
      told('@limit')
        .map((text) => text.split(' '))
        .map(([name, value]) => [name, Number(value)]),
    ),
    receive: async ({ envelope }) => {
      if (outcome !== 'accepts')
        throw new GatewayError(outcome as ErrorCode, 'details that stay inside: /var/lib/spool');
      received.push(envelope.rcptTo.length);
    },
  };
}

async function runStep(step: Step, client: RawClient, received: readonly number[]): Promise<void> {
  const { kind, text, number } = step;
  if (kind === 'C:') client.send(`${text}\r\n`);
  if (kind === 'R:') client.send(unescape(text));
  if (kind === 'S:') await expectLine(text, client, number);
  if (kind === 'X:') client.close();
  if (kind === '@wait') await wait(Number(text));
  if (kind === '@mails') expect(received, `line ${number}`).toHaveLength(Number(text));
  if (kind === '@repeat') {
    const [, times, said = '', answered = ''] = /^(\d+) C: (.*) -> S: (.*)$/.exec(text) ?? [];
    for (let time = 0; time < Number(times); time += 1) {
      client.send(`${said}\r\n`);
      await expectLine(answered, client, number);
    }
  }
}

async function expectLine(expected: string, client: RawClient, number: number): Promise<void> {
  const line = (await client.line()) ?? 'END';
  if (expected.endsWith('…')) expect(line, `line ${number}`).toMatch(new RegExp(`^${escape(expected.slice(0, -1))}`));
  else expect(line, `line ${number}`).toBe(expected);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function unescape(text: string): string {
  return text.replaceAll(/\\(r|n|0|x[0-9a-f]{2})/gi, (_, code: string) => {
    if (code === 'r') return '\r';
    if (code === 'n') return '\n';
    return code === '0' ? '\0' : String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
}
