import { colors } from './colors.ts';

const GAP = '  ';

/** Rows under a heading, columns padded; numbers are set to the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const widths = heading.map((title, column) => Math.max(title.length, ...texts.map((row) => (row[column] ?? '').length)));
  const numeric = heading.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) => cells.map((cell, column) => pad(cell, widths[column] ?? 0, numeric[column] === true)).join(GAP).trimEnd();
  return [colors.bold(line(heading)), ...texts.map(line)].join('\n');
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
