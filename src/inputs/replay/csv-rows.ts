import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { SluiceError } from '../../domain/errors.ts';

export type CsvRow = Readonly<Record<string, string>>;

/** Characters of one line: a quote that is never closed must not swallow the file. */
const MAX_RECORD_CHARACTERS = 1024 * 1024;

/** Rows as objects by the header's names; a short row lacks its last columns, so that it fails alone. `check` may refuse the header by throwing. */
export async function* csvRows(stream: Readable, check: (names: readonly string[]) => void): AsyncGenerator<CsvRow, void, undefined> {
  const columns = (names: string[]): string[] => {
    check(names);
    return names;
  };
  const parser = parse({ columns, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, max_record_size: MAX_RECORD_CHARACTERS });
  // The parser is where the reader meets a failure of the stream beneath.
  stream.on('error', (error) => parser.destroy(error));
  stream.pipe(parser);
  try {
    for await (const row of parser) yield row as CsvRow;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('INPUT_INVALID', 'the CSV cannot be read', { cause: error });
  } finally {
    stream.destroy();
  }
}
