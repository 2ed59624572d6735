/** How far a part of the process got. */
export interface Progress {
  /** Rises with every piece of work that is finished; never falls. */
  readonly count: number;
  /** False while there is nothing to do: an idle part is alive. */
  readonly hasWork: boolean;
}

/** A part of the process that health is asked of. Calls are cheap and never throw. */
export interface HealthPart {
  readonly name: string;
  progress(): Progress;
  /** Why it cannot serve now (held, not connected, …), one sentence each; empty when ready. */
  notReady(): readonly string[];
  /** Plain data for `/status`. */
  status(): unknown;
}

/** A part's progress as last seen, and since when (monotonic ms) it has had work without finishing any. */
export interface Mark {
  readonly progress: Progress;
  readonly since: number;
}

export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** The next mark: time without progress counts only while there was work all along. */
export function marked(previous: Mark | undefined, progress: Progress, now: number): Mark {
  const stalled = previous !== undefined && previous.progress.hasWork && progress.hasWork && previous.progress.count === progress.count;
  return { progress, since: stalled ? previous.since : now };
}

/** Alive unless a part has had work and finished none for longer than `stallMs`. */
export function liveness(marks: ReadonlyMap<string, Mark>, now: number, stallMs: number): Verdict {
  const reasons = [...marks].filter(([, mark]) => mark.progress.hasWork && now - mark.since > stallMs)
    .map(([name, mark]) => `${name} has work and made no progress for ${Math.round((now - mark.since) / 1_000)} s`);
  return { ok: reasons.length === 0, reasons };
}

/** Ready when the process has started, is not draining, and every part is ready. */
export function readiness(parts: readonly HealthPart[], phase: 'starting' | 'running' | 'draining'): Verdict {
  const own = phase === 'running' ? [] : [`the process is ${phase}`];
  const reasons = [...own, ...parts.flatMap((part) => part.notReady().map((reason) => `${part.name}: ${reason}`))];
  return { ok: reasons.length === 0, reasons };
}
