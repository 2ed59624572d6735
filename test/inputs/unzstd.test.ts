import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unzstd } from '../../src/inputs/unzstd.ts';

async function plain(chunks: Iterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of unzstd(chunks)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('a Zstandard stream', () => {
  it('is read frame by frame to its end, however it is cut', async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(contents, fc.integer({ min: 1, max: 80 }), async (frames, size) => {
      const packed = Buffer.concat(frames.map((frame) => zstdCompressSync(frame)));
      expect(await plain(cut(packed, size))).toEqual(Buffer.concat(frames));
    }), { numRuns: 60 });
  });

  it('of large frames comes in pieces', async () => {
    const frames = ['a', 'b'].map((letter) => Buffer.alloc(3_000_000, letter));
    expect((await plain([Buffer.concat(frames.map((frame) => zstdCompressSync(frame)))])).equals(Buffer.concat(frames))).toBe(true);
  });

  it.each([
    ['is cut off in its second frame', Buffer.concat([zstdCompressSync('a'), zstdCompressSync('b').subarray(0, -1)])],
    ['has something else behind its frame', Buffer.concat([zstdCompressSync('a'), Buffer.from('rubbish')])],
    ['is none', Buffer.from('plain')],
  ])('that %s is refused', async (_, packed) => {
    await expect(plain([packed])).rejects.toThrow();
    await expect(plain(cut(packed, 1))).rejects.toThrow();
  });
});
