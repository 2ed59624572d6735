/** How a data file of an extract is written. */
export const FILE_FORMATS = ['parquet', 'arrow', 'ndjson'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const ENDINGS: readonly (readonly [RegExp, FileFormat])[] = [[/\.parquet$/, 'parquet'], [/\.arrow$/, 'arrow'], [/\.(ndjson|jsonl)(\.(gz|zst))?$/, 'ndjson']];

/** The format that a file's name says; null for a file that is no data. */
export function formatOf(key: string): FileFormat | null {
  return ENDINGS.find(([ending]) => ending.test(key))?.[1] ?? null;
}
