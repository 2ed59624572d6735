import { murmur2 as referenceMurmur2 } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { murmur2, partitionOfKey } from '../../../src/adapters/kafka/murmur2.ts';

it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s as the Java client does', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

it('agrees with another implementation on any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    expect(murmur2(bytes)).toBe(referenceMurmur2(Buffer.from(bytes)));
  }));
});

it('gives a partition that exists', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
    const partition = partitionOfKey(key, partitions);
    expect(partition >= 0 && partition < partitions).toBe(true);
  }));
});
