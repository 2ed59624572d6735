import { readCertificates, type CertificateFacts, type CertificatePlace } from '../adapters/tls/certificates.ts';
import type { Config, ElasticsearchClusterConfig, KafkaClusterConfig } from '../config/schema.ts';

const TIMEOUT_MS = 5_000;
const HTTPS_PORT = 443;

/** When the certificates of every server and client that the configuration names end. Never rejects. */
export function certificatesOf(config: Config): Promise<CertificateFacts[]> {
  const regions = Object.entries(config.regions);
  return readCertificates([
    ...kafkaPlaces('source', config.source.kafka),
    ...regions.flatMap(([region, { kafka, elasticsearch }]) => [...kafkaPlaces(region, kafka), ...searchPlaces(region, elasticsearch)]),
  ], TIMEOUT_MS);
}

function kafkaPlaces(cluster: string, { brokers, tls }: KafkaClusterConfig): CertificatePlace[] {
  if (tls === undefined) return [];
  const servers = brokers.map((broker) => {
    const at = broker.lastIndexOf(':');
    return { name: `Kafka ${cluster}, ${broker}`, host: broker.slice(0, at), port: Number(broker.slice(at + 1)), serverName: tls.serverName };
  });
  return [...servers, ...clientOf(`Kafka ${cluster}`, tls.certFile)];
}

function searchPlaces(region: string, { nodes, tls }: ElasticsearchClusterConfig): CertificatePlace[] {
  const servers = nodes.map((node) => new URL(node)).filter(({ protocol }) => protocol === 'https:')
    .map(({ hostname, port, host }) => ({ name: `Elasticsearch ${region}, ${host}`, host: hostname, port: port === '' ? HTTPS_PORT : Number(port), serverName: tls?.serverName }));
  return [...servers, ...clientOf(`Elasticsearch ${region}`, tls?.certFile)];
}

function clientOf(cluster: string, file: string | undefined): CertificatePlace[] {
  return file === undefined ? [] : [{ name: `the client's for ${cluster}`, file }];
}
