import type { FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet';
import type { RowValue } from './case.ts';

/** Turns what the Parquet reader hands out for one column into an exact value. */
export type Exact = (value: unknown) => RowValue;

/** Footer of a file, rid of the annotations that would make values inexact, and how the values of its columns, by name, are read instead. */
export interface ExactFile {
  readonly metadata: FileMetaData;
  readonly columns: ReadonlyMap<string, Exact>;
}

const MICROS_PER_MILLI = 1_000n;
const DAY_MS = 86_400_000;

/** Times as microseconds, dates as text, JSON as it was written. */
export const EXACT_PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => millis * MICROS_PER_MILLI,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos / 1_000n,
  dateFromDays: (days) => new Date(days * DAY_MS).toISOString().slice(0, 10),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('utf8'),
};

/** The reader makes decimals doubles: without their annotation it hands out the unscaled integers, which are scaled here, as text. */
export function exactFile(footer: FileMetaData): ExactFile {
  const columns = new Map<string, Exact>();
  const schema = footer.schema.map((element) => ({ ...element }));
  for (let at = 1; at < schema.length; ) {
    const { exact, next } = exactOf(schema, at);
    columns.set((schema[at] as SchemaElement).name, exact);
    at = next;
  }
  return { metadata: { ...footer, schema }, columns };
}

/** How the element at `at` is read, and where the next one begins; takes the decimal's annotation away. */
function exactOf(schema: SchemaElement[], at: number): { exact: Exact; next: number } {
  const element = schema[at] as SchemaElement;
  const children: { name: string; exact: Exact }[] = [];
  let next = at + 1;
  for (let child = 0; child < (element.num_children ?? 0); child += 1) {
    const name = (schema[next] as SchemaElement).name;
    const found = exactOf(schema, next);
    children.push({ name, exact: found.exact });
    next = found.next;
  }
  return { exact: orNull(children.length === 0 ? leafOf(element) : nestedOf(element, children)), next };
}

function orNull(exact: Exact): Exact {
  return (value) => (value === undefined || value === null ? null : exact(value));
}

function leafOf(element: SchemaElement): Exact {
  if (element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL') {
    const scale = element.scale ?? 0;
    delete element.converted_type;
    delete element.logical_type;
    return (value) => decimalText(unscaledOf(value), scale);
  }
  if (element.type === 'INT64' && !isTime(element)) return (value) => plainNumber(value as bigint | number);
  return (value) => value as RowValue;
}

function nestedOf(element: SchemaElement, children: readonly { name: string; exact: Exact }[]): Exact {
  const [first] = children;
  if (element.converted_type === 'LIST' || element.converted_type === 'MAP' || element.repetition_type === 'REPEATED') return (value) => container(value, first?.exact ?? orNull((inner) => inner as RowValue), children);
  return (value) => structOf(value, children);
}

/** A list's elements or a map's values; the repeated group between is left out by the reader. */
function container(value: unknown, inner: Exact, children: readonly { name: string; exact: Exact }[]): RowValue {
  if (Array.isArray(value)) return value.map((each) => inner(each));
  if (children.length === 1) return inner(value);
  const values = children.find(({ name }) => name === 'value')?.exact;
  if (values !== undefined && children.length === 2) return Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([key, each]) => [key, values(each)]));
  return structOf(value, children);
}

function structOf(value: unknown, children: readonly { name: string; exact: Exact }[]): RowValue {
  const struct = value as Record<string, unknown>;
  return Object.fromEntries(children.map(({ name, exact }) => [name, exact(struct[name])]));
}

function isTime({ converted_type, logical_type }: SchemaElement): boolean {
  return converted_type === 'TIMESTAMP_MICROS' || converted_type === 'TIMESTAMP_MILLIS' || logical_type?.type === 'TIMESTAMP';
}

function plainNumber(value: bigint | number): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Integers as they are; bytes as a big-endian two's complement number of any length. */
function unscaledOf(value: unknown): bigint | number {
  if (!(value instanceof Uint8Array)) return plainNumber(value as number | bigint);
  const hex = Buffer.from(value).toString('hex');
  return hex === '' ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${hex}`));
}

/** 53456 with two places → `534.56`; nothing is rounded. */
export function decimalText(unscaled: bigint | number, scale: number): string {
  if (scale <= 0) return String(BigInt(unscaled) * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0 ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
