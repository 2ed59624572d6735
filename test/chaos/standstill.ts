/** Where one reader of a log stands: ingest for one region, or one lane. */
export interface Standing {
  /** Records that are not done. */
  readonly behind: number;
  /** All committed offsets together. */
  readonly done: number;
}

/** Finds the longest time that any reader stood still although there was work, from its first step on. Times in ms of any steady clock. */
export class StandstillClock {
  readonly #since = new Map<string, { done: number; at: number }>();
  #longest = 0;
  #reader: string | null = null;

  measured(standings: ReadonlyMap<string, Standing>, now: number): void {
    for (const [reader, { behind, done }] of standings) {
      const known = this.#since.get(reader);
      if (known === undefined || behind === 0 || done === 0 || done !== known.done) this.#since.set(reader, { done, at: now });
      else if (now - known.at > this.#longest) [this.#longest, this.#reader] = [now - known.at, reader];
    }
  }

  /** Seconds, rounded to tenths. */
  longest(): { readonly seconds: number; readonly reader: string | null } {
    return { seconds: Math.round(this.#longest / 100) / 10, reader: this.#reader };
  }
}
