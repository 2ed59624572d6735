import { SluiceError } from '../../domain/errors.ts';

/** Runs work that Ctrl-C or SIGTERM asks to end: the first aborts the signal, a second one ends the process as usual. */
export async function untilStopped<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new SluiceError('STOPPED', 'stopped by the operator'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
  }
}
