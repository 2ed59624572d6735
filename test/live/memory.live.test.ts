import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { encodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import type { LaneStatus } from '../../src/indexing/status.ts';
import { openRegionLog } from '../../src/main/connections.ts';
import type { OutgoingRecord } from '../../src/ports/record-log.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/stack.ts';

const MIB = 1024 * 1024;
const SETTINGS = { budgetBytes: 16 * MIB, fetchBytes: MIB, batchBytes: MIB, maxDocumentBytes: MIB, requestTimeoutMs: 5_000, retryMinMs: 50, retryMaxMs: 500, commitIntervalMs: 200 };
const HEAP_MIB = 64;
/** What Node and the loaded modules take, beside what the lane holds. */
const BASE_MIB = 160;
const RECORDS = 24_000;
const SENT_AT_ONCE = 2_000;
const PAYLOAD = 'x'.repeat(900);
const ROUTING_TIME = Date.UTC(2026, 10, 15);

let site: Installation;
let proxy: FaultProxy;
let lane: SluiceProcess;
afterEach(async () => {
  await lane?.end('SIGKILL');
  await proxy?.close();
  await site?.remove();
});

it('a lane whose destination hangs while its topic is full holds no more memory than it says, and loses nothing', async () => {
  site = await install({ processor: SETTINGS });
  const url = new URL(site.config.regions['west']?.elasticsearch.nodes[0] ?? '');
  proxy = new FaultProxy((await freePorts(1))[0] as number, () => Number(url.port));
  await proxy.open();
  lane = await startProcess(behindProxy(), ['process', '--lane', 'west-west'], { nodeOptions: [`--max-old-space-size=${HEAP_MIB}`] });
  // What asks for indices is more patient than a bulk request: they are there before the destination hangs.
  await fill(0, 1);
  await committed(1);
  await proxy.set('black-hole');
  await fill(1, RECORDS);
  // As full as it gets: it stands, holding its budget, until a time-out and a further try have passed.
  await waitFor(async () => (await status()).heldBytes > SETTINGS.batchBytes, { what: 'the lane to fill', timeoutMs: 60_000 });
  await waitFor(async () => isAgain((await status()).gate), { what: 'the lane to try again', timeoutMs: 60_000 });
  expect((await status()).heldBytes).toBeLessThanOrEqual(SETTINGS.budgetBytes);
  await proxy.set('pass');
  await committed(RECORDS);
  expect(peakMiB()).toBeLessThanOrEqual(BASE_MIB + HEAP_MIB + SETTINGS.budgetBytes / MIB);
});

function isAgain(gate: LaneStatus['gate']): boolean {
  return gate.kind === 'backing-off' && gate.attempt > 1;
}

async function status(): Promise<LaneStatus> {
  const { parts } = (await (await fetch(new URL('/status', lane.url))).json()) as { parts: Record<string, LaneStatus> };
  return parts['west-west'] as LaneStatus;
}

function behindProxy(): string {
  const raw = parse(readFileSync(site.configFile, 'utf8')) as { regions: Record<string, { elasticsearch: { nodes: string[] } }> };
  (raw.regions['west'] as { elasticsearch: { nodes: string[] } }).elasticsearch.nodes = [`http://127.0.0.1:${proxy.port}`];
  const path = `${site.configFile}.proxy.yaml`;
  writeFileSync(path, stringify(raw));
  return path;
}

async function committed(count: number): Promise<void> {
  await waitFor(async () => (await site.committed('west', 'sluice.west-west')) === count, { what: `${count} records to be committed`, timeoutMs: 90_000 });
}

async function fill(first: number, end: number): Promise<void> {
  const producer = openRegionLog(site.config, 'west', SILENT).producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
  for (let from = first; from < end; from += SENT_AT_ONCE) await producer.send(Array.from({ length: Math.min(SENT_AT_ONCE, end - from) }, (_, at) => recordOf(from + at)));
  await producer.close();
}

function recordOf(number: number): OutgoingRecord {
  const id = `L${number}`;
  const envelope = encodeEnvelope({ operation: 'index', schema: 1, version: 1, routingTime: ROUTING_TIME, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'sold-items', id });
  return { topic: regionalTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from(id), value: Buffer.from(JSON.stringify({ listing_id: id, title: PAYLOAD, deleted: false })), headers: new Map([[ENVELOPE_HEADER, envelope]]) };
}

/** Most resident memory that the process ever held; 0 where the system does not tell. */
function peakMiB(): number {
  const text = readFileSync(`/proc/${lane.child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1_024;
}
