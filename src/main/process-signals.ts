import type { Logger } from 'pino';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const EXIT_AT_ONCE = 1;
/** One Ctrl-C may arrive more than once, from the terminal and from npm: signals so close together are one, ms. */
const SAME_SIGNAL_MS = 500;
/** After the time of a drain, for leaving the groups: who does not leave holds its partitions until its session ends. */
const LEAVE_MS = 5_000;

/** How a process is asked to stop. */
export interface Stop {
  /** Aborted when the process is to drain. */
  readonly signal: AbortSignal;
  /** The drain took longer than it may: what is not settled was given up. */
  readonly late: boolean;
  /** Begins the drain from inside. */
  drain(reason: string): void;
  onDrain(listener: () => void): void;
  /** Takes the listeners away: nothing is left to stop. */
  end(): void;
}

/**
 * The first SIGTERM or SIGINT (or the loss of the parent that started this process with a channel) begins the drain; a
 * second one ends the process at once, as does a drain that is not over soon after `drainTimeoutMs`: what was not settled
 * is not committed, so it is read again.
 */
export function watchForStop(drainTimeoutMs: number, log: Logger): Stop {
  const controller = new AbortController();
  let overdue: NodeJS.Timeout | undefined;
  let drainingSince = 0;
  let late = false;

  function drain(reason: string): void {
    if (controller.signal.aborted) return;
    drainingSince = performance.now();
    log.info({ reason }, 'draining');
    overdue = setTimeout(() => giveUp(`not drained within ${drainTimeoutMs} ms`), drainTimeoutMs);
    controller.abort(new Error(reason));
  }
  function giveUp(reason: string): void {
    late = true;
    log.error({ reason }, 'what is not settled is given up');
    overdue = setTimeout(() => exitNow(reason), LEAVE_MS);
  }
  function exitNow(reason: string): void {
    log.error({ reason }, 'stopped without draining');
    process.exit(EXIT_AT_ONCE);
  }
  function onSignal(name: string): void {
    if (!controller.signal.aborted) drain(name);
    else if (performance.now() - drainingSince > SAME_SIGNAL_MS) exitNow(`second signal: ${name}`);
  }
  const onLoss = () => drain('the parent process has gone');
  for (const name of SIGNALS) process.on(name, onSignal);
  process.on('disconnect', onLoss);
  return {
    signal: controller.signal,
    get late() { return late; },
    drain,
    onDrain: (listener) => controller.signal.addEventListener('abort', listener, { once: true }),
    end: () => {
      clearTimeout(overdue);
      for (const name of SIGNALS) process.off(name, onSignal);
      process.off('disconnect', onLoss);
    },
  };
}

/** Tells a parent that holds a channel where this process serves its health. */
export function announce(url: string): void {
  process.send?.({ url });
}
