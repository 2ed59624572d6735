import { KAFKAS, REGIONS, type Cluster } from '../cluster.ts';
import type { LinkMode } from '../../support/fault-proxy.ts';
import { SEARCHES, holding, type Fault } from './fault.ts';

const MODES: readonly Exclude<LinkMode, 'pass'>[] = ['refuse', 'black-hole', 'latency', 'truncate', 'trickle', 'reset'];

const bad = (to: string, servers: readonly string[], mode: LinkMode): Fault => ({
  kind: `${to}-${mode}`, targets: servers, seconds: [6, 12], holds: (server) => [holding.line(server)],
  inject: (cluster, server) => cluster.line(server).set(mode),
  heal: (cluster, server) => cluster.line(server).set('pass'),
});

/** A whole region out of reach: its Kafka and its Elasticsearch. */
const regionCut: Fault = {
  kind: 'region-cut', targets: REGIONS, seconds: [12, 20], holds: (region) => linesOf(region).map(holding.line),
  inject: (cluster, region) => setAll(cluster, region, 'black-hole'),
  heal: (cluster, region) => setAll(cluster, region, 'pass'),
};

function linesOf(region: string): string[] {
  return [`kafka-${region}`, `elasticsearch-${region}`];
}

async function setAll(cluster: Cluster, region: string, mode: LinkMode): Promise<void> {
  for (const server of linesOf(region)) await cluster.line(server).set(mode);
}

export const lineFaults: readonly Fault[] = [
  ...MODES.map((mode) => bad('kafka', KAFKAS, mode)),
  ...MODES.map((mode) => bad('elasticsearch', SEARCHES, mode)),
  regionCut,
];
