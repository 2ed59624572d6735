import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A fenced block; `file` is the path in backticks that begins the paragraph before it, where there is one. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly file: string | null;
}

export function page(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** The fenced blocks of a page, in order. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/(?:^|\n\n)((?:(?!\n\n|```)[\s\S])*?)\n*```(\w*)\n([\s\S]*?)```/g)].map(([, before = '', language = '', content = '']) => ({
    language, text: content, file: /^`([\w./-]+\.\w+)` /.exec(before)?.[1] ?? null,
  }));
}

/** What stands in backticks outside of fenced blocks. */
export function codeSpans(text: string): string[] {
  return [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** One call of a program, with its words; comments, pipes and redirections are gone, variables stand apart. */
export interface Call {
  readonly line: string;
  readonly variables: readonly string[];
  readonly words: readonly string[];
}

/** The calls of `programs` in shell blocks and in backticks. */
export function callsOf(text: string, programs: readonly string[]): Call[] {
  const lines = [...blocksOf(text).filter(({ language }) => language === 'sh').flatMap((block) => block.text.split('\n')), ...codeSpans(text)];
  return lines.flatMap((line) => {
    const words = line.replace(/(^|\s)#.*/, '').split(/\s[|>]/)[0]?.trim().split(/\s+/) ?? [];
    const first = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
    const call = { line: line.trim(), variables: words.slice(0, Math.max(first, 0)), words: words.slice(first) };
    return programs.includes(call.words[0] ?? '') && call.words.length > 1 ? [call] : [];
  });
}
