import { type ErrorCode, messageOf, SluiceError } from '../../../domain/errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  MESSAGE_TOO_LARGE: 'KAFKA_RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'KAFKA_RECORD_TOO_LARGE',
  ILLEGAL_GENERATION: 'KAFKA_FENCED',
  UNKNOWN_MEMBER_ID: 'KAFKA_FENCED',
  REBALANCE_IN_PROGRESS: 'KAFKA_FENCED',
  UNKNOWN_TOPIC_OR_PARTITION: 'KAFKA_UNKNOWN_TOPIC',
  TOPIC_AUTHORIZATION_FAILED: 'KAFKA_REFUSED',
  GROUP_AUTHORIZATION_FAILED: 'KAFKA_REFUSED',
  CLUSTER_AUTHORIZATION_FAILED: 'KAFKA_REFUSED',
  SASL_AUTHENTICATION_FAILED: 'KAFKA_REFUSED',
  INVALID_TOPIC_EXCEPTION: 'KAFKA_REFUSED',
  INVALID_REPLICATION_FACTOR: 'KAFKA_REFUSED',
  INVALID_PARTITIONS: 'KAFKA_REFUSED',
  INVALID_CONFIG: 'KAFKA_REFUSED',
  POLICY_VIOLATION: 'KAFKA_REFUSED',
};
const MAX_DEPTH = 8;

export function isTooLarge(error: unknown): boolean {
  return codeOf(error) === 'KAFKA_RECORD_TOO_LARGE';
}

/** kafkajs' error as ours: what can be tried again is `KAFKA_UNAVAILABLE`. */
export function asSluiceError(error: unknown, what: string, details: Record<string, unknown> = {}): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError(codeOf(error), `${what}: ${messageOf(error)}`, { cause: error, details });
}

/** The protocol's name for the error stands on it, on its cause, or on the first of several. */
function codeOf(error: unknown, depth = 0): ErrorCode {
  if (!(error instanceof Error) || depth > MAX_DEPTH) return 'KAFKA_UNAVAILABLE';
  if (error.name === 'KafkaJSSASLAuthenticationError') return 'KAFKA_REFUSED';
  const { type, errors } = error as { type?: string; errors?: unknown[] };
  return CODES[type ?? ''] ?? codeOf(error.cause ?? errors?.[0], depth + 1);
}
