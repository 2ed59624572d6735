import { createHash } from 'node:crypto';
import type { GeneratedRecord } from '../../src/inputs/generate/generate.ts';
import { expectedOfRecords } from '../../src/proof/expected-generated.ts';
import type { DirectDocument, Sending } from './history.ts';

/** A document, as small as it can be compared. */
export interface Sketch {
  readonly version: number;
  readonly deleted: boolean;
  /** Hash over every field but `origin`. */
  readonly digest: string;
}

/** By `index/id`, the index without the installation's prefix. */
export type Documents = Map<string, Sketch>;

/** What each region must hold at the end, worked out without the pipeline's code. */
export async function expectedDocuments(referenceDirectory: string, history: Iterable<Sending>): Promise<Documents> {
  const newest = new Map<string, DirectDocument>();
  const generated = await expectedOfRecords(referenceDirectory, generatedIn(history, newest));
  const documents: Documents = new Map();
  for (const { pipeline, periods, documents: of } of generated.documents) {
    for (const period of periods) {
      for await (const { id, version, source } of of(period)) documents.set(`${pipeline}-${period}/${id}`, sketchOf(version, source));
    }
  }
  for (const { id, index, version, source } of newest.values()) documents.set(`${index}/${id}`, sketchOf(version, source));
  return documents;
}

function* generatedIn(history: Iterable<Sending>, newest: Map<string, DirectDocument>): Generator<GeneratedRecord> {
  for (const sending of history) {
    if (sending.kind === 'source') {
      if (sending.generated !== null) yield sending.generated;
    } else if (sending.document !== null && sending.document.version > (newest.get(sending.document.id)?.version ?? -1)) {
      newest.set(sending.document.id, sending.document);
    }
  }
}

/** `source` without `origin`. */
export function sketchOf(version: number, source: Readonly<Record<string, unknown>>): Sketch {
  return { version, deleted: source['deleted'] === true, digest: createHash('sha1').update(canonical(source)).digest('base64') };
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}
