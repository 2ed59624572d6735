import type { z } from 'zod';
import type { Path, Problem } from './problem.ts';
import { show, unknownKey } from './problem.ts';
import { at, keysOf, kindOf, schemaAt } from './walk.ts';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One value from the environment, at its place in the configuration. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly variable: string;
}

const PREFIX = 'SLUICE__';

/**
 * What `SLUICE__PROCESSOR__BATCH_BYTES=1000` and its like say. Parts are matched to the schema's keys without regard to
 * case and underscores; a name of the user's own (a region) is found in `base` the same way, else made lower case with
 * dashes. Lists are `a,b` or JSON, groups of keys JSON. What cannot be placed is a problem.
 */
export function overridesOf(schema: z.core.$ZodType, env: Environment, base: unknown): { overrides: Override[]; problems: Problem[] } {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const variable of Object.keys(env).filter(isOverride).sort()) {
    const place = placeOf(schema, base, partsOf(variable));
    if (!place.known) problems.push({ ...unknownKey(schema, place.path, place.part), from: `from ${variable}` });
    else overrides.push({ path: place.path, value: valueOf(schemaAt(schema, place.path), env[variable] ?? ''), variable });
  }
  return { overrides, problems: [...problems, ...clashes(overrides)] };
}

/** A copy without the variables that say something of these groups of the configuration. */
export function withoutGroups(env: Environment, groups: readonly string[]): Environment {
  const left = new Set(groups.map(plain));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOverride(name) || !left.has(plain(partsOf(name)[0] ?? ''))));
}

function isOverride(variable: string): boolean {
  return variable.toUpperCase().startsWith(PREFIX);
}

function partsOf(variable: string): string[] {
  return variable.slice(PREFIX.length).split('__');
}

type Place = { readonly known: true; readonly path: string[] } | { readonly known: false; readonly path: string[]; readonly part: string };

function placeOf(schema: z.core.$ZodType, base: unknown, parts: readonly string[]): Place {
  const path: string[] = [];
  for (const part of parts) {
    const here = schemaAt(schema, path);
    const key = here === undefined || part === '' ? undefined : keyFor(here, path, schema, base, part);
    if (key === undefined) return { known: false, path, part: part.toLowerCase() };
    path.push(key);
  }
  return { known: true, path };
}

function keyFor(here: z.core.$ZodType, path: Path, schema: z.core.$ZodType, base: unknown, part: string): string | undefined {
  const same = (key: string) => plain(key) === plain(part);
  if (kindOf(here) === 'object') return keysOf(schema, path).find(same);
  if (kindOf(here) !== 'record') return undefined;
  const given = at(base, path);
  const present = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  return present.find(same) ?? part.toLowerCase().replaceAll('_', '-');
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '');
}

/** The text as the schema's type wants it; where it does not fit it stays text, and the schema complains. */
function valueOf(schema: z.core.$ZodType | undefined, text: string): unknown {
  switch (schema === undefined ? 'string' : kindOf(schema)) {
    case 'number': return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : text;
    case 'boolean': return { true: true, false: false, 1: true, 0: false }[text.trim().toLowerCase()] ?? text;
    case 'array': return text.trim().startsWith('[') ? json(text) : text.split(',').map((part) => part.trim()).filter((part) => part !== '');
    case 'object':
    case 'record': return json(text);
    default: return text;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Two variables for one place: neither wins silently. */
function clashes(overrides: readonly Override[]): Problem[] {
  const seen = new Map<string, string>();
  return overrides.flatMap((override) => {
    const key = override.path.join('.');
    const earlier = seen.get(key);
    seen.set(key, override.variable);
    return earlier === undefined ? [] : [{ path: override.path, expected: `either ${earlier} or ${override.variable}`, found: show(override.path, override.value), from: 'both are set' }];
  });
}
