// Limits the time to wait for work. In: the work and a limit; out: the result of the work, or of `late` if the limit is reached
// first. It refuses nothing: the work is not stopped, and its later result is ignored.
//
// It is in core because flow, doors and adapters use it, and core is the only layer that all of them import. Core has no
// timers, so the limit is a parameter: callers pass `AbortSignal.timeout(ms)`.

/** Rejects if the work rejects in time or `late` throws. The result of finished work is returned even after the limit. */
export async function within<T, L>(limit: AbortSignal, work: Promise<T>, late: () => L): Promise<T | L> {
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = () => resolve();
  });
  if (limit.aborted) reach();
  limit.addEventListener('abort', reach, { once: true });
  try {
    return await Promise.race([work, reached.then(late)]);
  } finally {
    limit.removeEventListener('abort', reach);
  }
}
