/** A stream of numbers that a seed decides wholly (xoshiro128**): the same on every machine, in every run. */
export class Random {
  readonly #state: Uint32Array;

  /** `seed`: any integer; only its low 32 bits count. */
  constructor(seed: number) {
    this.#state = seededState(seed);
  }

  /** The next 32 bits, as an unsigned integer. */
  bits(): number {
    const s = this.#state;
    const [a, b, c, d] = [s[0] ?? 0, s[1] ?? 0, s[2] ?? 0, s[3] ?? 0];
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const mixed = d ^ b;
    const folded = c ^ a;
    s[0] = a ^ mixed;
    s[1] = b ^ folded;
    s[2] = folded ^ (b << 9);
    s[3] = rotate(mixed, 11);
    return result;
  }

  /** Uniform, 0 ≤ x < 1. */
  unit(): number {
    return this.bits() / 2 ** 32;
  }

  /** Uniform integer, both ends included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of a list that is not empty. */
  pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.unit() * values.length)] as Value;
  }

  /** Skewed towards the front of a list that is not empty, as popularity is. */
  pickPopular<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.unit() ** 2 * values.length)] as Value;
  }

  /** Normal, mean 0, deviation 1 (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** Log-normal around `median`; `sigma` is the deviation of the logarithm. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** Four words from one by splitmix32, so that near seeds give far streams. */
function seededState(seed: number): Uint32Array {
  let word = seed >>> 0;
  return Uint32Array.from({ length: 4 }, () => {
    word = (word + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  });
}
