interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * A semaphore in bytes: what is fetched, queued and in flight together stays under one bound. First come, first served.
 * A request for more than the whole limit is granted alone, when nothing else is held, so one giant record cannot stall.
 */
export class ByteBudget {
  readonly limit: number;
  #inUse = 0;
  readonly #waiters: Waiter[] = [];

  /** `limit` in bytes; throws RangeError unless it is a positive number. */
  constructor(limit: number) {
    if (!(limit > 0)) throw new RangeError(`a byte budget needs a positive limit, not ${limit}`);
    this.limit = limit;
  }

  /** Bytes held now; above the limit only through `take` or one oversized request. */
  get inUse(): number { return this.#inUse; }
  /** How many requests wait for room. */
  get waiting(): number { return this.#waiters.length; }

  /** Resolves when the bytes are held; rejects with the signal's reason when aborted while waiting. */
  acquire(bytes: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(asError(signal.reason));
    if (this.tryAcquire(bytes)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { bytes, grant: () => { signal?.removeEventListener('abort', leave); resolve(); } };
      const leave = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        this.#grantWaiting();
        reject(asError(signal?.reason));
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Holds the bytes at once where there is room and nobody waits; false otherwise. */
  tryAcquire(bytes: number): boolean {
    if (this.#waiters.length > 0 || !this.#fits(bytes)) return false;
    this.#inUse += bytes;
    return true;
  }

  /** Holds bytes that are in memory already, whatever the limit says: later requests wait for them. */
  take(bytes: number): void {
    this.#inUse += bytes;
  }

  /** Gives bytes back and lets waiting requests in; throws RangeError when more is given back than is held. */
  release(bytes: number): void {
    if (bytes > this.#inUse) throw new RangeError(`released ${bytes} bytes of ${this.#inUse} held`);
    this.#inUse -= bytes;
    this.#grantWaiting();
  }

  #fits(bytes: number): boolean {
    return this.#inUse === 0 || this.#inUse + bytes <= this.limit;
  }

  #grantWaiting(): void {
    for (let first = this.#waiters[0]; first !== undefined && this.#fits(first.bytes); first = this.#waiters[0]) {
      this.#waiters.shift();
      this.#inUse += first.bytes;
      first.grant();
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
