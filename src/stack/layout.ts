import { SluiceError } from '../domain/errors.ts';
import type { Endpoints } from './stack.ts';
import type { ServerKind } from './server-kind.ts';
import { SERVER_KINDS } from './servers/index.ts';

const REGIONS = ['west', 'east'] as const;
const SOURCE = 'source';

/** One server that a stack is to have. */
export interface Instance {
  readonly name: string;
  readonly region: string;
  readonly kind: ServerKind;
}

/** Names that `with` accepts: servers beside the default ones. */
export const EXTRAS = [SOURCE] as const;
export type Extra = (typeof EXTRAS)[number];

/** The servers of a stack: Kafka and Elasticsearch of both regions and the extras; `only` picks some of them by name. */
export function instancesOf(extras: readonly Extra[], only?: readonly string[]): Instance[] {
  const all = SERVER_KINDS.flatMap((kind) => regionsOf(kind, extras).map((region) => ({ name: `${kind.kind}-${region}`, region, kind })));
  const unknown = only?.find((name) => all.every((instance) => instance.name !== name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `There is no server "${unknown}" in this stack: choose from ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => only === undefined || only.includes(name));
}

type RegionEntry = [string, Endpoints['regions'][string]];

function regionsOf(kind: ServerKind, extras: readonly Extra[]): string[] {
  return kind.kind === 'kafka' && extras.includes(SOURCE) ? [...REGIONS, SOURCE] : [...REGIONS];
}

/** Addresses for clients. The source is Kafka `source` where there is one, else Kafka west; a region needs both its servers. */
export function endpointsOf(addresses: ReadonlyMap<string, string>): Endpoints {
  const regions = REGIONS.flatMap((region): RegionEntry[] => {
    const kafka = addresses.get(`kafka-${region}`);
    const elasticsearch = addresses.get(`elasticsearch-${region}`);
    return kafka === undefined || elasticsearch === undefined ? [] : [[region, { kafka: { brokers: [kafka] }, elasticsearch: { nodes: [elasticsearch] } }]];
  });
  const source = addresses.get(`kafka-${SOURCE}`) ?? addresses.get('kafka-west') ?? addresses.get('kafka-east');
  return { source: { brokers: source === undefined ? [] : [source] }, regions: Object.fromEntries(regions) };
}
