import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const SLUICE = fileURLToPath(new URL('../../src/main/sluice.ts', import.meta.url));
/** `sluice plan`, in a folder without a configuration. */
function plan(...args: readonly string[]) {
  const folder = tempFolder({ 'mine.json': '{"laneRate": 4000, "laneMib": 500}' });
  const { status, stdout, stderr } = spawnSync(process.execPath, [SLUICE, 'plan', ...args], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('sluice plan', () => {
  it('shows each figure with its formula and the figures in it', () => {
    const { status, stdout } = plan('--docs-per-day', '20M', '--peak', '3');
    expect(status).toBe(0);
    expect(stdout).toContain('peak rate: 694.4 documents/s\n    = average rate × peak factor = 231.5 × 3');
    expect(stdout).toContain('In short');
  });

  it('tells machines the same, inputs included', () => {
    const { status, stdout } = plan('--docs-per-day', '20M', '--hosts', '6', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, summary: { lanes: { hosts: 6, partitions: 24 } }, inputs: [{ title: 'Asked' }, { title: 'Measured' }, { title: 'Fixed' }] });
  });

  it('takes measured figures from a file, and a flag over it', () => {
    const { stdout } = plan('--docs-per-day', '20M', '--measured', 'mine.json', '--lane-memory', '600', '--use', '1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ summary: { lanes: { planned: 4_000 }, memory: { memory: 600 } } });
    expect(plan('--docs-per-day', '20M', '--measured', 'mine.json', '--inputs').stdout).toContain('measured: mine.json');
  });

  it('ends with 1 and what to change when what is given does not suffice', () => {
    const { status, stdout } = plan('--docs-per-day', '20M', '--topic-hours', '10h');
    expect(status).toBe(1);
    expect(stdout).toContain('does not fit: the topics keep 10 hours');
  });

  it.each([
    [[], '--docs-per-day'],
    [['--docs-per-day', 'lots'], 'a number such as 250, 1.5k or 20M'],
    [['--docs-per-day', '1M', '--outage', 'long'], 'hours or days'],
    [['--docs-per-day', '1M', '--measured', 'absent.json'], 'absent.json cannot be read'],
    [['--docs-per-day', '1M', '--nods', '3'], 'Did you mean --nodes?'],
  ])('%j is bad usage, in a sentence', (args, expected) => {
    const { status, stderr } = plan(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('    at ');
  });
});
