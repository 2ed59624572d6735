const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** The partition that every Kafka client chooses for a key (murmur2, as the Java client has it). */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let part = Math.imul(bytes.readInt32LE(at), M);
    part = Math.imul(part ^ (part >>> R), M);
    hash = Math.imul(hash, M) ^ part;
  }
  for (let at = bytes.length - 1; at >= whole; at -= 1) hash ^= (bytes[at] as number) << (8 * (at - whole));
  if (whole < bytes.length) hash = Math.imul(hash, M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
