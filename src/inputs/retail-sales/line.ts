/** The columns of the file, as the pipeline wants them in an event. */
export const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'] as const;
export type Column = (typeof COLUMNS)[number];

/** One line of the file; a column that the line lacks is absent. */
export type CsvLine = Readonly<Partial<Record<Column, string>>>;

/** A line with its place in the file (1 = the first after the header) and among its product's lines on its invoice. */
export type NumberedLine = CsvLine & { readonly Line: number; readonly Occurrence: number };

/** `StockCode-InvoiceNo`, and `-2`, `-3`, … for further distinct lines: what the line's document is called. */
export function documentIdOf(line: NumberedLine): string {
  const first = `${line.StockCode ?? ''}-${line.InvoiceNo ?? ''}`;
  return line.Occurrence === 1 ? first : `${first}-${line.Occurrence}`;
}

/** All columns in one string: equal for exact duplicates only. */
export function contentsOf(line: CsvLine): string {
  return COLUMNS.map((column) => line[column] ?? '\u0001').join('\u0000');
}
