import { SluiceError } from '../domain/errors.ts';
import type { Endpoints } from './stack.ts';
import type { ServerKind } from './server-kind.ts';
import { SERVER_KINDS } from './servers/index.ts';
import { STACK_BUCKET } from './servers/object-store.ts';

const REGIONS = ['west', 'east'] as const;
const SOURCE = 'source';
const OBJECT_STORE = 'object-store';

/** One server that a stack is to have. */
export interface Instance {
  readonly name: string;
  /** Region, `source`, or (what all share) the kind itself. */
  readonly region: string;
  readonly kind: ServerKind;
}

/** Names that `with` accepts: servers beside the default ones. */
export const EXTRAS = [SOURCE, OBJECT_STORE] as const;
export type Extra = (typeof EXTRAS)[number];

/** The servers of a stack: Kafka and Elasticsearch of both regions and the extras; `only` picks some of them by name. */
export function instancesOf(extras: readonly Extra[], only?: readonly string[]): Instance[] {
  const all = SERVER_KINDS.flatMap((kind) => placesOf(kind, extras).map((region) => ({ name: region === kind.kind ? region : `${kind.kind}-${region}`, region, kind })));
  const unknown = only?.find((name) => all.every((instance) => instance.name !== name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `There is no server "${unknown}" in this stack: choose from ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => only === undefined || only.includes(name));
}

/** Name of the server that an extra brings. */
export function serverOfExtra(extra: Extra): string {
  return extra === OBJECT_STORE ? OBJECT_STORE : `kafka-${extra}`;
}

type RegionEntry = [string, Endpoints['regions'][string]];

function placesOf(kind: ServerKind, extras: readonly Extra[]): string[] {
  if (kind.kind === OBJECT_STORE) return extras.includes(OBJECT_STORE) ? [OBJECT_STORE] : [];
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
  const store = addresses.get(OBJECT_STORE);
  return {
    source: { brokers: source === undefined ? [] : [source] },
    regions: Object.fromEntries(regions),
    ...(store === undefined ? {} : { objectStore: { endpoint: store, ...STACK_BUCKET } }),
  };
}
