import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { overridesOf } from '../../src/config/environment.ts';
import { configSchema } from '../../src/config/schema.ts';
import { demoCommand } from '../../src/demo/options.ts';
import { readForeignRecord } from '../../src/indexing/foreign-record.ts';
import { laneMetrics } from '../../src/indexing/metrics.ts';
import { createMetrics, exposeGauges } from '../../src/ingest/metrics.ts';
import type { Failure } from '../../src/redrive/failure.ts';
import { loadTransform } from '../../src/redrive/patch.ts';
import { printedHelp, type Help } from '../support/printed-help.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { blocksOf, callsOf, codeSpans, page, ROOT, type Call } from './markdown.ts';

const PAGES = ['README.md', 'ARCHITECTURE.md', 'docs/outcomes.md', 'docs/configuration.md', 'docs/capacity.md'];
const README = page('README.md');
/** What the walk-through makes. */
const WALK_THROUGH = /^(pipelines|mappings)\/offers\b/;
const calls = PAGES.flatMap((name) => callsOf(page(name), ['sluice', 'npm']));
const sluiceCalls = calls.flatMap((call) => sluiceWords(call));
const scripts = (JSON.parse(page('package.json')) as { scripts: Record<string, string> }).scripts;

/** The words behind `sluice`, also where npm runs it. */
function sluiceWords({ line, words }: Call): { line: string; words: readonly string[] }[] {
  if (words[0] === 'sluice') return [{ line, words: words.slice(1) }];
  return words[2] === 'sluice' ? [{ line, words: words.slice(words.indexOf('--') + 1) }] : [];
}

const helps = new Map<string, Help>();

/** What the real command line prints, run in this process. */
async function helpOf(command: readonly string[]): Promise<Help> {
  const key = command.join(' ');
  const help = helps.get(key) ?? await printedHelp(command);
  helps.set(key, help);
  return help;
}

/** The longest run of leading words that names a command, with its help. */
async function commandOf(words: readonly string[]): Promise<{ path: readonly string[]; help: string }> {
  const plain = words.findIndex((word) => !/^[a-z]+$/.test(word));
  for (let length = Math.min(2, plain === -1 ? words.length : plain); length > 0; length -= 1) {
    const path = words.slice(0, length);
    const { code, text } = await helpOf(path);
    if (code === 0 && text.includes(`Usage: sluice ${path.join(' ')} `)) return { path, help: text };
  }
  return { path: [], help: (await helpOf([])).text };
}

function optionsOf(words: readonly string[]): string[] {
  return words.filter((word) => /^--?[a-z]/.test(word));
}

/** `-f` and `--follow` as a help text lists them. */
function lists(help: string, option: string): boolean {
  return new RegExp(`(^|[\\s,])${option}([\\s,=]|$)`, 'm').test(help.replace(/\nExamples:[\s\S]*/, ''));
}

describe('what the pages say one can type', () => {
  it('is a good number of commands', () => {
    expect(sluiceCalls.length).toBeGreaterThan(15);
  });

  it.each(sluiceCalls)('$line', async ({ words }) => {
    const { path, help } = await commandOf(words);
    expect(path, 'a command').not.toEqual([]);
    const { text: globals } = await helpOf([]);
    for (const option of optionsOf(words)) expect(lists(help, option) || lists(globals, option), `${option} of sluice ${path.join(' ')}`).toBe(true);
  });

  it.each(calls.filter(({ words }) => words[0] === 'npm' && words[1] !== 'link'))('$line', ({ words }) => {
    const script = words[1] === 'run' ? words[2] : words[1];
    expect(Object.keys(scripts)).toContain(script);
    for (const file of scripts[script ?? '']?.match(/[\w./-]+\.(ts|mjs|json)\b/g) ?? []) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it('npm start knows its options', () => {
    const help = demoCommand().helpInformation();
    const given = [...calls.filter(({ words }) => words[1] === 'start').flatMap(({ words }) => optionsOf(words)), '--rate', '--events', '--seed', '--corrupt'];
    for (const option of given) expect(lists(help, option), option).toBe(true);
  });

  it.each([['bench', 'bench/run.ts'], ['chaos', 'test/chaos/run.ts']])('npm run %s knows its options', (script, file) => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, file), '--help'], { encoding: 'utf8' });
    const help = stdout + stderr;
    for (const { words } of calls.filter((call) => call.words[2] === script)) {
      for (const option of optionsOf(words)) expect(lists(help, option), option).toBe(true);
      for (const word of words.slice(3).filter((part) => /^[a-z]+$/.test(part))) expect(help).toContain(word);
    }
  }, 60_000);

  it('every option that is named is one of these', async () => {
    const known: string[] = [];
    for (const { words } of sluiceCalls) known.push((await commandOf(words)).help);
    const all = [...known, (await helpOf([])).text, demoCommand().helpInformation(), ...calls.map(({ line }) => line)].join('\n');
    for (const option of codeSpans(README).filter((span) => /^--[a-z-]+$/.test(span))) expect(all, option).toContain(option);
  });
});

describe('what the pages name', () => {
  const paths = PAGES.flatMap((name) => codeSpans(page(name)).map((span) => ({ name, span })))
    .filter(({ span }) => /^(\.ci|src|test|pipelines|mappings|backfill|bench|bin|docs|reference|scripts|stack)\/[\w./-]*$/.test(span) || /^[\w-]+\.(md|json|ts|mjs|yml)$/.test(span))
    .filter(({ span }) => !WALK_THROUGH.test(span) && !/^(sluice\.config|v\d+|mend)\./.test(span));

  it('is a good number of files', () => {
    expect(paths.length).toBeGreaterThan(20);
  });

  it('is there', () => {
    expect(paths.filter(({ span }) => !existsSync(join(ROOT, span)))).toEqual([]);
  });

  it('is there where it is linked', () => {
    const links = PAGES.flatMap((name) => [...page(name).matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target));
    expect(links.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('is a metric that the processes have', async () => {
    const named = new Set(PAGES.flatMap((name) => page(name).match(/\bsluice_\w+/g) ?? []));
    expect(named.size).toBeGreaterThan(5);
    const registry = new Registry();
    laneMetrics(registry);
    createMetrics(registry);
    exposeGauges(registry, { enrich: { runs: 0, ms: 0 }, budgetBytes: () => 0, regions: () => [] });
    const known = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('is a variable that the configuration knows', () => {
    const variables = [...new Set(PAGES.flatMap((name) => [...page(name).matchAll(/SLUICE__[A-Z_]*[A-Z]/g)].map(([variable]) => variable)))];
    expect(variables.length).toBeGreaterThan(2);
    const { problems } = overridesOf(configSchema, Object.fromEntries(variables.map((variable) => [variable, '1'])), { regions: { west: {} } });
    expect(problems).toEqual([]);
  });
});

describe('the examples of the README', () => {
  it('a configuration that is right', () => {
    const [example] = blocksOf(README).filter(({ language }) => language === 'yaml');
    expect(configSchema.safeParse(parse(example?.text ?? '')).error).toBeUndefined();
  });

  it('a patch that mends a failed document', async () => {
    const [example] = blocksOf(README).filter(({ file, text }) => file === 'mend.ts' && text.includes('transform'));
    const transform = await loadTransform(join(tempFolder({ 'mend.ts': example?.text ?? '' }), 'mend.ts'));
    expect(transform({ title: 'a', price: '2.5' }, {} as Failure)).toEqual({ title: 'a', price: 2.5 });
  });

  it('a record of another producer that a lane takes', () => {
    const [example] = blocksOf(README).filter(({ language, text }) => language === 'json' && text.includes('"routing_time"'));
    expect(readForeignRecord(Buffer.from(example?.text ?? ''), 'offers', 0)).toMatchObject({ ok: true, envelope: { id: '110915690004-8' } });
  });
});
