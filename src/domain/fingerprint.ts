import { crc32 } from 'node:zlib';

/** Field of every document that holds its fingerprint. */
export const FINGERPRINT = 'fingerprint';
/** Fingerprints are whole numbers from 0 up to this, without it (2^32). */
export const FINGERPRINTS = 2 ** 32;

/** What a fingerprint covers beside the content. */
export interface Identity {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

/** Where the number goes; JSON allows spaces before a shorter one, so the bytes are written only once. */
const ROOM = '0000000000';
const LIVE_END = ',"deleted":false}';
const DELETED_END = ',"deleted":true}';
/** The end without its comma: nothing may stand before it. */
const TOMBSTONE = Buffer.from(DELETED_END.slice(1));

/**
 * The bytes of a document as every writer hands them over: body, fingerprint, and `deleted` as the last field. `json` is the
 * body as JSON text, without these two and without `origin`.
 */
export function documentBytes(json: string, identity: Identity): Buffer {
  const bytes = withRoom(json, identity);
  const at = bytes.length - (identity.deleted ? DELETED_END : LIVE_END).length - ROOM.length;
  bytes.write(String(numberOf(bytes, identity)).padStart(ROOM.length), at, 'latin1');
  return bytes;
}

/** Whether these are the bytes of something deleted, by how every writer ends them. */
export function isTombstone(document: Buffer): boolean {
  const before = document.length - TOMBSTONE.length;
  if (before <= 0) return false;
  for (let at = TOMBSTONE.length - 1; at >= 0; at -= 1) if (document[before + at] !== TOMBSTONE[at]) return false;
  return true;
}

/** A number that two copies of a document share when they have the same id, version and content, and else do not, but for one chance in 2^32. */
export function fingerprintOf(json: string, identity: Identity): number {
  return numberOf(withRoom(json, identity), identity);
}

function withRoom(json: string, { deleted }: Identity): Buffer {
  return Buffer.from(`${json.slice(0, -1)}${json === '{}' ? '' : ','}"${FINGERPRINT}":${ROOM}${deleted ? DELETED_END : LIVE_END}`);
}

function numberOf(bytes: Buffer, { id, version }: Identity): number {
  return scattered(crc32(bytes, crc32(`${version} ${id}`)));
}

/**
 * Spreads a checksum one to one over 32 bits (the last steps of MurmurHash3). Checksums are linear: the same change in two
 * documents changes both alike, and in a sum over documents that could cancel out.
 */
function scattered(checksum: number): number {
  let bits = Math.imul(checksum ^ (checksum >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
