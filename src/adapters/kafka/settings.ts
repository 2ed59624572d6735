/** One Kafka cluster and how to reach it. Files are read by the caller and given as PEM bytes. */
export interface KafkaSettings {
  readonly client: 'platformatic' | 'kafkajs';
  /** `host:port` of some brokers; the others are discovered. */
  readonly brokers: readonly string[];
  /** Name of this program in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How often new partitions are looked for, ms; 30 s when absent. */
  readonly metadataRefreshMs?: number;
}

export const METADATA_REFRESH_MS = 30_000;

export interface KafkaTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Name to verify when it differs from the host. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** Told what an operator should know although the program goes on: records lost to retention, reconnects, rejoins. */
export interface KafkaHooks {
  onWarning(message: string, details: Record<string, unknown>): void;
}
