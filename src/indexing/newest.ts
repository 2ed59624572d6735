/** No operation of the batch stands above this one. */
export const UNSHADOWED = -1;

/**
 * Finds operations of one batch that meet the same document, by open addressing over the ids' bytes as they stand in the
 * body. The newest one shadows the others: they need not be sent unless it is rejected. No object per operation.
 */
export class Newest {
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #hashes: Int32Array;
  readonly #idStarts: Uint32Array;
  readonly #idEnds: Uint32Array;
  readonly #groups: Uint16Array;
  readonly #versions: Float64Array;
  readonly #shadowedBy: Int32Array;
  shadows = 0;

  constructor(operations: number) {
    const size = 2 ** Math.ceil(Math.log2(operations * 2));
    this.#slots = new Int32Array(size);
    this.#mask = size - 1;
    this.#hashes = new Int32Array(operations);
    this.#idStarts = new Uint32Array(operations);
    this.#idEnds = new Uint32Array(operations);
    this.#groups = new Uint16Array(operations);
    this.#versions = new Float64Array(operations);
    this.#shadowedBy = new Int32Array(operations);
  }

  clear(): void {
    this.#slots.fill(0);
    this.shadows = 0;
  }

  /** Notes operation `at`; `group` tells indices apart, `equalWins` says whether a later equal version takes over. */
  note(at: number, body: Buffer, idStart: number, idEnd: number, group: number, version: number, equalWins: boolean): void {
    const hash = hashOf(body, idStart, idEnd) ^ group;
    this.#hashes[at] = hash;
    this.#idStarts[at] = idStart;
    this.#idEnds[at] = idEnd;
    this.#groups[at] = group;
    this.#versions[at] = version;
    this.#shadowedBy[at] = UNSHADOWED;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const known = (this.#slots[slot] as number) - 1;
      if (known === -1) {
        this.#slots[slot] = at + 1;
        return;
      }
      if (!this.#same(known, at, body)) continue;
      const newer = version > (this.#versions[known] as number) || (equalWins && version === this.#versions[known]);
      this.#shadowedBy[newer ? known : at] = newer ? at : known;
      if (newer) this.#slots[slot] = at + 1;
      this.shadows += 1;
      return;
    }
  }

  /** The operation that stands above all others of its document; UNSHADOWED for that one itself. */
  winnerOver(at: number): number {
    let winner = UNSHADOWED;
    for (let next = this.#shadowedBy[at] as number; next !== UNSHADOWED; next = this.#shadowedBy[next] as number) winner = next;
    return winner;
  }

  #same(known: number, at: number, body: Buffer): boolean {
    if (this.#hashes[known] !== this.#hashes[at] || this.#groups[known] !== this.#groups[at]) return false;
    return body.compare(body, this.#idStarts[known], this.#idEnds[known], this.#idStarts[at], this.#idEnds[at]) === 0;
  }
}

/** FNV-1a over the bytes. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
