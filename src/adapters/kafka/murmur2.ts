const SEED = 0x9747b28c | 0;
const M = 0x5bd1e995;
const R = 24;

/** The hash of Kafka's Java client over a key's bytes, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, M);
    word = Math.imul(word ^ (word >>> R), M);
    hash = Math.imul(hash, M) ^ word;
  }
  if (whole < length) hash = Math.imul(hash ^ tailOf(bytes, whole), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

/** The partition that the Java client's default partitioner gives a key. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function tailOf(bytes: Uint8Array, from: number): number {
  let tail = 0;
  for (let at = from, shift = 0; at < bytes.length; at++, shift += 8) tail |= byteAt(bytes, at) << shift;
  return tail;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
