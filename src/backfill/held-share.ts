/** A telling that was answered so long ago was heard by every lane, ms: they wait for it with an open request. */
export const HEARD_MS = 5_000;
/** How long a note holds, ms; the lanes count from when they hear it, which is later than when we began to tell it. */
export const HOLDS_MS = 30_000;

interface Telling { readonly share: number; readonly begunAt: number; toldAt: number | null }

/**
 * The share of the caps that a load may take at a moment, so that lanes and loads together never pass the caps: as much as
 * every lane has given up by now, whichever of the last notes it heard. Times are monotonic ms.
 */
export class HeldShare {
  #tellings: Telling[] = [];
  #intended = 0;

  /** From now on no more than this is taken. Call it before telling less. */
  intend(share: number): void {
    this.#intended = share;
  }

  /** Notes that a telling begins; what it returns notes that every region took it. One that some region did not take may have been heard, or not. */
  tell(share: number, now: number): (now: number) => void {
    const telling: Telling = { share, begunAt: now, toldAt: null };
    this.#tellings = [...this.#tellings.filter(({ begunAt }) => begunAt + HOLDS_MS > now), telling];
    return (at) => { telling.toldAt = at; };
  }

  /** The share that may be taken now. */
  at(now: number): number {
    const standing = this.#tellings.findLastIndex(({ toldAt }) => toldAt !== null && toldAt + HEARD_MS <= now);
    const base = this.#tellings[standing];
    if (base === undefined || base.begunAt + HOLDS_MS <= now) return 0;
    return Math.min(this.#intended, ...this.#tellings.slice(standing).map(({ share }) => share));
  }
}
