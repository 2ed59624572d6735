import { Agent, request } from 'undici';
import type { BenchDocument } from './documents.ts';
import type { Figures } from './figures.ts';

export interface RawShape { readonly operations: number; readonly connections: number }

/** The shapes among which the best is searched. */
export const RAW_SHAPES: readonly RawShape[] = [{ operations: 5_000, connections: 4 }, { operations: 5_000, connections: 3 }, { operations: 5_000, connections: 2 }, { operations: 2_000, connections: 4 }, { operations: 2_000, connections: 2 }];

/** `_bulk` bodies made beforehand: same ids, versions and version type as the lane sends. `indexOf`: document number → index. */
export function rawBodies(documents: (number: number) => BenchDocument, count: number, indexOf: (number: number) => string, operations: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0; from < count; from += operations) {
    const lines: string[] = [];
    for (let number = from; number < Math.min(count, from + operations); number += 1) {
      const { id, version, body } = documents(number);
      lines.push(`{"index":{"_index":"${indexOf(number)}","version_type":"external_gte","_id":"${id}","version":${version}}}`, body);
    }
    bodies.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  return bodies;
}

/** Posts the bodies over a few keep-alive connections as fast as Elasticsearch takes them. */
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
  return { docsPerSecond: count / seconds, cpuSecondsPerMillion: ((used.user + used.system) / count), peakRssMiB: Number.NaN };
}
