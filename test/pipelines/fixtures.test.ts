import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pipelines } from '../../pipelines/index.ts';
import type { Lookups } from '../../src/domain/pipeline.ts';
import { ownLookups, outcomeOf } from './apply.ts';

/** A fixture: an event and the document that it must become, or the problem that must be told. */
const fixture = z.strictObject({
  about: z.string(),
  event: z.record(z.string(), z.unknown()),
  expected: z.union([
    z.strictObject({ id: z.string(), version: z.int(), index: z.string(), document: z.record(z.string(), z.unknown()) }),
    z.strictObject({ stage: z.enum(['decode', 'enrich']), problem: z.string() }),
  ]),
});

let lookups: Lookups;
beforeAll(async () => {
  lookups = await ownLookups();
});

describe.each(pipelines)('pipeline $name', (pipeline) => {
  const folder = join(import.meta.dirname, '../../pipelines', pipeline.name, 'fixtures');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();

  test('has fixtures of documents and of problems', () => {
    expect(names.length).toBeGreaterThanOrEqual(2);
  });

  test.each(names)('%s', async (name) => {
    const { event, expected, about } = fixture.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    const outcome = await outcomeOf(pipeline, Buffer.from(JSON.stringify(event)), lookups);
    const actual = outcome.kind === 'failed'
      ? { stage: outcome.stage, problem: outcome.problem }
      : { id: outcome.id, version: outcome.held.version, index: outcome.held.index, document: outcome.held.source };
    expect(actual, about).toStrictEqual(expected);
  });
});

describe.each(pipelines)('mapping of $name', (pipeline) => {
  test('is strict and knows the fields that every document has', () => {
    const file = join(import.meta.dirname, '../../mappings', pipeline.index.mapping, 'v1.json');
    const { mappings } = JSON.parse(readFileSync(file, 'utf8')) as { mappings: { dynamic: string; properties: Record<string, unknown> } };
    expect(mappings.dynamic).toBe('strict');
    expect(mappings.properties['deleted']).toStrictEqual({ type: 'boolean' });
    expect(Object.keys((mappings.properties['origin'] as { properties: object }).properties)).toEqual(expect.arrayContaining(['role', 'code', 'host_group', 'cycle']));
  });
});
