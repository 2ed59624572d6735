import { Agent, request } from 'undici';
import type { BenchDocument } from './documents.ts';
import type { Figures } from './figures.ts';

/** How the bodies are cut, and how many are under way at once. */
export interface RawShape { readonly operations: number; readonly connections: number }

/** `5000x3`: so many operations a body, so many connections; undefined for anything else. */
export function shapeOf(text: string): RawShape | undefined {
  const found = /^([1-9]\d{0,5})x([1-9]\d{0,2})$/.exec(text);
  return found === null ? undefined : { operations: Number(found[1]), connections: Number(found[2]) };
}

export const FIRST_SHAPE: RawShape = { operations: 5_000, connections: 3 };
const OPERATIONS = [1_000, 2_000, 5_000, 10_000];
const CONNECTIONS = [2, 3, 4, 6];

/** The shape with the highest rate: first the size of the bodies is chosen, then the connections for that size. `rateOf` measures one. */
export async function bestShape(rateOf: (shape: RawShape) => Promise<number>): Promise<RawShape> {
  const { operations } = await bestOf(OPERATIONS.map((each) => ({ ...FIRST_SHAPE, operations: each })), rateOf);
  return bestOf(CONNECTIONS.map((connections) => ({ operations, connections })), rateOf);
}

async function bestOf(shapes: readonly RawShape[], rateOf: (shape: RawShape) => Promise<number>): Promise<RawShape> {
  let best: { shape: RawShape; rate: number } | null = null;
  for (const shape of shapes) {
    const rate = await rateOf(shape);
    if (best === null || rate > best.rate) best = { shape, rate };
  }
  return (best as { shape: RawShape }).shape;
}

/** `_bulk` bodies made beforehand: ids, versions and version type as the lane sends them. `indexOf`: document number → index; `suffix`: what stands in place of a document's closing brace. */
export function rawBodies(documents: (number: number) => BenchDocument, count: number, indexOf: (number: number) => string, operations: number, suffix = '}'): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0; from < count; from += operations) {
    const lines: string[] = [];
    for (let number = from; number < Math.min(count, from + operations); number += 1) {
      const { id, version, body } = documents(number);
      lines.push(`{"index":{"_index":"${indexOf(number)}","version_type":"external_gte","_id":"${id}","version":${version}}}`, body.slice(0, -1) + suffix);
    }
    bodies.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  return bodies;
}

/** Posts the bodies over a few keep-alive connections as fast as Elasticsearch takes them. The memory is that of this process, all bodies included. */
export async function runRaw(node: string, bodies: readonly Buffer[], count: number, connections: number): Promise<Figures> {
  const agent = new Agent({ connections, pipelining: 1 });
  const cpu = process.cpuUsage();
  const began = performance.now();
  let next = 0;
  async function post(): Promise<void> {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answer = await request(`${node}/_bulk?filter_path=errors`, { dispatcher: agent, method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } });
      const text = await answer.body.text();
      if (text !== '{"errors":false}') throw new Error(`raw bulk failed: ${answer.statusCode} ${text.slice(0, 200)}`);
    }
  }
  await Promise.all(Array.from({ length: connections }, post));
  const seconds = (performance.now() - began) / 1_000;
  const used = process.cpuUsage(cpu);
  await agent.close();
  return { docsPerSecond: count / seconds, cpuSecondsPerMillion: (used.user + used.system) / count, peakRssMiB: process.resourceUsage().maxRSS / 1_024 };
}
