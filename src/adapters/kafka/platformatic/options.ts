import type { BaseOptions, ConnectionOptions, SASLOptions } from '@platformatic/kafka';
import type { KafkaSettings } from '../settings.ts';

/** How a connection to one broker is made and when it is given up. */
export function connectionOptions(settings: KafkaSettings, requestTimeoutMs = settings.requestTimeoutMs): ConnectionOptions {
  const { tls, sasl } = settings;
  return {
    connectTimeout: settings.connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password } satisfies SASLOptions }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls), ...(tls.servername === undefined ? {} : { tlsServerName: tls.servername }) }),
  };
}

/** Options of the library's own clients; `retries` are the library's, beneath ours. */
export function clientOptions(settings: KafkaSettings, retries: number, requestTimeoutMs?: number): BaseOptions {
  return {
    ...connectionOptions(settings, requestTimeoutMs),
    clientId: settings.clientId,
    bootstrapBrokers: [...settings.brokers],
    retries,
    retryDelay: () => RETRY_MIN_MS + Math.random() * RETRY_SPREAD_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    autocreateTopics: false,
  };
}

const RETRY_MIN_MS = 100;
const RETRY_SPREAD_MS = 200;
const METADATA_MAX_AGE_MS = 5_000;

function tlsOptions({ ca, cert, key, rejectUnauthorized }: NonNullable<KafkaSettings['tls']>): NonNullable<ConnectionOptions['tls']> {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: rejectUnauthorized ?? true,
  };
}
