import { readFileSync } from 'node:fs';
import type { ElasticsearchSettings, TlsSettings } from '../adapters/elasticsearch/settings.ts';
import type { KafkaSettings, KafkaTls } from '../adapters/kafka/connect.ts';
import type { S3Settings } from '../adapters/object-store/s3.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Config, ElasticsearchClusterConfig, KafkaClusterConfig, ObjectStoreConfig } from './schema.ts';

/** Connections for administration and searches, beside those of the batches in flight. */
const SPARE_SOCKETS = 4;

type TlsConfig = NonNullable<KafkaClusterConfig['tls']>;

/** What the Kafka adapter needs: files read, secrets in place. Throws CONFIG_INVALID where a file cannot be read. */
export function kafkaSettings(config: Config, cluster: KafkaClusterConfig, clientId: string): KafkaSettings {
  const { tls, sasl } = cluster;
  return {
    client: config.kafka.client,
    brokers: cluster.brokers,
    clientId,
    ...(tls === undefined ? {} : { tls: kafkaTls(tls) }),
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: secretOf(sasl.password, sasl.passwordFile) ?? '' } }),
    requestTimeoutMs: config.kafka.requestTimeoutMs,
    connectTimeoutMs: config.kafka.connectTimeoutMs,
  };
}

/** What the Elasticsearch adapter needs: files read, secrets in place. Throws CONFIG_INVALID where a file cannot be read. */
export function elasticsearchSettings(config: Config, cluster: ElasticsearchClusterConfig): ElasticsearchSettings {
  return {
    nodes: cluster.nodes,
    username: cluster.username,
    password: secretOf(cluster.password, cluster.passwordFile),
    apiKey: secretOf(cluster.apiKey, cluster.apiKeyFile),
    tls: cluster.tls === undefined ? undefined : elasticsearchTls(cluster.tls),
    requestTimeoutMs: config.elasticsearch.requestTimeoutMs,
    maxSockets: config.processor.inFlight + SPARE_SOCKETS,
    compression: config.elasticsearch.compression,
  };
}

/** What the object-store adapter needs: the secret in place. Throws CONFIG_INVALID where its file cannot be read. */
export function objectStoreSettings({ secretAccessKey, secretAccessKeyFile, ...settings }: ObjectStoreConfig): S3Settings {
  return { ...settings, secretAccessKey: secretOf(secretAccessKey, secretAccessKeyFile) };
}

function kafkaTls(tls: TlsConfig): KafkaTls {
  return {
    ...(tls.caFile === undefined ? {} : { ca: read(tls.caFile) }),
    ...(tls.certFile === undefined ? {} : { cert: read(tls.certFile) }),
    ...(tls.keyFile === undefined ? {} : { key: read(tls.keyFile) }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.rejectUnauthorized,
  };
}

function elasticsearchTls(tls: TlsConfig): TlsSettings {
  const text = (file: string | undefined) => (file === undefined ? undefined : read(file).toString('utf8'));
  return { ca: text(tls.caFile), cert: text(tls.certFile), key: text(tls.keyFile), serverName: tls.serverName, rejectUnauthorized: tls.rejectUnauthorized };
}

/** A secret that is given in place or as a file; undefined where it is not given. Throws CONFIG_INVALID where the file cannot be read. */
export function secretOf(value: string | undefined, file: string | undefined): string | undefined {
  return file === undefined ? value : read(file).toString('utf8').replace(/\r?\n$/, '');
}

/** A file named in the configuration. Throws CONFIG_INVALID where it cannot be read. */
export function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SluiceError('CONFIG_INVALID', `the file ${file}, named in the configuration, cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
