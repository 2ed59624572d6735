import { createReadStream, createWriteStream, ReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SluiceError } from '../../domain/errors.ts';
import { unzstd } from '../unzstd.ts';

export type Format = 'csv' | 'ndjson' | 'parquet';

/** An input, uncompressed, with its format found out from its bytes. */
export type OpenInput =
  | { readonly format: 'csv' | 'ndjson'; readonly stream: Readable; /** Of the file as it lies there. */ bytesRead(): number }
  /** A file on disk, since Parquet is read from its end; `temporary` folders are removed by `close`. */
  | { readonly format: 'parquet'; readonly path: string; close(): Promise<void> };

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const PARQUET = Buffer.from('PAR1');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const MAGIC_BYTES = 4;

/** Opens a file, or standard input for `-`; gzip, zstd and Parquet are known by their first bytes, JSON by its brace. */
export async function openInput(path: string, stdin: Readable, format: Format | undefined): Promise<OpenInput> {
  const raw = path === '-' ? stdin : createReadStream(path);
  try {
    const outer = await peek(raw);
    const inner = isPacked(outer.head) ? await peek(decompressed(outer)) : outer;
    if (format === 'parquet' || startsWith(inner.head, PARQUET)) {
      if (path === '-' || inner !== outer) return await spooledParquet(inner.stream);
      raw.destroy();
      return { format: 'parquet', path, close: async () => undefined };
    }
    const found = /^\s*\{/.test(inner.head.toString('latin1')) ? 'ndjson' : 'csv';
    return { format: format ?? found, stream: inner.stream, bytesRead: () => (raw instanceof ReadStream ? raw.bytesRead : 0) };
  } catch (error) {
    raw.destroy();
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('INPUT_INVALID', `${path} cannot be read`, { cause: error });
  }
}

/** A copy on disk: what comes through a pipe, or is packed once more, cannot be read from its end. */
async function spooledParquet(plain: Readable): Promise<OpenInput> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  const copy = join(folder, 'input.parquet');
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(plain, createWriteStream(copy));
  } catch (error) {
    await close();
    throw error;
  }
  return { format: 'parquet', path: copy, close };
}

function isPacked(head: Buffer): boolean {
  return startsWith(head, GZIP) || startsWith(head, ZSTD);
}

function decompressed({ head, stream }: Peeked): Readable {
  const plain = new PassThrough();
  // A failure destroys `plain` with the error, which is where the reader meets it.
  pipeline(stream, startsWith(head, GZIP) ? createGunzip() : unzstd, plain).catch(() => undefined);
  return plain;
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic);
}

interface Peeked {
  readonly head: Buffer;
  /** The whole stream, its head included. */
  readonly stream: Readable;
}

/** The first bytes of a stream (fewer only where it ends before), and the stream as if they had not been read; without the mark that some programs put before a text. */
async function peek(stream: Readable): Promise<Peeked> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const chunk: unknown = await readChunk(stream);
    // Nothing can be put back into a stream that has ended.
    if (chunk === null) return { head, stream: Readable.from(head.length === 0 ? [] : [head]) };
    head = Buffer.concat([head, chunk as Buffer]);
    if (startsWith(head, BYTE_ORDER_MARK)) head = head.subarray(BYTE_ORDER_MARK.length);
  }
  stream.unshift(head);
  return { head, stream };
}

/** The next chunk, or null at the end. */
function readChunk(stream: Readable): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', onError);
      act();
    };
    const onReadable = (): void => {
      const chunk: unknown = stream.read();
      if (chunk !== null) settle(() => resolve(chunk));
    };
    const onEnd = (): void => settle(() => resolve(null));
    const onError = (error: Error): void => settle(() => reject(error));
    stream.on('readable', onReadable).once('end', onEnd).once('error', onError);
    onReadable();
  });
}
