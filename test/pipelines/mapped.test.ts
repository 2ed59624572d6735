import { expect, test } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import { generate } from '../../src/inputs/generate/generate.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';
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
    expect(unmapped(outcome.held.source, await mappingOf(pipeline.index.mapping))).toStrictEqual([]);
  }
});

async function mappingOf(name: string): Promise<Property> {
  return (await readMapping(name)).mappings;
}

function unmapped(value: Readonly<Record<string, unknown>>, property: Property): string[] {
  return Object.entries(value).flatMap(([field, inner]) => {
    const mapped = property.properties?.[field];
    if (mapped === undefined) return [field];
    return inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? unmapped(inner as Record<string, unknown>, mapped) : [];
  });
}
