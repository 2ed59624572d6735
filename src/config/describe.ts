import { z } from 'zod';
import type { LoadedConfig } from './load.ts';
import { pathText, show, type Path } from './problem.ts';
import { configSchema } from './schema.ts';

/** One value of the configuration as it may be shown. */
export interface ConfigLine {
  readonly path: string;
  /** Plain data; secrets are replaced. */
  readonly value: unknown;
  /** `default`, `file` or `environment NAME`. */
  readonly source: string;
}

/** The configuration as JSON Schema (draft 2020-12), for editors and documentation. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'Sluice configuration', ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) };
}

/** Every value with where it comes from, secrets redacted, in the schema's order. */
export function configLines(loaded: LoadedConfig): ConfigLine[] {
  return leavesOf(loaded.config, []).map(([path, value]) => ({
    path: pathText(path),
    value: redacted(path, value),
    source: loaded.sourceOf(path),
  }));
}

/** The whole configuration as plain data with its secrets redacted. */
export function redactedConfig(loaded: LoadedConfig): unknown {
  return redactedTree(loaded.config, []);
}

function leavesOf(value: unknown, path: Path): [Path, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : leavesOf(inner, [...path, key])));
}

function redactedTree(value: unknown, path: Path): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return redacted(path, value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactedTree(inner, [...path, key])]));
}

function redacted(path: Path, value: unknown): unknown {
  return typeof value === 'string' && show(path, value) === '[redacted]' ? '[redacted]' : value;
}
