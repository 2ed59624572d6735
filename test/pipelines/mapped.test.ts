import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import { generate } from '../../src/inputs/generate/generate.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { outcomeOf, ownLookups } from './apply.ts';

interface Property {
  readonly properties?: Readonly<Record<string, Property>>;
}

test('every field of a generated document is mapped', async () => {
  const lookups = await ownLookups();
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  for (const record of generate(await readReferenceIds(OWN_REFERENCE), { seed: 11, count: 500 })) {
    const pipeline = byName.get(record.pipeline);
    if (pipeline === undefined) throw new Error(record.pipeline);
    const outcome = await outcomeOf(pipeline, record.payload, lookups);
    if (outcome.kind === 'failed') throw new Error(outcome.problem);
    expect(unmapped(outcome.held.source, mappingOf(pipeline.index.mapping))).toStrictEqual([]);
  }
});

function mappingOf(name: string): Property {
  const file = join(import.meta.dirname, '../../mappings', name, 'v1.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { mappings: Property }).mappings;
}

function unmapped(value: Readonly<Record<string, unknown>>, property: Property): string[] {
  return Object.entries(value).flatMap(([field, inner]) => {
    const mapped = property.properties?.[field];
    if (mapped === undefined) return [field];
    return inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? unmapped(inner as Record<string, unknown>, mapped) : [];
  });
}
