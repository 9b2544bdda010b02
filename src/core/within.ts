// Work and a limit in, what the work gives out, or what `late` gives where the limit is reached first. The work is not
// stopped: how it ends later is ignored.
//
// It is in core because flow, doors and adapters all limit how long they wait, and core is the only layer that all of them
// import. Core has no timer, so the limit is a parameter: callers pass `AbortSignal.timeout(ms)`.

/** Rejects where the work rejects in time, or `late` throws. Work that is done already counts even past the limit. */
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
