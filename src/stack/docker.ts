import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { SluiceError } from '../domain/errors.ts';

const run = promisify(execFile);
const COMPOSE_FILE = join(import.meta.dirname, '../../docker-compose.yml');
const PROBE_TIMEOUT_MS = 20_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;

/** Whether a Docker engine answers and the client has `compose`. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: PROBE_TIMEOUT_MS });
    await run('docker', ['compose', 'version'], { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    // No client, no engine, no permission, or a client without compose: the JVM way is open.
    return false;
  }
}

/** Name of the compose project of a stack folder. */
export function projectOf(folder: string): string {
  return `sluice-${createHash('sha256').update(folder).digest('hex').slice(0, 10)}`;
}

/** `docker compose` on one project. */
export class Compose {
  readonly project: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** `ports`: host port of each service. */
  constructor(project: string, ports: ReadonlyMap<string, number>) {
    this.project = project;
    this.#environment = { ...process.env, ...Object.fromEntries([...ports].map(([service, port]) => [portVariableOf(service), String(port)])) };
  }

  /** Runs one sub-command to its end; rejects with what it said. */
  async run(args: readonly string[], signal?: AbortSignal): Promise<string> {
    try {
      const { stdout } = await run('docker', this.#args(args), { env: this.#environment, maxBuffer: OUTPUT_BYTES, ...(signal && { signal }) });
      return stdout;
    } catch (cause) {
      signal?.throwIfAborted();
      const said = (cause as { stderr?: string }).stderr?.trim() ?? '';
      throw new SluiceError('STACK_FAILED', `"docker compose ${args.join(' ')}" failed: ${said}`, { cause });
    }
  }

  /** Services whose container ends from now on, until the returned process is killed. */
  watchDeaths(onDeath: (service: string) => void): ChildProcess {
    const child = spawn('docker', this.#args(['events', '--json']), { env: this.#environment, stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = parseEvent(line);
      if (event?.action === 'die' && event.service !== undefined) onDeath(event.service);
    });
    return child;
  }

  /** Appends a service's output to an open file until its container ends. */
  followLog(service: string, file: number): ChildProcess {
    const child = spawn('docker', this.#args(['logs', '--follow', '--no-color', '--no-log-prefix', service]), { env: this.#environment, stdio: ['ignore', file, file] });
    child.on('error', () => undefined);
    return child;
  }

  #args(args: readonly string[]): string[] {
    return ['compose', '--project-name', this.project, '--file', COMPOSE_FILE, '--profile', '*', ...args];
  }
}

/** The variable of docker-compose.yml that holds the host port of a service: `kafka-west` → `KAFKA_WEST_PORT`. */
export function portVariableOf(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_PORT`;
}

function parseEvent(line: string): { action?: string; service?: string } | undefined {
  try {
    return JSON.parse(line) as { action?: string; service?: string };
  } catch {
    // A line that is no event, such as a warning.
    return undefined;
  }
}
