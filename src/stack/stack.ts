import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';
import { dockerAnswers } from './docker.ts';
import { startDockerStack } from './docker-stack.ts';
import { givenStack } from './given-stack.ts';
import { startJvmStack } from './jvm-stack.ts';
import type { Extra } from './layout.ts';
import { instancesOf } from './layout.ts';
import type { StackProgress } from './progress.ts';
import type { ProxiedDoor } from './server-kind.ts';
import type { ServerState } from './server-process.ts';

/** Where the clients of a stack connect to. */
export interface Endpoints {
  readonly source: { readonly brokers: string[] };
  readonly regions: Readonly<Record<string, { readonly kafka: { readonly brokers: string[] }; readonly elasticsearch: { readonly nodes: string[] } }>>;
  /** Where the stack has one. */
  readonly objectStore?: { readonly endpoint: string; readonly bucket: string; readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** One server as it stands now. */
export interface RunningServer {
  readonly name: string;
  readonly kind: string;
  readonly state: ServerState;
  /** Null while it does not run, and where a container engine runs it. */
  readonly pid: number | null;
  readonly port: number;
  /** What clients are given: `host:port` for Kafka, a URL for the others. */
  readonly url: string;
  readonly logFile: string;
}

/** A server that ended without being asked to. */
export interface ServerDeath {
  readonly name: string;
  /** Last lines of its log. */
  readonly log: string;
}

/** Running servers. Server names are `kafka-west`, `kafka-east`, `elasticsearch-west`, `elasticsearch-east` and, if asked for, `kafka-source` and `object-store`. */
export interface Stack {
  readonly folder: string;
  readonly endpoints: Endpoints;
  /** The servers as they stand now; empty when the endpoints were given. */
  readonly servers: readonly RunningServer[];
  /** Tells of every server that dies (SIGKILL from `kill` included, `stop` not). */
  onExit(listener: (death: ServerDeath) => void): void;
  /** Sends a signal, such as SIGKILL, SIGSTOP, SIGCONT; resolves after SIGKILL when the server is gone. */
  kill(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Ends a server in good order; its data stays. */
  stop(name: string): Promise<void>;
  /** Starts a server that was stopped or has died, on the same port and data; resolves when it serves. */
  start(name: string): Promise<void>;
  /** Ends every server and removes the folder. Safe to call twice. */
  down(): Promise<void>;
}

export interface StackOptions {
  /** Folder of settings, data and logs: vanishes with the stack. Default: one of its own under `.sluice/run`. */
  readonly folder?: string;
  /** Servers beside the default four. */
  readonly with?: readonly Extra[];
  /** Only these servers, by name. */
  readonly only?: readonly string[];
  /** Addresses of running servers: used as they are, nothing is started. */
  readonly given?: Endpoints;
  /** Kafka servers, by name, that clients may also reach through a proxy. */
  readonly proxied?: Readonly<Record<string, ProxiedDoor>>;
  readonly onProgress?: (progress: StackProgress) => void;
  /** Ends a start that is under way; what was started is stopped. */
  readonly signal?: AbortSignal;
}

/** Brings up the servers side by side and resolves when all serve. When this process dies, in whatever way, they die with it. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = resolve(options.folder ?? join('.sluice', 'run', `${process.pid}-${randomBytes(3).toString('hex')}`));
  if (options.given !== undefined) return givenStack(folder, options.given);
  const instances = instancesOf(options.with ?? [], options.only);
  return (await wantsDocker()) ? startDockerStack(folder, instances, options) : startJvmStack(folder, instances, options);
}

/** SLUICE_STACK says `docker` or `jvm`; else Docker where its engine answers. */
async function wantsDocker(): Promise<boolean> {
  const wanted = process.env['SLUICE_STACK'];
  if (wanted === undefined) return dockerAnswers();
  if (wanted !== 'docker' && wanted !== 'jvm') throw new SluiceError('USAGE', `SLUICE_STACK is "${wanted}": it must be docker or jvm.`);
  return wanted === 'docker';
}
