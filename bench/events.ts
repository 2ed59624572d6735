import { fileURLToPath } from 'node:url';
import { pipelines } from '../pipelines/index.ts';
import type { Document } from '../src/domain/document.ts';
import type { AnyPipeline } from '../src/domain/pipeline.ts';
import { generate } from '../src/inputs/generate/generate.ts';
import { readReferenceIds } from '../src/inputs/generate/reference.ts';

/** The pipeline that the benches send. */
export const BENCH_PIPELINE = 'sold-items';
const SEED = 7;
/** What three enrichers would add, so that documents have their real size. */
const FACTS = { price_usd: 42.5, category: { id: '2010101', name: 'Smartphones', path: ['Electronics', 'Phones', 'Smartphones'] }, seller: { id: 'seller-000042', name: 'northern_lights_42', country: 'GB', since: '2014-05-06', feedback: 99.1 } };

/** The first `count` sold-items events of a seeded story, in its order. */
export async function saleEvents(count: number): Promise<{ key: Buffer; value: Buffer }[]> {
  const reference = await readReferenceIds(fileURLToPath(new URL('../reference', import.meta.url)));
  return [...generate(reference, { seed: SEED, pipelines: [BENCH_PIPELINE], count, duplicates: 0 })].map(({ key, payload }) => ({ key, value: payload }));
}

export function pipelineNamed(name: string): AnyPipeline {
  const pipeline = pipelines.find((each) => each.name === name);
  if (pipeline === undefined) throw new Error(`there is no pipeline ${name}`);
  return pipeline;
}

/** Finished documents of different content; callers give them ids of their own. */
export async function saleDocuments(count: number): Promise<Document[]> {
  const pipeline = pipelineNamed(BENCH_PIPELINE);
  return (await saleEvents(count)).flatMap(({ value }) => {
    const decoded = pipeline.decode(value);
    if (!decoded.ok) return [];
    const document = pipeline.toDocument(decoded.event, FACTS);
    return 'skip' in document || document.deleted ? [] : [document];
  });
}
