import { dirname } from 'node:path';
import { overridesOf, type Environment, type Override } from './environment.ts';
import { readConfigFile, findConfigFile } from './file.ts';
import { absolutePaths, unreadableFiles } from './files-named.ts';
import { invalid, problemsOf, type Path, type Problem } from './problem.ts';
import { configSchema, type Config } from './schema.ts';
import { at, isGroup } from './walk.ts';

export interface LoadOptions {
  /** A configuration file; else `SLUICE_CONFIG`, else `sluice.config.*` in `cwd`, else the environment alone. */
  readonly file?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** Names that `pipelines` may hold; not checked when absent. */
  readonly knownPipelines?: readonly string[];
}

/** The configuration with where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Null where the environment alone gave it. */
  readonly file: string | null;
  /** Where the value at a path comes from: `default`, `file`, or `environment NAME`. */
  readonly sourceOf: (path: Path) => string;
}

/** Finds, reads, overrides and validates the configuration; rejects with CONFIG_INVALID that lists every problem. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  return (await loadConfigWithSources(options)).config;
}

/** As `loadConfig`, with the origin of each value. Paths of files come back absolute (relative to the configuration file). */
export async function loadConfigWithSources(options: LoadOptions): Promise<LoadedConfig> {
  const file = findConfigFile(options);
  const base = file === null ? {} : await readConfigFile(file);
  const { overrides, problems } = overridesOf(configSchema, options.env, base);
  const where = file ?? 'no sluice.config.yaml, .yml, .json, .ts or .mjs found here: environment alone';
  const config = parse(withOverrides(base, overrides), overrides, problems, options.knownPipelines, where);
  const sourceOf = (path: Path) => originOf(path, overrides, base);
  const baseOf = (path: Path) => (file === null || sourceOf(path).startsWith('environment') ? options.cwd : dirname(file));
  const located = absolutePaths(config, baseOf);
  const unreadable = unreadableFiles(located);
  if (unreadable.length > 0) throw invalid(unreadable, where);
  return { config: located, file, sourceOf };
}

function parse(input: unknown, overrides: readonly Override[], found: readonly Problem[], known: readonly string[] | undefined, where: string): Config {
  const result = configSchema.safeParse(input);
  const schemaProblems = result.success ? [] : problemsOf(result.error.issues, configSchema, input);
  const problems = [...found, ...schemaProblems.map((problem) => withOrigin(problem, overrides)), ...unknownPipelines(input, known)];
  if (!result.success || problems.length > 0) throw invalid(problems, where);
  return result.data;
}

function withOrigin(problem: Problem, overrides: readonly Override[]): Problem {
  const override = overrideOf(problem.path, overrides);
  return override === undefined ? problem : { ...problem, from: `from ${override.variable}` };
}

function unknownPipelines(input: unknown, known: readonly string[] | undefined): Problem[] {
  const names = at(input, ['pipelines']);
  if (known === undefined || !Array.isArray(names)) return [];
  return names.flatMap((name: unknown, index) =>
    typeof name !== 'string' || known.includes(name) ? [] : [{ path: ['pipelines', index], expected: `one of ${known.join(', ')}`, found: JSON.stringify(name) }]);
}

function originOf(path: Path, overrides: readonly Override[], base: unknown): string {
  const override = overrideOf(path, overrides);
  if (override !== undefined) return `environment ${override.variable}`;
  return at(base, path) === undefined ? 'default' : 'file';
}

function overrideOf(path: Path, overrides: readonly Override[]): Override | undefined {
  return overrides.findLast((override) => override.path.length <= path.length && override.path.every((part, index) => part === path[index]));
}

/** A copy with the overrides put in place; where the file holds no group of keys, its value stays for the schema to refuse. */
function withOverrides(base: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((value, override) => replaced(value, override.path, override.value), base);
}

function replaced(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return leaf;
  if (value !== undefined && !isGroup(value)) return value;
  const inner = value === undefined ? undefined : at(value, [part]);
  return { ...value, [part]: replaced(inner, rest, leaf) };
}
