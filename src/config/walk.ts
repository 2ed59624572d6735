import type { z } from 'zod';
import type { Path } from './problem.ts';

type Schema = z.core.$ZodType;
type Wrapper = z.core.$ZodTypeDef & { readonly innerType: Schema };

/** The value at a path inside plain data; undefined where there is none. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, part) => (isContainer(inner) && Object.hasOwn(inner, part) ? inner[part] : undefined), value);
}

/** The schema at a path, without its optional, nullable and default wrappers; undefined where the schema knows no such place. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  return path.reduce<Schema | undefined>((inner, part) => (inner === undefined ? undefined : childOf(inner, part)), unwrap(schema));
}

/** The keys that an object schema knows at a path; empty for anything else. */
export function keysOf(schema: Schema, path: Path): string[] {
  const found = schemaAt(schema, path);
  return found === undefined ? [] : Object.keys(shapeOf(found));
}

/** One of object, record, array, string, number, boolean, enum, …. */
export function kindOf(schema: Schema): string {
  return unwrap(schema)._zod.def.type;
}

function childOf(schema: Schema, part: string | number): Schema | undefined {
  const def = schema._zod.def as z.core.$ZodTypeDef & { readonly valueType?: Schema; readonly element?: Schema };
  const shape = shapeOf(schema);
  const child = def.type === 'object' ? (Object.hasOwn(shape, part) ? shape[part] : undefined) : def.type === 'record' ? def.valueType : def.type === 'array' ? def.element : undefined;
  return child === undefined ? undefined : unwrap(child);
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> {
  return (schema._zod.def as z.core.$ZodTypeDef & { readonly shape?: Readonly<Record<string, Schema>> }).shape ?? {};
}

function unwrap(schema: Schema): Schema {
  const def = schema._zod.def;
  const wraps = def.type === 'optional' || def.type === 'nullable' || def.type === 'default' || def.type === 'prefault';
  return wraps ? unwrap((def as Wrapper).innerType) : schema;
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** True for plain objects: what a group of keys is after reading. */
export function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value);
}
