import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SURROUNDINGS_ENV, type AllSurroundings } from './surroundings.ts';

const HOOK = new URL('./surroundings-hook.ts', import.meta.url).href;
const SLUICE = fileURLToPath(new URL('../../src/main/sluice.ts', import.meta.url));
const STOP_GRACE_MS = 30_000;
const READY_MS = 20_000;

/** How members are started: the same for all of a run. */
export interface MemberSetting {
  readonly configFile: string;
  readonly logFolder: string;
  /** Options for Node, before the program. */
  readonly nodeOptions: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly surroundings: AllSurroundings;
}

/** One `sluice` process of the run: started, killed, stopped and started again at will. It drains when this process vanishes. */
export class Member {
  readonly name: string;
  readonly #group: string;
  readonly #args: readonly string[];
  readonly #setting: MemberSetting;
  readonly #onDeath: (name: string, how: string) => void;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #wanted = false;
  #ready: Promise<void> = Promise.resolve();

  /** `onDeath` is told of every end that was not asked for here. */
  constructor(name: string, group: string, args: readonly string[], setting: MemberSetting, onDeath: (name: string, how: string) => void) {
    this.name = name;
    this.#group = group;
    this.#args = args;
    this.#setting = setting;
    this.#onDeath = onDeath;
  }

  get pid(): number | null { return this.#child?.pid ?? null; }

  /** Safe to call while it runs. */
  start(): void {
    if (this.#child !== null) return;
    const { configFile, logFolder, nodeOptions, env, surroundings } = this.#setting;
    mkdirSync(logFolder, { recursive: true });
    const log = openSync(join(logFolder, `${this.name}.log`), 'a');
    const child = spawn(process.execPath, ['--import', HOOK, ...nodeOptions, SLUICE, ...this.#args, '--config', configFile], {
      stdio: ['ignore', log, log, 'ipc'], detached: true, env: { ...process.env, ...env, SLUICE__HOST__ID: this.name, [SURROUNDINGS_ENV]: surroundings.fileOf(this.#group) },
    });
    closeSync(log);
    this.#child = child;
    this.#wanted = true;
    this.#ready = new Promise((resolve) => {
      child.once('message', () => resolve());
      child.once('exit', () => resolve());
      setTimeout(resolve, READY_MS).unref();
    });
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => this.#onDeath(this.name, error.message));
      child.once('exit', (code, signal) => {
        this.#child = null;
        if (this.#wanted) this.#onDeath(this.name, signal ?? `exit code ${code}`);
        resolve();
      });
    });
  }

  /** Resolves when it says that it runs, has ended, or takes too long. */
  get ready(): Promise<void> { return this.#ready; }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL where it takes too long. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#child?.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_GRACE_MS);
    await this.#ended;
    clearTimeout(impatience);
  }

  suspend(): void { this.#child?.kill('SIGSTOP'); }
  proceed(): void { this.#child?.kill('SIGCONT'); }
}
