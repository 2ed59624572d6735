/**
 * The outcome of the work, or null as soon as the signal fires. Leaves nothing behind: racing against one long-lived
 * promise instead would keep every result alive that was ever raced.
 */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  if (signal.aborted) return null;
  return await new Promise<Result | null>((resolve, reject) => {
    const stop = (): void => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
