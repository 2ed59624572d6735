/**
 * Reads Kafka's zigzag varints from one buffer after another. The position is module state on purpose: the decoder calls
 * this some seven times per record, and a cursor object or a returned pair would cost more than the reading.
 */
let position = 0;

/** Where the next read begins. */
export function tell(): number {
  return position;
}

export function seekTo(at: number): void {
  position = at;
}

/** A signed number of up to 53 bits. What lies beyond the buffer reads as zeros: callers check `tell()` afterwards. */
export function readVarint(bytes: Uint8Array): number {
  const first = bytes[position++] as number;
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  const second = bytes[position++] as number;
  if (second < 0x80) {
    const raw = (first & 0x7f) | (second << 7);
    return (raw >>> 1) ^ -(raw & 1);
  }
  return readLong(bytes, (first & 0x7f) | ((second & 0x7f) << 7));
}

const MAX_SHIFT = 63;

function readLong(bytes: Uint8Array, low: number): number {
  let raw = low;
  let shift = 14;
  for (let byte = 0x80; byte >= 0x80 && shift <= MAX_SHIFT; shift += 7) {
    byte = bytes[position++] ?? 0;
    // Beyond 31 bits integer operators would wrap: multiply instead.
    raw += (byte & 0x7f) * 2 ** shift;
  }
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}
