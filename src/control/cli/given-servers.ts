import { configured } from '../../main/configured.ts';
import { startStack, type Endpoints } from '../../stack/stack.ts';

/** The servers that a configuration names: used as they are, nothing is started. */
export interface GivenServers {
  readonly ok: true;
  readonly given: true;
  readonly endpoints: Endpoints;
  /** The file that names them. */
  readonly config: string;
}

/** Takes the servers of a configuration as the stack; throws CONFIG_INVALID where it is none. Addresses alone are taken over, no secrets. */
export async function useGivenServers(file: string): Promise<GivenServers> {
  const { config } = await configured(file);
  const regions = Object.entries(config.regions).map(([name, { kafka, elasticsearch }]) => [name, { kafka: { brokers: kafka.brokers }, elasticsearch: { nodes: elasticsearch.nodes } }] as const);
  const { endpoints } = await startStack({ given: { source: { brokers: config.source.kafka.brokers }, regions: Object.fromEntries(regions) } });
  return { ok: true, given: true, endpoints, config: file };
}

/** A row for each kind of server in each region: name and addresses. */
export function givenRows({ endpoints: { source, regions } }: GivenServers): string[][] {
  const rows = Object.entries(regions).flatMap(([region, { kafka, elasticsearch }]) => [[`kafka-${region}`, kafka.brokers.join(', ')], [`elasticsearch-${region}`, elasticsearch.nodes.join(', ')]]);
  return [...rows, ['kafka-source', source.brokers.join(', ')]];
}
