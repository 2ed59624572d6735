import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../domain/errors.ts';
import { lastLines, readFrom, sizeOf } from './log-file.ts';
import { isFree } from './ports.ts';
import { markerOf, signalProcess } from './processes.ts';
import type { Installation, JavaCall, Place, ServerKind } from './server-kind.ts';

const READY_POLL_MS = 50;
const READY_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 60_000;
const PORT_TIMEOUT_MS = 10_000;
/** More than any server writes until it serves. */
const LOG_OF_START_BYTES = 4 * 1024 * 1024;

/** `suspended`: SIGSTOP was sent. `died`: ended without being asked to. */
export type ServerState = 'starting' | 'ready' | 'suspended' | 'stopped' | 'died';

/** A server as a JVM process, with its settings and data in a folder; can be ended and started again. */
export class ServerProcess {
  readonly kind: ServerKind;
  readonly place: Place;
  readonly logFile: string;
  state: ServerState = 'stopped';
  readonly #stackFolder: string;
  readonly #installation: Installation;
  readonly #extraJvm: readonly string[];
  readonly #onDeath: (server: ServerProcess) => void;
  #child: ChildProcess | null = null;
  #logStart = 0;

  constructor(kind: ServerKind, place: Place, installation: Installation, options: { stackFolder: string; extraJvm: readonly string[]; onDeath: (server: ServerProcess) => void }) {
    this.kind = kind;
    this.place = place;
    this.logFile = join(place.folder, 'server.log');
    this.#installation = installation;
    this.#stackFolder = options.stackFolder;
    this.#extraJvm = options.extraJvm;
    this.#onDeath = options.onDeath;
  }

  get pid(): number | null { return this.#child?.pid ?? null; }
  get port(): number { return this.place.ports[0] ?? 0; }
  /** What clients are given. */
  get address(): string { return this.kind.address(this.port); }

  /** Writes settings and formats the data folder: once in the life of a server. */
  async prepare(): Promise<void> {
    mkdirSync(join(this.place.folder, 'tmp'), { recursive: true });
    await this.kind.prepare(this.place, this.#installation);
    const format = this.kind.format?.(this.place, this.#installation);
    if (format === undefined) return;
    const child = this.#spawn(format, []);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new SluiceError('STACK_FAILED', `${this.place.name} could not be prepared:\n${this.tail()}`);
  }

  /** Starts the process and resolves when it serves; rejects when it ends before, or is not ready in two minutes. */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#awaitPorts();
    this.state = 'starting';
    const child = this.#spawn(this.kind.launch(this.place, this.#installation), this.#extraJvm);
    this.#child = child;
    child.once('exit', () => this.#ended());
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.kind.isReady(this.place, readFrom(this.logFile, this.#logStart, LOG_OF_START_BYTES)))) {
      signal?.throwIfAborted();
      if (this.#child !== child) throw new SluiceError('STACK_FAILED', `${this.place.name} ended while it started:\n${this.tail()}`);
      if (performance.now() > deadline) throw new SluiceError('STACK_FAILED', `${this.place.name} did not get ready within ${READY_TIMEOUT_MS / 1_000} s:\n${this.tail()}`);
      await sleep(READY_POLL_MS);
    }
    this.state = 'ready';
  }

  /** Sends a signal; SIGSTOP and SIGCONT show in the state, a deadly one is waited for. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const ended = signal === 'SIGKILL' ? once(child, 'exit') : null;
    signalProcess(child.pid, signal);
    if (signal === 'SIGSTOP') this.state = 'suspended';
    else if (signal === 'SIGCONT') this.state = 'ready';
    await ended;
  }

  /** Ends the process in good order; kills it when that takes too long. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.state = 'stopped';
    const ended = once(child, 'exit');
    signalProcess(child.pid, 'SIGTERM');
    signalProcess(child.pid, 'SIGCONT');
    const patience = new AbortController();
    const impatience = sleep(STOP_TIMEOUT_MS, undefined, { signal: patience.signal }).then(() => signalProcess(child.pid ?? 0, 'SIGKILL'), () => false);
    await ended;
    patience.abort();
    await impatience;
  }

  /** Ends the process at once, as a planned end. */
  async destroy(): Promise<void> {
    this.state = 'stopped';
    await this.kill('SIGKILL');
  }

  /** The last lines of the log. */
  tail(lines = 20): string {
    return lastLines(this.logFile, lines);
  }

  #ended(): void {
    this.#child = null;
    if (this.state === 'stopped') return;
    const wasServing = this.state !== 'starting';
    this.state = 'died';
    if (wasServing) this.#onDeath(this);
  }

  // The port of a server that just ended can be held for a moment longer.
  async #awaitPorts(): Promise<void> {
    const deadline = performance.now() + PORT_TIMEOUT_MS;
    for (const port of this.place.ports) {
      while (!(await isFree(port))) {
        if (performance.now() > deadline) throw new SluiceError('STACK_FAILED', `${this.place.name} cannot start: port ${port} of 127.0.0.1 is taken by another process.`);
        await sleep(READY_POLL_MS);
      }
    }
  }

  #spawn(call: JavaCall, extraJvm: readonly string[]): ChildProcess {
    const { folder } = this.place;
    const common = [markerOf(this.#stackFolder), `-Djava.io.tmpdir=${join(folder, 'tmp')}`, '-XX:-UsePerfData', '-XX:+ExitOnOutOfMemoryError', `-XX:ErrorFile=${join(folder, 'crash.log')}`];
    const args = [...call.jvm, ...common, ...extraJvm, '-cp', call.classPath.join(':'), call.main, ...call.arguments];
    this.#logStart = sizeOf(this.logFile);
    const log = openSync(this.logFile, 'a');
    try {
      // A group of its own: Ctrl-C in the terminal is for the owner, who may still drain into the servers.
      return spawn(join(this.#installation.jdk.home, 'bin/java'), args, { cwd: folder, detached: true, stdio: ['ignore', log, log] });
    } finally {
      closeSync(log);
    }
  }
}
