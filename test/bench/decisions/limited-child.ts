// Runs work that may never end, in a process that is killed at its time limit. In: a module that calls `answerParent`, and
// a request; out: its response, or null at the limit. The limit is processor time after the module is loaded, because on a
// busy machine a child may get little of it.
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuOf } from '../bench-kit.ts';

type Reply<A> = { readonly ready: true } | { readonly answer: A };

export interface LimitedChild<Q, A> {
  /** null: killed after `limitMs` of processor time. The next request gets a new process. */
  ask(request: Q, limitMs: number): Promise<A | null>;
  stop(): Promise<void>;
}

export function openChild<Q extends object, A>(module: URL): LimitedChild<Q, A> {
  let child: ChildProcess | null = null;

  async function stop(): Promise<void> {
    const gone = child;
    child = null;
    if (gone === null || gone.exitCode !== null || gone.signalCode !== null) return;
    await new Promise((resolve) => {
      gone.once('exit', resolve);
      gone.kill('SIGKILL');
    });
  }

  async function ask(request: Q, limitMs: number): Promise<A | null> {
    child ??= await start<A>(module);
    const answering = nextReply<A>(child);
    child.send(request);
    const answered = new AbortController();
    const reply = await Promise.race([answering, used(limitMs, child.pid ?? 0, answered.signal)]);
    answered.abort();
    if (reply === null) await stop();
    return reply !== null && 'answer' in reply ? reply.answer : null;
  }

  return { ask, stop };
}

async function start<A>(module: URL): Promise<ChildProcess> {
  const child = fork(fileURLToPath(module), { execArgv: ['--import', 'tsx'] });
  const reply = await nextReply<A>(child);
  if (reply === null || !('ready' in reply)) throw new TypeError(`${module.href} did not start`);
  return child;
}

/** null if the process ends first. */
function nextReply<A>(child: ChildProcess): Promise<Reply<A> | null> {
  return new Promise((resolve) => {
    const ended = (): void => resolve(null);
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Reply<A>);
    });
  });
}

/** Resolves when the process has used that much more processor time, or has ended. */
async function used(limitMs: number, pid: number, answered: AbortSignal): Promise<null> {
  const total = (): Promise<number> => cpuOf(pid).catch(() => Number.POSITIVE_INFINITY);
  const end = (await total()) + limitMs;
  for (let left = limitMs; left > 0 && !answered.aborted; left = end - (await total())) {
    await sleep(Math.max(left / 2, 20));
  }
  return null;
}

/** In the child: reports that the module is loaded, and responds to requests one by one. */
export function answerParent<Q, A>(work: (request: Q) => A | Promise<A>): void {
  const send = (reply: Reply<A>): unknown => process.send?.(reply);
  process.on('message', async (request) => send({ answer: await work(request as Q) }));
  process.once('disconnect', () => process.exit());
  send({ ready: true });
}
