import type { z } from 'zod';
import { closestMatch } from 'leven';
import { isSecretKey, SluiceError, redactText } from '../domain/errors.ts';
import { at, keysOf } from './walk.ts';

export type Path = readonly (string | number)[];

/** One thing wrong with the configuration. */
export interface Problem {
  readonly path: Path;
  readonly expected: string;
  /** As it is shown: JSON, shortened, without secrets; null where nothing was given. */
  readonly found: string | null;
  /** Environment variable or file it came from, null where it came from nowhere. */
  readonly from?: string | undefined;
}

const SHOWN_CHARACTERS = 60;
const SUGGESTED_WITHIN = 4;

/** Every problem as one sentence-like line: `path: expected …, found …`. */
export function problemLine(problem: Problem): string {
  const found = problem.found === null ? 'found nothing' : `found ${problem.found}`;
  const from = problem.from === undefined ? '' : ` (${problem.from})`;
  return `${pathText(problem.path)}: expected ${problem.expected}, ${found}${from}`;
}

/** The one error of a bad configuration: every problem in its message, one a line, and in `details.problems`. */
export function invalid(problems: readonly Problem[], where: string): SluiceError {
  const lines = problems.map((problem) => `  ${problemLine(problem)}`);
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new SluiceError('CONFIG_INVALID', `the configuration (${where}) has ${count}:\n${lines.join('\n')}`, {
    details: { problems: problems.map((problem) => ({ ...problem, path: pathText(problem.path) })) },
  });
}

/** `regions.west.kafka.brokers[0]`; the root is `(whole)`. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(whole)';
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('');
}

/** What the schema's complaints mean for a person; `input` is what was parsed. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], schema: z.core.$ZodType, input: unknown): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, path, key));
    return [{ path, expected: expectedBy(issue), found: show(path, at(input, path)) }];
  });
}

/** An unknown key, with the known one that was probably meant. */
export function unknownKey(schema: z.core.$ZodType, parent: Path, key: string): Problem {
  const known = keysOf(schema, parent);
  const meant = closestMatch(key, known, { maxDistance: SUGGESTED_WITHIN });
  const expected = meant === undefined ? `one of ${known.join(', ')}` : `a known key (did you mean ${meant}?)`;
  return { path: [...parent, key], expected, found: 'an unknown key' };
}

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': return article(issue.expected);
    case 'invalid_value': return `one of ${issue.values.join(', ')}`;
    case 'too_small': return `at least ${issue.minimum}${unitOf(issue.origin)}${issue.inclusive === false ? ' and not that itself' : ''}`;
    case 'too_big': return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_key': return `a name of ${issue.issues[0]?.message ?? 'the right form'}`;
    case 'invalid_format':
    case 'custom': return issue.message;
    default: return issue.message;
  }
}

function article(type: string): string {
  const names: Record<string, string> = { int: 'a whole number', number: 'a number', string: 'a text', boolean: 'true or false', array: 'a list', object: 'a group of keys', record: 'a group of keys' };
  return names[type] ?? type;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' character(s)';
  return origin === 'array' ? ' entry or entries' : '';
}

/** A found value as it may be shown: secrets never, long ones cut. */
export function show(path: Path, value: unknown): string | null {
  if (value === undefined) return null;
  if (isSecretKey(String(path.at(-1)))) return '[redacted]';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a group of keys';
  const text = redactText(typeof value === 'string' ? JSON.stringify(value) : String(value));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
