import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { SluiceError } from '../domain/errors.ts';
import { Compose, projectOf } from './docker.ts';
import { endpointsOf, type Instance } from './layout.ts';
import { lastLines } from './log-file.ts';
import { takeOwnership, type Ownership } from './ownership.ts';
import { freePorts } from './ports.ts';
import type { ServerState } from './server-process.ts';
import type { Endpoints, RunningServer, ServerDeath, Stack, StackOptions } from './stack.ts';

const START_ATTEMPTS = 3;
const READY_TIMEOUT_S = '300';
const DEATH_LINES = 20;
const PORT_TAKEN = /port is already allocated|address already in use/i;

/** Runs the servers as containers of docker-compose.yml, in a project that this process owns. */
export async function startDockerStack(folder: string, instances: readonly Instance[], options: StackOptions): Promise<Stack> {
  const project = projectOf(folder);
  const ownership = await takeOwnership(folder, project);
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(instances.length);
    const stack = new DockerStack(folder, ownership, project, new Map(instances.map((instance, at) => [instance, ports[at] ?? 0])));
    try {
      await stack.bringUp(options);
      return stack;
    } catch (error) {
      const again = attempt < START_ATTEMPTS && error instanceof Error && PORT_TAKEN.test(error.message);
      await (again ? stack.removeContainers() : stack.down());
      if (!again) throw error;
    }
  }
}

interface Container {
  readonly instance: Instance;
  readonly port: number;
  readonly logFile: string;
  state: ServerState;
}

class DockerStack implements Stack {
  readonly folder: string;
  readonly #ownership: Ownership;
  readonly #compose: Compose;
  readonly #containers: Map<string, Container>;
  readonly #listeners: ((death: ServerDeath) => void)[] = [];
  #followers: ChildProcess[] = [];
  #down: Promise<void> | null = null;

  constructor(folder: string, ownership: Ownership, project: string, ports: ReadonlyMap<Instance, number>) {
    this.folder = folder;
    this.#ownership = ownership;
    this.#containers = new Map([...ports].map(([instance, port]) => [instance.name, { instance, port, logFile: join(folder, `${instance.name}.log`), state: 'starting' }]));
    this.#compose = new Compose(project, new Map([...ports].map(([{ name }, port]) => [name, port])));
  }

  get endpoints(): Endpoints {
    return endpointsOf(new Map(this.servers.map(({ name, url }) => [name, url])));
  }

  get servers(): readonly RunningServer[] {
    return [...this.#containers.values()].map(({ instance: { name, kind }, port, logFile, state }) => ({ name, kind: kind.kind, state, pid: null, port, url: kind.address(port), logFile }));
  }

  onExit(listener: (death: ServerDeath) => void): void { this.#listeners.push(listener); }

  async bringUp({ onProgress, signal }: StackOptions): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const names = [...this.#containers.keys()];
    onProgress?.({ server: null, text: `Docker starts ${names.join(', ')}` });
    await this.#compose.run(['up', '--detach', '--wait', '--wait-timeout', READY_TIMEOUT_S, ...names], signal);
    this.#followers.push(this.#compose.watchDeaths((service) => this.#died(service)));
    for (const container of this.#containers.values()) {
      this.#serves(container);
      onProgress?.({ server: container.instance.name, text: `ready on ${container.instance.kind.address(container.port)}` });
    }
  }

  /** A stopped process cannot be told apart from its init by a signal, so SIGSTOP and SIGCONT freeze and thaw the container. */
  async kill(name: string, signal: NodeJS.Signals): Promise<void> {
    const container = this.#container(name);
    if (signal === 'SIGSTOP') {
      await this.#compose.run(['pause', name]);
      container.state = 'suspended';
    } else if (signal === 'SIGCONT') {
      await this.#compose.run(['unpause', name]);
      container.state = 'ready';
    } else {
      await this.#compose.run(['kill', '--signal', signal, name]);
    }
  }

  async stop(name: string): Promise<void> {
    this.#container(name).state = 'stopped';
    await this.#compose.run(['stop', name]);
  }

  async start(name: string): Promise<void> {
    const container = this.#container(name);
    container.state = 'starting';
    await this.#compose.run(['up', '--detach', '--no-recreate', '--wait', '--wait-timeout', READY_TIMEOUT_S, name]);
    this.#serves(container);
  }

  down(): Promise<void> {
    this.#down ??= this.#tearDown();
    return this.#down;
  }

  async removeContainers(): Promise<void> {
    for (const container of this.#containers.values()) container.state = 'stopped';
    for (const follower of this.#followers) follower.kill();
    this.#followers = [];
    await this.#compose.run(['down', '--volumes', '--timeout', '0']);
  }

  async #tearDown(): Promise<void> {
    try {
      await this.removeContainers();
    } finally {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
      await this.#ownership.release();
    }
  }

  #serves(container: Container): void {
    container.state = 'ready';
    writeFileSync(container.logFile, '');
    const file = openSync(container.logFile, 'a');
    this.#followers.push(this.#compose.followLog(container.instance.name, file));
    closeSync(file);
  }

  #died(service: string): void {
    const container = this.#containers.get(service);
    if (container === undefined || container.state === 'stopped') return;
    container.state = 'died';
    for (const listener of this.#listeners) listener({ name: service, log: lastLines(container.logFile, DEATH_LINES) });
  }

  #container(name: string): Container {
    const container = this.#containers.get(name);
    if (container === undefined) throw new SluiceError('USAGE', `There is no server "${name}" in this stack: it has ${[...this.#containers.keys()].join(', ')}.`);
    return container;
  }
}
