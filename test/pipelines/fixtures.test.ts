import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pipelines } from '../../pipelines/index.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import type { AnyPipeline, Lookups } from '../../src/domain/pipeline.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';
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
    if (pipeline.read !== undefined) expect(pipeline.read(event)).toStrictEqual(pipeline.decode(Buffer.from(JSON.stringify(event))));
    if ('document' in expected) expect(routedTo(pipeline, expected.document), 'the field that the audit goes by').toBe(expected.index);
  });
});

describe.each(pipelines)('mapping of $name', (pipeline) => {
  test('is strict and knows the fields that every document has', async () => {
    const { dynamic, properties } = (await readMapping(pipeline.index.mapping)).mappings as { dynamic: string; properties: Record<string, unknown> };
    expect(dynamic).toBe('strict');
    expect(properties['deleted']).toStrictEqual({ type: 'boolean' });
    expect(properties['fingerprint']).toStrictEqual({ type: 'long' });
    expect(Object.keys((properties['origin'] as { properties: object }).properties)).toEqual(expect.arrayContaining(['role', 'code', 'host_group', 'cycle']));
  });
});

function routedTo({ name, index }: AnyPipeline, document: Readonly<Record<string, unknown>>): string {
  return indexNameOf(name, index.period, Date.parse(String(document[index.routedBy ?? ''])));
}
