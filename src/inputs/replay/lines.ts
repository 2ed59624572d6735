import { SluiceError } from '../../domain/errors.ts';

/** A longer line is refused: it would not fit into a record either. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The lines of a stream of bytes as they are, without their newlines; empty ones are left out. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let held = 0;
  const take = (end: Buffer): Buffer => {
    const line = parts.length === 0 ? end : Buffer.concat([...parts, end]);
    parts = [];
    held = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = take(chunk.subarray(from, at));
      if (line.length > 0) yield line;
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    held += chunk.length - from;
    if (held > MAX_LINE_BYTES) throw new SluiceError('INPUT_INVALID', `a line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  const last = take(Buffer.alloc(0));
  if (last.length > 0) yield last;
}
