/** Why a request was given up before its answer. */
export type GivenUp = 'timeout' | 'aborted';

/** One request's own abort signal: fires at its deadline, or with the caller's signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Null while neither has happened. */
  givenUp(): GivenUp | null;
  /** Frees the timer and the listener; destroys whatever of the answer is still unread. */
  end(): void;
}

/** Made once: an abort without a reason makes an error, with its stack, each time. */
const ENDED = new Error('the request is over');

/**
 * Begins a deadline of `ms`. The client gets this signal and never the caller's: on a time-out it dispatches `abort` on
 * the signal that it was given, which would abort everything else that hangs on it; and its time-outs end with the headers.
 */
export function beginDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let reason: GivenUp | null = null;
  const giveUp = (why: GivenUp): void => {
    reason ??= why;
    controller.abort();
  };
  const timer = setTimeout(() => giveUp('timeout'), ms);
  const abort = (): void => giveUp('aborted');
  if (outer?.aborted === true) abort();
  else outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    givenUp: () => reason,
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
      controller.abort(ENDED);
    },
  };
}
