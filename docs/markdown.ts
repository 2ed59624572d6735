/** First line of every generated page: who made it, and how to make it again. */
export const GENERATED = '<!-- Printed from the code by `npm run docs`: do not edit. -->';

/** A table; cells may hold anything that fits on a line. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as code, nothing where there is none. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** Text in which `<…>` is no HTML. */
export function prose(text: string): string {
  return text.replaceAll('<', '\\<');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
