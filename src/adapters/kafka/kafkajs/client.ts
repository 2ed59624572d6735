import { compressionsAlgorithms } from '@platformatic/kafka';
import type { Kafka as KafkaClient, SASLOptions } from 'kafkajs';
import type { LogContext } from '../context.ts';
import { library } from './library.ts';

/** kafkajs logs at its own numbered levels; 1 is an error. */
const ERROR = 1;
/** Every error answer of a broker is logged by the connection, whether or not somebody deals with it: noise. */
const NOISY = new Set(['Connection', 'BrokerPool']);

interface Encoder {
  readonly buffer: Buffer;
}

/** kafkajs brings gzip alone; the other codecs are those of the first client, so that both write the same frames. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = library();
  for (const [type, name] of [[CompressionTypes.LZ4, 'lz4'], [CompressionTypes.Snappy, 'snappy'], [CompressionTypes.ZSTD, 'zstd']] as const) {
    const { compressSync, decompressSync } = compressionsAlgorithms[name];
    CompressionCodecs[type] = () => ({
      compress: async ({ buffer }: Encoder) => compressSync(buffer),
      decompress: async (buffer: Buffer) => decompressSync(buffer),
    });
  }
}

/** A kafkajs client; what kafkajs logs as an error goes to the hook. */
export function kafkajsClient({ settings, hooks }: LogContext): KafkaClient {
  registerCodecs();
  const { brokers, clientId, tls, sasl, requestTimeoutMs, connectTimeoutMs } = settings;
  return new (library().Kafka)({
    clientId,
    brokers: [...brokers],
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 5 },
    logLevel: ERROR,
    logCreator: () => ({ namespace, log: { message, ...details } }) => {
      if (!NOISY.has(namespace)) hooks.onWarning(`kafkajs: ${message}`, { namespace, ...details });
    },
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism.toLowerCase(), username: sasl.username, password: sasl.password } as SASLOptions }),
    ...(tls === undefined ? {} : { ssl: { ...(tls.ca && { ca: [tls.ca] }), ...(tls.cert && { cert: tls.cert }), ...(tls.key && { key: tls.key }), ...(tls.servername !== undefined && { servername: tls.servername }), rejectUnauthorized: tls.rejectUnauthorized ?? true } }),
  });
}
