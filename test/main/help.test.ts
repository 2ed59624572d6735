import { describe, expect, it } from 'vitest';
import { printedHelp } from '../support/printed-help.ts';

/** Every command that somebody can type, found as a reader of the help finds them. */
async function everyCommand(path: readonly string[] = []): Promise<string[][]> {
  const { text } = await printedHelp(path);
  const listed = /\nCommands:\n((?: {2}.*\n?)+)/.exec(text)?.[1] ?? '';
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name]) => (name === undefined || name === 'help' ? [] : [name]));
  const found: string[][] = [];
  for (const name of names) found.push([...path, name], ...(await everyCommand([...path, name])));
  return found;
}

const commands = await everyCommand();

describe('help', () => {
  it('leads to a good number of commands', () => {
    expect(commands.length).toBeGreaterThan(35);
  });

  it.each(commands.map((path) => path.join(' ')))('sluice %s: says what it does, with an example of itself', async (path) => {
    const { code, text } = await printedHelp(path.split(' '));
    expect(code).toBe(0);
    const examples = text.slice(text.search(/\nExamples?:/));
    expect(examples).toMatch(/^\nExamples?:/);
    expect(examples).toContain(`sluice ${path}`);
  });
});
