import { createRequire } from 'node:module';
import { pino, type DestinationStream, type Logger } from 'pino';
import type * as PinoPretty from 'pino-pretty';
import { redact, redactText } from '../domain/errors.ts';

export interface LogOptions {
  readonly level: string;
  /** What runs: `ingest`, `processor`, …. */
  readonly service: string;
  readonly host: string;
  readonly hostGroup: string;
  readonly lane?: string;
  /** Where lines go; standard error when absent, readable there when it is a terminal. */
  readonly to?: DestinationStream;
}

const require = createRequire(import.meta.url);
const MAX_CAUSES = 5;
/** Children's own fields pass no formatter in pino: for them these paths do the same. */
const SECRETS = ['password', 'apiKey', 'token', 'secret', 'authorization'].flatMap((name) => [name, `*.${name}`]);

/** JSON lines with time, level, service, host, host_group and lane; secrets are redacted wherever they stand. */
export function createLog(options: LogOptions): Logger {
  const base = { service: options.service, host: options.host, host_group: options.hostGroup, ...(options.lane === undefined ? {} : { lane: options.lane }) };
  return pino({
    level: options.level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), bindings: clean, log: clean },
    serializers: { err: (value: unknown) => value },
    redact: { paths: SECRETS, censor: '[redacted]' },
    hooks: { logMethod(args, method) { method.apply(this, args.map(cleanArgument) as typeof args); } },
  }, options.to ?? standardError());
}

/** Errors become data (message, code, stack, causes); everything else is copied with its secrets redacted. */
function clean(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([key, inner]) => {
    if (inner instanceof Error) return [key, describeError(inner, MAX_CAUSES)];
    return [key, (redact({ [key]: inner }) as Record<string, unknown>)[key]];
  }));
}

function cleanArgument(argument: unknown): unknown {
  if (typeof argument === 'string') return redactText(argument);
  return argument instanceof Error ? { err: argument, msg: redactText(argument.message) } : argument;
}

function describeError(error: Error, causes: number): Record<string, unknown> {
  const { code, details, cause } = error as Error & { readonly code?: unknown; readonly details?: unknown; readonly cause?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details: redact(details) }),
    stack: redactText(error.stack ?? ''),
    ...(cause instanceof Error && causes > 0 ? { cause: describeError(cause, causes - 1) } : {}),
  };
}

function standardError(): DestinationStream {
  if (!process.stderr.isTTY) return pino.destination({ fd: 2, sync: true });
  const { build } = require('pino-pretty') as typeof PinoPretty; // not read where nobody looks
  return build({ destination: 2, sync: true, colorize: process.env['NO_COLOR'] === undefined, ignore: 'pid,hostname,host,host_group,service', translateTime: 'HH:MM:ss.l' });
}
