/** Most that may be sent to a cluster, or a part of it; null is no cap, 0 is a pause. Documents count each time they are sent, bytes are those of the request bodies. */
export interface Caps {
  readonly documentsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
}

export const NO_CAPS: Caps = { documentsPerSecond: null, bytesPerSecond: null };

/** What one host may send of the caps of a cluster: the share of the partitions that it owns among those of every lane that writes to the cluster. */
export function shareOf(caps: Caps, owned: number, total: number): Caps {
  const share = total === 0 ? 0 : Math.min(1, owned / total);
  const part = (cap: number | null) => (cap === null ? null : cap * share);
  return { documentsPerSecond: part(caps.documentsPerSecond), bytesPerSecond: part(caps.bytesPerSecond) };
}

/** Both at once. */
export function tighter(a: Caps, b: Caps): Caps {
  return { documentsPerSecond: lower(a.documentsPerSecond, b.documentsPerSecond), bytesPerSecond: lower(a.bytesPerSecond, b.bytesPerSecond) };
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
