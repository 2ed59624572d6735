import { createZstdDecompress, type ZstdDecompress } from 'node:zlib';

const NOTHING = Buffer.alloc(0);

/** Every frame of a Zstandard stream. Node's own decoder ends with the first one and drops the rest without a word (nodejs/node#64741). Rejects with Node's error for what is no Zstandard, or cut off. */
export async function* unzstd(packed: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const input = new Unread(packed);
  do yield* oneFrame(input);
  while (await input.hasMore());
}

async function* oneFrame(input: Unread): AsyncGenerator<Buffer, void, undefined> {
  const decoder = createZstdDecompress();
  const fed = feed(decoder, input);
  fed.catch(() => undefined); // awaited below, where the decoder has not failed before
  try {
    yield* decoder as AsyncIterable<Buffer>;
    await fed;
  } finally {
    decoder.destroy();
  }
}

/** Writes into the decoder until its frame or the input is over, and gives back what belongs to the next frame. */
async function feed(decoder: ZstdDecompress, input: Unread): Promise<void> {
  let written = 0;
  for (;;) {
    const chunk = await input.next();
    if (chunk === null) {
      decoder.end();
      return;
    }
    written += chunk.length;
    await new Promise((resolve) => { decoder.write(chunk, resolve); });
    const left = written - decoder.bytesWritten;
    if (left === 0) continue;
    input.putBack(chunk.subarray(chunk.length - left));
    return;
  }
}

/** The chunks of an input, of which one can be put back. */
class Unread {
  readonly #chunks: AsyncIterator<Buffer> | Iterator<Buffer>;
  #first: Buffer = NOTHING;

  constructor(chunks: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  async next(): Promise<Buffer | null> {
    if (!(await this.hasMore())) return null;
    const chunk = this.#first;
    this.#first = NOTHING;
    return chunk;
  }

  putBack(chunk: Buffer): void {
    this.#first = chunk;
  }

  async hasMore(): Promise<boolean> {
    while (this.#first.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#first = next.value;
    }
    return true;
  }
}
