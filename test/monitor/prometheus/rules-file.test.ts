import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { EXPRESSIONS } from '../../../src/monitor/prometheus/expressions.ts';
import { alertNameOf, prometheusRules } from '../../../src/monitor/prometheus/rules-file.ts';
import { hasCommand } from '../../support/command.ts';
import { RULES, THRESHOLDS } from '../series.ts';
import { PROMETHEUS_CASES, type Series } from './cases.ts';

const run = promisify(execFile);
/** By then everything that has to last has lasted. */
const EVALUATED_AT = '10m';

describe('the rules for Prometheus', () => {
  it('have an expression for each default rule, with a case that fires it and one that must not', () => {
    const names = RULES.map(({ name }) => name).sort();
    expect(Object.keys(EXPRESSIONS).sort()).toEqual(names);
    expect(Object.keys(PROMETHEUS_CASES).sort()).toEqual(names);
  });

  describe.skipIf(!hasCommand('promtool', 'apt-get install prometheus'))('by promtool', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-promtool-'));
      // What lasts for half an hour (a rollout) need not be waited for.
      writeFileSync(join(folder, 'rules.yml'), prometheusRules(RULES.map((rule) => ({ ...rule, forMs: Math.min(rule.forMs, 60_000) })), THRESHOLDS));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('are sound', async () => {
      expect((await run('promtool', ['check', 'rules', join(folder, 'rules.yml')])).stdout).toMatch(/SUCCESS/);
    });

    it('each fires on its data and not on what only looks like it', { timeout: 300_000 }, async () => {
      const tests = Object.entries(PROMETHEUS_CASES).flatMap(([rule, { fires, quiet, more }]) => [
        ...[fires, ...more?.fires ?? []].map((series) => testOf(rule, series, true)), ...[quiet, ...more?.quiet ?? []].map((series) => testOf(rule, series, false)),
      ]);
      writeFileSync(join(folder, 'tests.yml'), stringify({ rule_files: ['rules.yml'], tests }, { lineWidth: 0 }));
      const ended = await run('promtool', ['test', 'rules', join(folder, 'tests.yml')]).then(() => '', (error: { stdout?: string; stderr?: string }) => `${error.stdout}${error.stderr}`);
      expect(ended).toBe('');
    });
  });
});

/** promtool compares whole alerts: what is counted here is whether there is any. */
function testOf(rule: string, series: Series, fires: boolean) {
  return {
    name: `${rule} ${fires ? 'fires' : 'is quiet'}`, interval: '5s', input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{
      expr: `count(ALERTS{alertname="${alertNameOf(rule)}", alertstate="firing"}) > bool 0`, eval_time: EVALUATED_AT,
      exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
    }],
  };
}
