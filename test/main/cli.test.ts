import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeVersion } from '../../src/main/code-version.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MAIN = fileURLToPath(new URL('../../src/main/', import.meta.url));

function run(file: string, args: readonly string[], cwd = tmpdir(), env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(MAIN, file), ...args], { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, stdout, stderr };
}

describe('sluice', () => {
  it('suggests the command that was meant, with exit code 2', () => {
    const { status, stderr } = run('sluice.ts', ['proces']);
    expect(status).toBe(2);
    expect(stderr).toContain('Did you mean process?');
  });

  it('prints its version', () => {
    expect(run('sluice.ts', ['--version']).stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([['ingest'], ['process', '--lane', 'a-b'], ['setup'], ['status'], ['config', 'check']])('%s starts nothing on a bad configuration: exit code 2 and a list', (...args) => {
    const cwd = tempFolder({ 'sluice.config.yaml': 'regions: {}\nsorce: 1\n' });
    const { status, stderr } = run('sluice.ts', args, cwd);
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean source?');
    expect(stderr).not.toContain('    at ');
  });

  it('says once what is wrong with a file that is not there', () => {
    const { status, stderr } = run('sluice.ts', ['config', 'check', '--config', 'none.yaml']);
    expect(status).toBe(2);
    expect(stderr.match(/ENOENT/g)).toHaveLength(1);
  });

  it('tells machines what is wrong', () => {
    const { status, stdout } = run('sluice.ts', ['config', 'check', '--json']);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } });
  });

  it('uses servers that a configuration gives as they are: nothing is started, and no secret is told', () => {
    const region = (port: number) => ({ kafka: { brokers: [`127.0.0.1:${port}`] }, elasticsearch: { nodes: [`http://127.0.0.1:${port + 1}`], username: 'u', password: 'hush' } });
    const cwd = tempFolder({ 'given.yaml': JSON.stringify({ regions: { west: region(1), east: region(3) }, source: { kafka: { brokers: ['127.0.0.1:5'] } } }) });
    const { status, stdout } = run('sluice.ts', ['stack', 'up', '--config', 'given.yaml', '--json'], cwd, { SLUICE_STACK: 'none' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, given: true, endpoints: { source: { brokers: ['127.0.0.1:5'] }, regions: { east: { elasticsearch: { nodes: ['http://127.0.0.1:4'] } } } } });
    expect(stdout).not.toContain('hush');
    expect(existsSync(join(cwd, '.sluice'))).toBe(false);
  });

  it('names the lanes there are', () => {
    const region = { kafka: { brokers: ['127.0.0.1:1'] }, elasticsearch: { nodes: ['http://127.0.0.1:2'] } };
    const cwd = tempFolder({ 'sluice.config.json': JSON.stringify({ regions: { west: region, east: region }, source: { kafka: region.kafka } }) });
    const { status, stderr } = run('sluice.ts', ['process', '--lane', 'west-north'], cwd);
    expect(status).toBe(2);
    expect(stderr).toContain('west-west, west-east, east-west, east-east');
  });
});

describe('npm start', () => {
  it('explains itself, and refuses what it does not know', () => {
    expect(run('start.ts', ['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--once') });
    expect(run('start.ts', ['--onse'])).toMatchObject({ status: 2, stderr: expect.stringContaining('--once') });
  });
});

describe('the code version', () => {
  it('is what the build says, else the package version with the commit', () => {
    expect(codeVersion({ SLUICE_CODE_VERSION: 'build-7' })).toBe('build-7');
    expect(codeVersion({})).toMatch(/^\d+\.\d+\.\d+(\+[0-9a-f]{10})?$/);
  });
});
