export interface LockOptions {
  /** Told once when another process holds the lock. */
  readonly onWait?: (holder: number | undefined) => void;
  readonly signal?: AbortSignal;
}

/** Runs `work` while no other process holds the lock file `path`; takes over the lock of a dead holder. */
export function withLock<T>(path: string, work: () => Promise<T>, options?: LockOptions): Promise<T>;
