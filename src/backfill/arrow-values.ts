import { DataType, makeVector, TimeUnit, type Data, type Field, type Schema, type Vector } from 'apache-arrow';
import type { RowValue } from './case.ts';
import { decimalText } from './exact-values.ts';
import type { Column } from './manifest.ts';

/** Microseconds in a unit; nanoseconds are cut. */
const MICROS: Readonly<Record<TimeUnit, (value: bigint) => bigint>> = {
  [TimeUnit.SECOND]: (value) => value * 1_000_000n,
  [TimeUnit.MILLISECOND]: (value) => value * 1_000n,
  [TimeUnit.MICROSECOND]: (value) => value,
  [TimeUnit.NANOSECOND]: (value) => value / 1_000n,
};

/** Columns of a schema, each with its type in words. */
export function arrowColumns({ fields }: Schema): Column[] {
  return fields.map(({ name, type }: Field) => ({ name, type: String(type) }));
}

/** Reads one column exactly: the library's own values lose the microseconds of times. Throws for a type that rows cannot hold. */
export function arrowReader(data: Data): (index: number) => RowValue {
  const read = readerOf(data);
  return (index) => (data.getValid(index) ? read(index) : null);
}

function readerOf(data: Data): (index: number) => RowValue {
  const { type } = data;
  if (DataType.isTimestamp(type)) return (at) => MICROS[type.unit]((data.values as BigInt64Array)[at] as bigint);
  if (DataType.isDecimal(type)) return (at) => decimalText(unscaledAt(data.values as Uint32Array, at, type.bitWidth), type.scale);
  if (DataType.isInt(type)) return (at) => safely((data.values as ArrayLike<number | bigint>)[at] as number | bigint);
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) return listReader(data);
  if (DataType.isMap(type)) return mapReader(data);
  if (DataType.isStruct(type)) return structReader(data);
  if (DataType.isDictionary(type)) return dictionaryReader(data);
  return plainReader(makeVector(data) as Vector, type);
}

function plainReader(vector: Vector, type: DataType): (index: number) => RowValue {
  if (DataType.isDate(type)) return (at) => new Date(Number(vector.get(at))).toISOString().slice(0, 10);
  if (DataType.isBool(type) || DataType.isFloat(type) || DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return (at) => vector.get(at) as RowValue;
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isFixedSizeBinary(type)) return (at) => new Uint8Array(vector.get(at) as Uint8Array);
  if (DataType.isNull(type)) return () => null;
  throw new TypeError(`columns of type ${String(type)} cannot be loaded`);
}

function listReader(data: Data): (index: number) => RowValue {
  const { type } = data;
  const inner = arrowReader(data.children[0] as Data);
  const size = DataType.isFixedSizeList(type) ? type.listSize : null;
  const offsets = data.valueOffsets as ArrayLike<number> | undefined;
  const span = (at: number): [number, number] => (size === null ? [Number(offsets?.[at]), Number(offsets?.[at + 1])] : [at * size, (at + 1) * size]);
  return (at) => {
    const [from, to] = span(at);
    return Array.from({ length: to - from }, (_, position) => inner(from + position));
  };
}

function mapReader(data: Data): (index: number) => RowValue {
  const entries = data.children[0] as Data;
  const [keys, values] = entries.children.map((child) => arrowReader(child)) as [(at: number) => RowValue, (at: number) => RowValue];
  const offsets = data.valueOffsets as ArrayLike<number>;
  return (at) => Object.fromEntries(Array.from({ length: Number(offsets[at + 1]) - Number(offsets[at]) }, (_, position) => [String(keys(Number(offsets[at]) + position)), values(Number(offsets[at]) + position)]));
}

function structReader(data: Data): (index: number) => RowValue {
  const fields = (data.type.children).map(({ name }, at) => [name, arrowReader(data.children[at] as Data)] as const);
  return (at) => Object.fromEntries(fields.map(([name, read]) => [name, read(at)]));
}

function dictionaryReader(data: Data): (index: number) => RowValue {
  const parts = ((data.dictionary?.data ?? []) as readonly Data[]).map((part) => ({ length: part.length, read: arrowReader(part) }));
  return (at) => {
    let position = Number((data.values as ArrayLike<number>)[at]);
    for (const { length, read } of parts) {
      if (position < length) return read(position);
      position -= length;
    }
    throw new RangeError('an index lies outside of its dictionary');
  };
}

const WORD_BITS = 32;

/** Words in little-endian order, two's complement. */
function unscaledAt(words: Uint32Array, at: number, bitWidth: number): bigint {
  const count = bitWidth / WORD_BITS;
  let unscaled = 0n;
  for (let word = count - 1; word >= 0; word -= 1) unscaled = (unscaled << BigInt(WORD_BITS)) | BigInt(words[at * count + word] ?? 0);
  return BigInt.asIntN(bitWidth, unscaled);
}

function safely(value: number | bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
