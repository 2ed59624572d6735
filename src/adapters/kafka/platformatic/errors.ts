import { AuthenticationError, findErrorBy, type ProtocolError } from '@platformatic/kafka';
import { type ErrorCode, messageOf, SluiceError } from '../../../domain/errors.ts';

const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];
const FENCED = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];
const REFUSED = [
  'TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_TOPIC_EXCEPTION', 'INVALID_PARTITIONS', 'INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'POLICY_VIOLATION', 'UNSUPPORTED_VERSION', 'INVALID_GROUP_ID', 'INVALID_SESSION_TIMEOUT', 'NON_EMPTY_GROUP',
];
const COORDINATOR_MOVED = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'];

/** True where the library's error, or one inside it, is the broker's error of that name. */
export function isProtocolError(error: unknown, ...names: readonly string[]): boolean {
  return names.some((name) => error instanceof Error && findErrorBy<ProtocolError>(error, 'apiId', name) !== null);
}

/** The group has gone on without this member. */
export function isFenced(error: unknown): boolean {
  return isProtocolError(error, ...FENCED);
}

export function isRebalancing(error: unknown): boolean {
  return isProtocolError(error, 'REBALANCE_IN_PROGRESS');
}

export function isCoordinatorMoved(error: unknown): boolean {
  return isProtocolError(error, ...COORDINATOR_MOVED);
}

export function isTooLarge(error: unknown): boolean {
  return isProtocolError(error, ...TOO_LARGE);
}

/** The library's error as ours: what can be tried again is `KAFKA_UNAVAILABLE`. */
export function asSluiceError(error: unknown, what: string, details: Record<string, unknown> = {}): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError(codeOf(error), `${what}: ${reasonOf(error)}`, { cause: error, details });
}

/** What the library's error means to us. */
export function codeOf(error: unknown): ErrorCode {
  if (isTooLarge(error)) return 'KAFKA_RECORD_TOO_LARGE';
  if (isFenced(error)) return 'KAFKA_FENCED';
  if (isProtocolError(error, 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID') || isUnknownTopic(error)) return 'KAFKA_UNKNOWN_TOPIC';
  if (isProtocolError(error, ...REFUSED) || (error instanceof Error && findErrorBy(error, 'code', AuthenticationError.code) !== null)) return 'KAFKA_REFUSED';
  return 'KAFKA_UNAVAILABLE';
}

/** The library turns the protocol error of its metadata calls into a plain message. */
function isUnknownTopic(error: unknown): boolean {
  return messagesOf(error).some((message) => /^Unknown topic /.test(message));
}

/** The innermost message says the most: the outer ones count attempts. */
function reasonOf(error: unknown): string {
  return messagesOf(error).at(-1) ?? messageOf(error);
}

const MAX_DEPTH = 8;

function messagesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > MAX_DEPTH) return [];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]).at(-1) : error.cause;
  return [error.message, ...messagesOf(inner, depth + 1)].filter((message) => message !== '');
}
