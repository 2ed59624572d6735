import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const DEFAULT_TIMEOUT_MS = 60_000;

export interface WaitOptions {
  /** Default 60 s. */
  readonly timeoutMs?: number;
  /** What is waited for, in words: the message of the failure. */
  readonly what: string;
}

/** Asks until the answer is neither false, null nor undefined, and returns it; a condition that throws is asked again. */
export async function waitFor<T>(condition: () => T | Promise<T>, { timeoutMs = DEFAULT_TIMEOUT_MS, what }: WaitOptions): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { value, error } = await attempt(condition);
    if (value !== undefined && value !== null && value !== false) return value as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`, { cause: error });
    await sleep(POLL_MS);
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
