import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readVarint, seekTo, tell } from '../../../src/adapters/kafka/platformatic/varint.ts';

/** Zigzag as the protocol defines it for 64 bits. */
function encode(value: number): Buffer {
  let raw = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  while (raw > 0x7fn) {
    out.push(Number(raw & 0x7fn) | 0x80);
    raw >>= 7n;
  }
  return Buffer.from([...out, Number(raw)]);
}

it('reads every number of 52 bits, and stops right behind it', () => {
  const number = fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.maxSafeInteger().map((value) => Math.trunc(value / 2)));
  fc.assert(fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), (numbers) => {
    const bytes = Buffer.concat([...numbers.map(encode), Buffer.from([0xff])]);
    seekTo(0);
    // Adding zero turns -0, which has no encoding of its own, into 0.
    expect(numbers.map(() => readVarint(bytes))).toEqual(numbers.map((value) => value + 0));
    expect(tell()).toBe(bytes.length - 1);
  }), { numRuns: 1_000 });
});

it('ends at the end of the bytes, whatever they are', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
    seekTo(0);
    readVarint(bytes);
    expect(tell()).toBeLessThanOrEqual(16);
  }));
});
