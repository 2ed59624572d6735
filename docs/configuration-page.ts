import type { z } from 'zod';
import { configJsonSchema } from '../src/config/describe.ts';
import { configSchema } from '../src/config/schema.ts';
import { schemaAt } from '../src/config/walk.ts';
import { code, GENERATED, markdownTable, prose } from './markdown.ts';

interface JsonSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
}

/** One value that the configuration may hold. */
export interface Setting {
  /** A name of the user's own is `<name>`. */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** A name of the user's own, as a part of a path. */
export const ANY_NAME = '<name>';

/** Every value of the configuration, in the schema's order. */
export function settings(): Setting[] {
  return settingsIn(configJsonSchema() as JsonSchema, []).filter(({ path }) => path[0] !== '$schema');
}

/** docs/configuration.md: every value of src/config/schema.ts. */
export function configurationPage(): string {
  const groups = Map.groupBy(settings(), ({ path }) => path[0] as string);
  return [
    GENERATED,
    '# Configuration',
    'One file, `sluice.config.yaml` (or `.yml`, `.json`, `.ts`, `.mjs`), given by `--config`, by `SLUICE_CONFIG`, or found in the working folder. The environment alone will do as well. Sizes are bytes, times milliseconds, unless the name says otherwise. An unknown key is an error, and every problem is listed at once.',
    'From the environment: `SLUICE__` and the path, parts joined by two underscores, without regard to case and single underscores: `SLUICE__PROCESSOR__BATCH_BYTES=1000000`. Lists are `a,b` or JSON, groups are JSON. The environment wins over the file.',
    'Paths of files are relative to the configuration file; those from the environment, to the working folder. `sluice config show` prints every value with where it comes from, secrets hidden; `sluice config schema` prints the JSON Schema.',
    ...[...groups].flatMap(([group, members]) => [`## ${group}`, tableOf(members), ...rulesOf(members)]),
    '',
  ].join('\n\n').trimEnd().concat('\n');
}

function settingsIn(schema: JsonSchema, path: readonly string[], required = false): Setting[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, inner]) =>
      settingsIn(inner, [...path, key], schema.required?.includes(key) ?? false));
  }
  if (typeof schema.additionalProperties === 'object') return settingsIn(schema.additionalProperties, [...path, ANY_NAME]);
  return [{ path, schema, required }];
}

function tableOf(members: readonly Setting[]): string {
  return markdownTable(['path', 'type', 'default', 'bounds', 'what it is'], members.map((setting) => [
    code(setting.path.join('.')), typeOf(setting.schema), defaultOf(setting), boundsOf(setting), prose(setting.schema.description ?? ''),
  ]));
}

function typeOf({ type, enum: values, items, const: only, anyOf }: JsonSchema): string {
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (only !== undefined) return code(JSON.stringify(only));
  if (values !== undefined) return values.map((value) => code(String(value))).join(', ');
  return type === 'array' && items !== undefined ? `list of ${typeOf(items)}` : type ?? '';
}

function defaultOf({ schema, required }: Setting): string {
  if (schema.default === undefined) return required ? '*required*' : '–';
  return code(JSON.stringify(schema.default));
}

function boundsOf({ path, schema, required }: Setting): string {
  if (schema.anyOf !== undefined) return schema.anyOf.filter(({ type }) => type !== 'null').map((one) => boundsOf({ path, schema: one, required })).filter((bounds) => bounds !== '').join('; ');
  const { minimum, exclusiveMinimum, maximum = Number.MAX_SAFE_INTEGER } = schema;
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : schema.type === 'integer' ? exclusiveMinimum + 1 : `above ${exclusiveMinimum}`);
  const most = maximum === Number.MAX_SAFE_INTEGER ? '' : String(maximum);
  const range = least === undefined && most === '' ? [] : [least === -Number.MAX_SAFE_INTEGER ? `… ${most}` : `${least ?? ''} … ${most}`.trim()];
  const entries = schema.minItems === undefined ? [] : [`${schema.minItems} or more`];
  const forms = [...messagesAt(path, 'string_format'), ...messagesAt([...path, '0'], 'string_format')];
  const pattern = schema.pattern === undefined || forms.length > 0 ? [] : [code(schema.pattern)];
  return [...range, ...entries, ...forms, ...pattern].join('; ');
}

/** The rules between the values of a group: what stands in no JSON Schema. */
function rulesOf(members: readonly Setting[]): string[] {
  const parents = new Set(members.flatMap(({ path }) => path.map((_, at) => path.slice(0, at).join('\0'))).filter((parent) => parent !== ''));
  const lines = [...parents].flatMap((parent) => {
    const path = parent.split('\0');
    return checksAt(path).filter(({ check }) => check === 'custom').map((rule) => `- ${code([...path, ...(rule.path ?? [])].join('.'))}: ${rule.message}`);
  });
  const own = members.flatMap(({ path }) => checksAt(path).filter(({ check }) => check === 'custom').map(({ message }) => `- ${code(path.join('.'))}: ${message}`));
  return lines.length + own.length === 0 ? [] : ['Rules:', [...lines, ...own].join('\n')];
}

interface Check {
  readonly check: string;
  readonly path: readonly PropertyKey[] | undefined;
  readonly message: string | undefined;
}

function messagesAt(path: readonly string[], kind: string): string[] {
  return checksAt(path).flatMap(({ check, message }) => (check === kind && message !== undefined ? [message] : []));
}

type CheckDef = z.core.$ZodCheckDef & { readonly path?: readonly PropertyKey[] };
/** All of a check's complaints say the same, whatever the issue. */
const ANY_ISSUE = { code: 'custom', input: undefined } as never;

function checksAt(path: readonly string[]): Check[] {
  const found = schemaAt(configSchema, path);
  const own = found === undefined ? [] : [found._zod.def as unknown as CheckDef].filter(({ check }) => check !== undefined);
  const added = (found?._zod.def.checks ?? []).map((each) => each._zod.def as CheckDef);
  return [...own, ...added].map(({ check, path: where, error }) => ({ check, path: where, message: messageOf(error) }));
}

function messageOf(error: CheckDef['error']): string | undefined {
  const said = error?.(ANY_ISSUE);
  return typeof said === 'string' ? said : said?.message;
}
