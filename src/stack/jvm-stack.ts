import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';
import { aheadOfTimeFlags } from './ahead-of-time.ts';
import { install } from './installation.ts';
import { findJdk } from './java.ts';
import { endpointsOf, type Instance } from './layout.ts';
import { takeOwnership, type Ownership } from './ownership.ts';
import { freePorts } from './ports.ts';
import type { Report } from './progress.ts';
import type { Installation, ProxiedDoor, ServerKind } from './server-kind.ts';
import { ServerProcess } from './server-process.ts';
import type { Endpoints, RunningServer, ServerDeath, Stack, StackOptions } from './stack.ts';

/** A port found free can be taken before the server has it. */
const START_ATTEMPTS = 3;
const PORT_TAKEN = /Address already in use|BindException|is taken by another process/;

/** Runs the servers as JVM processes from Maven's jars, in a folder that this process owns. */
export async function startJvmStack(folder: string, instances: readonly Instance[], options: StackOptions): Promise<Stack> {
  const ownership = await takeOwnership(folder);
  const stack = new JvmStack(folder, ownership);
  try {
    await stack.bringUp(instances, options);
    return stack;
  } catch (error) {
    await stack.down();
    throw error;
  }
}

/** What servers of one kind are started with. */
interface Equipment {
  readonly installation: Installation;
  readonly flags: readonly string[];
  readonly proxied?: ProxiedDoor | undefined;
}

class JvmStack implements Stack {
  readonly folder: string;
  readonly #ownership: Ownership;
  readonly #servers = new Map<string, ServerProcess>();
  readonly #listeners: ((death: ServerDeath) => void)[] = [];
  #down: Promise<void> | null = null;

  constructor(folder: string, ownership: Ownership) {
    this.folder = folder;
    this.#ownership = ownership;
  }

  get endpoints(): Endpoints {
    return endpointsOf(new Map(this.servers.map(({ name, url }) => [name, url])));
  }

  get servers(): readonly RunningServer[] {
    return [...this.#servers.values()].map(describe);
  }

  onExit(listener: (death: ServerDeath) => void): void { this.#listeners.push(listener); }
  kill(name: string, signal: NodeJS.Signals): Promise<void> { return this.#server(name).kill(signal); }
  stop(name: string): Promise<void> { return this.#server(name).stop(); }
  start(name: string): Promise<void> { return this.#server(name).start(); }

  down(): Promise<void> {
    this.#down ??= this.#tearDown();
    return this.#down;
  }

  async bringUp(instances: readonly Instance[], { onProgress, signal, proxied }: StackOptions): Promise<void> {
    const reportFor = (server: string): Report => (text) => onProgress?.({ server, text });
    const equipment = await this.#equip(instances, reportFor, signal);
    await allOrFirstFailure(instances.map((instance) => {
      const equipped = equipment.get(instance.kind);
      if (equipped === undefined) throw new SluiceError('BUG', `${instance.name} was not installed.`);
      return this.#bringUpOne(instance, { ...equipped, proxied: proxied?.[instance.name] }, reportFor(instance.name), signal);
    }));
  }

  // Maven works for one kind after the other; a kind that is installed is trained meanwhile.
  async #equip(instances: readonly Instance[], reportFor: (server: string) => Report, signal?: AbortSignal): Promise<Map<ServerKind, Equipment>> {
    const jdk = findJdk();
    const pending: Promise<[ServerKind, Equipment]>[] = [];
    try {
      for (const kind of new Set(instances.map((instance) => instance.kind))) {
        const report = reportFor(kind.kind);
        const installation = await install(kind, jdk, report, signal);
        const training: Instance = { name: `training-${kind.kind}`, region: 'training', kind };
        const flags = aheadOfTimeFlags(installation, (recording) => this.#make(training, { installation, flags: recording }), report, signal);
        pending.push(flags.then((found) => [kind, { installation, flags: found }]));
      }
    } finally {
      await Promise.allSettled(pending);
    }
    return new Map(await Promise.all(pending));
  }

  async #bringUpOne(instance: Instance, equipment: Equipment, report: Report, signal?: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const server = await this.#make(instance, equipment);
      this.#servers.set(instance.name, server);
      try {
        report('starts');
        await server.prepare();
        await server.start(signal);
        report(`ready on ${server.address}`);
        return;
      } catch (error) {
        await server.destroy();
        if (attempt === START_ATTEMPTS || !(error instanceof Error) || !PORT_TAKEN.test(error.message)) throw error;
        report('its port was taken meanwhile: tries another');
      }
    }
  }

  async #make({ name, region, kind }: Instance, { installation, flags, proxied }: Equipment): Promise<ServerProcess> {
    const folder = join(this.folder, name);
    rmSync(folder, { recursive: true, force: true });
    const place = { name, region, folder, ports: await freePorts(kind.ports.length), ...(proxied === undefined ? {} : { proxied }) };
    return new ServerProcess(kind, place, installation, { stackFolder: this.folder, extraJvm: flags, onDeath: (dead) => this.#tell(dead) });
  }

  async #tearDown(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.destroy()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    await this.#ownership.release();
  }

  #tell(server: ServerProcess): void {
    for (const listener of this.#listeners) listener({ name: server.place.name, log: server.tail() });
  }

  #server(name: string): ServerProcess {
    const server = this.#servers.get(name);
    if (server === undefined) throw new SluiceError('USAGE', `There is no server "${name}" in this stack: it has ${[...this.#servers.keys()].join(', ')}.`);
    return server;
  }
}

async function allOrFirstFailure(attempts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(attempts)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function describe({ place, kind, state, pid, port, address, logFile }: ServerProcess): RunningServer {
  return { name: place.name, kind: kind.kind, state, pid, port, url: address, logFile };
}
