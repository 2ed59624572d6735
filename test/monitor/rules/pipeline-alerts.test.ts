import { expect, it } from 'vitest';
import { pipelineAlerts } from '../../../pipelines/alerts.ts';
import { pipelines } from '../../../pipelines/index.ts';
import { batch, failure, run, RULES, series } from '../series.ts';

const rules = Object.values(pipelineAlerts).flat();
const fired = (pipeline: string, count: number) => run(series(10, () => ({ region: { failures: [failure({ pipeline, count })], batches: [batch({ operations: 10_000 })] } })), { rules }).flat().filter((alert) => alert.state === 'firing').map((alert) => alert.rule);

it('alerts stand beside pipelines that there are, under names of their own', () => {
  expect(Object.keys(pipelineAlerts).filter((name) => !pipelines.some((pipeline) => pipeline.name === name))).toEqual([]);
  const names = [...RULES, ...rules].map((rule) => rule.name);
  expect(new Set(names).size).toBe(names.length);
});

it('those of a pipeline look at its own failures alone', () => {
  expect(new Set(fired('sold-items', 25))).toEqual(new Set(['failure-share-sold-items']));
  expect(fired('sold-items', 5)).toEqual([]);
  expect(fired('retail-sales', 25)).toEqual([]);
  expect(new Set(fired('retail-sales', 3_000))).toEqual(new Set(['failure-share-retail-sales']));
  expect(fired('closed-listings', 25)).toEqual([]);
});
